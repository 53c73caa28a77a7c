# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests that a step of a rollout applies: not less than before, and in a canary a share of the new. Pure.

A canary is the workload's own rolling update, held by means that Kubernetes has: a StatefulSet by its partition; a
Deployment by `minReadySeconds` of many days, so that its first new pods, surged over the old ones and serving as soon
as they are ready, are never counted as available, and nothing old is replaced until the hold is taken away. So there
is no second object that selectors, autoscalers and budgets would have to know, and a dead play leaves a canary held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .._kube.health import Health, State
from .._kube.health_terms import HEALTHY, count_of, is_observed, mapping_at, not_observed, progressing, wanted_of
from .identity import Identity, Manifest, identify
from .verify import Judge
from .waves import Amount
from .workloads import pod_template

HOLD = 30 * 24 * 3600
"""Seconds that a Deployment's canary stays held if nobody comes back to it."""

DEPLOYMENT, STATEFUL_SET = ("apps", "Deployment"), ("apps", "StatefulSet")


@dataclass(frozen=True, slots=True)
class StepManifests:
    """What one cluster gets in one step."""

    wanted: tuple[Manifest, ...]
    canaries: Mapping[Identity, int]
    """Workloads of which only so many new pods are to come."""
    whole: tuple[Identity, ...] = ()
    """Workloads that can't be tried by a share, and so wait for the step after."""


def without_shrinking(
    manifests: Collection[Manifest], previous: Mapping[Identity, Manifest], growing: Collection[Identity]
) -> tuple[Manifest, ...]:
    """The manifests of a cluster in which nothing that grows elsewhere has less replicas than before."""
    return tuple(_at_least(manifest, previous.get(identify(manifest)), growing) for manifest in manifests)


def canary_manifests(
    manifests: Collection[Manifest],
    previous: Mapping[Identity, Manifest],
    live: Mapping[Identity, Manifest],
    share: Amount,
) -> StepManifests:
    """What a cluster gets in the canary step.

    :param previous: what the revision in force placed there.
    :param live: the workloads as they are there.
    """
    wanted: list[Manifest] = []
    canaries: dict[Identity, int] = {}
    whole: list[Identity] = []
    for manifest in manifests:
        identity = identify(manifest)
        before = previous.get(identity)
        if pod_template(manifest) is None:
            wanted.append(manifest)
        elif before is not None and _pods(before) == _pods(manifest):
            # No new version of it: replicas and the like follow with the rest.
            wanted.append(before)
        elif (held := _held(manifest, live.get(identity), share)) is not None:
            wanted.append(held[0])
            canaries[identity] = held[1]
        else:
            whole.append(identity)
            if before is not None:
                wanted.append(before)
    return StepManifests(tuple(wanted), canaries, tuple(whole))


def canary_health(obj: Manifest, judge: Judge) -> Health:
    """The health of an object that may be a Deployment that is held as a canary; of all others as ``judge`` says."""
    identity = identify(obj)
    spec = mapping_at(obj, "spec")
    if (identity.group, identity.kind) != DEPLOYMENT or spec.get("minReadySeconds") != HOLD:
        return judge(obj)
    if not is_observed(obj):
        return not_observed()
    own = judge(obj)
    if own.state is State.UNHEALTHY:
        return own
    new_pods = int(mapping_at(spec, "strategy", "rollingUpdate").get("maxSurge") or 0)
    updated, ready, total = (count_of(obj, field) for field in ("updatedReplicas", "readyReplicas", "replicas"))
    if updated < new_pods:
        return progressing("Canary", f"{updated} of {new_pods} new pods are there")
    if ready < total or total < wanted_of(obj):
        return progressing("Canary", f"{ready} of {total} pods are ready, {new_pods} of them new")
    return HEALTHY


def _held(manifest: Manifest, live: Manifest | None, share: Amount) -> tuple[Manifest, int] | None:
    """The manifest that brings only a share, and of how many pods; None when the workload knows no such thing."""
    identity = identify(manifest)
    kind = (identity.group, identity.kind)
    if kind not in (DEPLOYMENT, STATEFUL_SET):
        return None
    spec = manifest["spec"]
    if live is None:
        count = share.at_least(wanted_of(manifest)) if wanted_of(manifest) else 0
        return {**manifest, "spec": {**spec, "replicas": min(count, wanted_of(manifest))}}, count
    replicas = wanted_of(live)
    count = min(share.at_least(replicas), replicas) if replicas else 0
    if kind == STATEFUL_SET:
        strategy = spec.get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return None
        rolling = strategy.get("rollingUpdate") or {}
        partition = max(int(rolling.get("partition") or 0), replicas - count)
        update = {"type": "RollingUpdate", "rollingUpdate": {**rolling, "partition": partition}}
        return _as_now({**manifest, "spec": {**spec, "updateStrategy": update}}, live), count
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        return None
    held = {
        **spec,
        "minReadySeconds": HOLD,
        "progressDeadlineSeconds": HOLD + 600,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": count, "maxUnavailable": 0}},
    }
    return _as_now({**manifest, "spec": held}, live), count


def _as_now(manifest: Manifest, live: Manifest) -> Manifest:
    """With the replicas that it has: a canary changes what runs, not how much; what an autoscaler has stays its."""
    if "replicas" not in manifest["spec"]:
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": wanted_of(live)}}


def _at_least(manifest: Manifest, before: Manifest | None, growing: Collection[Identity]) -> Manifest:
    identity = identify(manifest)
    spec = manifest.get("spec")
    if before is None or identity not in growing or not isinstance(spec, dict) or "replicas" not in spec:
        return manifest
    had = wanted_of(before)
    return manifest if had <= spec["replicas"] else {**manifest, "spec": {**spec, "replicas": had}}


def _pods(manifest: Manifest) -> object:
    return pod_template(manifest)
