# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hub says of an application while and after it is delivered: status, revision states, PlacementDecision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .._registry.hub import Hub
from .._registry.names import DECISIONS, PROFILE_API_VERSION
from .application import PREFIX
from .execute import Guard
from .identity import Manifest
from .prepare import History, Prepared
from .promises import begun, written
from .record import UNFINISHED, WORKLOADS_SHOWN, write_status
from .revision import Head, RevisionState, claim, forget, mark
from .rollout import Rollout
from .verify import ClusterHealth

SLICE = 100
"""Decisions that one PlacementDecision holds at most."""


def announce(hub: Hub, prepared: Prepared, guard: Guard) -> None:
    """Write what is about to be done, before it is done."""
    guard.check()
    if prepared.is_new:
        claim(hub, prepared.spec.tenant, prepared.spec.name, prepared.revision)
    guard.check()
    write_status(hub, prepared.spec.tenant, prepared.spec.name, lambda before: _begun(before, prepared, guard.epoch))


def tell(hub: Hub, tenant: str, name: str, found: Mapping[str, ClusterHealth]) -> None:
    """Say in the hub what keeps clusters from being healthy, while they are still waited for."""

    def changed(before: Mapping[str, Any]) -> dict[str, Any]:
        clusters = dict(before.get("clusters") or {})
        for cluster, health in found.items():
            clusters[cluster] = {**(clusters.get(cluster) or {"workloads": {}}), "health": health.to_dict()}
        return {**before, "clusters": clusters}

    write_status(hub, tenant, name, changed)


def conclude(hub: Hub, prepared: Prepared, past: History, rollout: Rollout, guard: Guard, failure: str) -> None:
    """Write what was done."""
    tenant, name = prepared.spec.tenant, prepared.spec.name
    guard.check()
    publish_decision(hub, prepared)
    state = RevisionState.FAILED if failure else RevisionState.DEPLOYED
    mark(hub, tenant, name, prepared.revision.number, state)
    if not failure:
        _retire(hub, prepared, past, rollout)
    guard.check()
    write_status(hub, tenant, name, lambda before: _done(before, prepared, rollout, failure))


def publish_decision(hub: Hub, prepared: Prepared) -> None:
    """The decision as other tools read it; slices that are not needed any more go."""
    tenant, name = prepared.spec.tenant, prepared.spec.name
    clusters = prepared.decided.clusters
    slices = [clusters[start : start + SLICE] for start in range(0, len(clusters), SLICE)]
    found = {item["metadata"]["name"]: item for item in _published(hub, tenant, name)}
    for index, part in enumerate(slices):
        manifest = _slice(hub, prepared, index, part)
        before = found.pop(manifest["metadata"]["name"], None)
        if before is None:
            hub.session.create(DECISIONS, manifest)
        elif before.get("decisions") != manifest["decisions"]:
            hub.session.replace(DECISIONS, {**before, "decisions": manifest["decisions"]})
    for leftover in found:
        hub.session.delete(DECISIONS, leftover, tenant)


def withdraw_decision(hub: Hub, tenant: str, name: str) -> None:
    """Remove what was published."""
    for item in _published(hub, tenant, name):
        hub.session.delete(DECISIONS, item["metadata"]["name"], tenant)


def timestamp() -> str:
    """Now, as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(before: Mapping[str, Any], now: Mapping[str, tuple[str, str, str]]) -> list[dict[str, str]]:
    """Conditions whose transition time moves only when their status does."""
    known = {entry["type"]: entry for entry in before.get("conditions") or []}
    found = []
    for kind, (status, reason, message) in now.items():
        old = known.get(kind) or {}
        moment = old.get("lastTransitionTime") if old.get("status") == status else None
        found.append(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message[:1000],
                "lastTransitionTime": moment or timestamp(),
            }
        )
    return found


def _begun(before: Mapping[str, Any], prepared: Prepared, epoch: int) -> dict[str, Any]:
    stale = dict(before.get("stale") or {})
    for name, plan in prepared.plan.clusters.items():
        if plan.leaving:
            stale.setdefault(name, "its copies are to be removed")
    for name in prepared.evicted:
        stale[name] = "evicted: its copies are still to be removed"
    message = f"revision {prepared.revision.number} is being delivered"
    return {
        **before,
        **_superseded(before, message),
        "revision": prepared.revision.number,
        "phase": "Progressing",
        "epoch": epoch,
        "clusterNames": ",".join(prepared.decided.clusters),
        "clusters": {
            name: {**((before.get("clusters") or {}).get(name) or {}), "workloads": _workloads(prepared, name)}
            for name in prepared.decided.clusters
        },
        "stale": stale,
        "promises": begun(before, prepared.gains, timestamp()),
        "observedAffinity": prepared.decided.record.get("observedAffinity"),
        "conditions": conditions(before, {"Applied": ("Unknown", "Progressing", message)}),
    }


def _superseded(before: Mapping[str, Any], message: str) -> dict[str, Any]:
    """A rollout by steps that is overtaken by a delivery everywhere at once."""
    rollout = before.get("rollout") or {}
    if rollout.get("phase") not in UNFINISHED:
        return {}
    return {"rollout": {**rollout, "phase": "Superseded", "message": message, "touched": [], "request": ""}}


def _done(before: Mapping[str, Any], prepared: Prepared, rollout: Rollout, failure: str) -> dict[str, Any]:
    applied = "; ".join(str(errors[0]) for _name, errors in sorted(rollout.errors.items()))
    sick = sorted(name for name, found in rollout.health.items() if not found.healthy)
    clusters = {}
    for name in prepared.decided.clusters:
        health = rollout.health.get(name)
        plan = prepared.plan.clusters.get(name)
        unknown = str(plan.error or plan.waits)[:400] if plan is not None else ""
        clusters[name] = {
            "workloads": _workloads(prepared, name),
            "revision": prepared.revision.number,
            "health": health.to_dict() if health else {"state": "Unknown", "reasons": [unknown] if unknown else []},
        }
    status = {
        **before,
        "phase": "Failed" if failure else "Deployed",
        "clusters": clusters,
        "stale": _stale(before, prepared, rollout),
        "promises": written(before, timestamp()),
        "conditions": conditions(
            before,
            {
                "Applied": ("False", "Failed", applied) if applied else ("True", "Applied", ""),
                "Healthy": ("False", "Unhealthy", f"not healthy in {', '.join(sick[:20])}")
                if sick
                else ("True", "Healthy", ""),
            },
        ),
    }
    released = dict(status.pop("released", None) or {})
    plans = prepared.plan.clusters
    if any(name not in plans or plans[name].waits for name in released):
        status["released"] = {name: since for name, since in released.items() if name not in plans or plans[name].waits}
    if not failure:
        status["deployedRevision"] = prepared.revision.number
    return status


def _stale(before: Mapping[str, Any], prepared: Prepared, rollout: Rollout) -> dict[str, str]:
    """Clusters that are left but not clean."""
    found = {name: reason for name, reason in (before.get("stale") or {}).items() if name in prepared.evicted}
    for name, plan in prepared.plan.clusters.items():
        if not plan.leaving:
            continue
        run = rollout.runs.get(name)
        if plan.error is not None:
            found[name] = str(plan.error)[:400]
        elif run is None or run.errors:
            found[name] = str(run.errors[0])[:400] if run else "it was not looked at"
        elif run.postponed:
            found[name] = "its copies stay until the new ones are healthy"
        elif run.parent is not None:
            kept = sorted(identity.label for identity in run.parent.objects)
            found[name] = f"protected: {', '.join(kept[:5])}"
    return found


def _workloads(prepared: Prepared, cluster: str) -> dict[str, int]:
    found = {
        str(identity): counts[cluster]
        for identity, counts in sorted(prepared.revision.replicas.items())
        if cluster in counts
    }
    return dict(list(found.items())[:WORKLOADS_SHOWN])


def _retire(hub: Hub, prepared: Prepared, past: History, rollout: Rollout) -> None:
    """Older revisions are superseded, and beyond the limit they go; those in use never do."""
    tenant, name, number = prepared.spec.tenant, prepared.spec.name, prepared.revision.number
    older = [head for head in past.heads if head.number < number]
    for head in older:
        if head.state in (RevisionState.DEPLOYED, RevisionState.PENDING):
            mark(hub, tenant, name, head.number, RevisionState.SUPERSEDED)
    known = (past.record.status.get("clusters") or {}) if past.record is not None else {}
    # Where this one did not arrive, an older one is what runs.
    behind = [name for name in prepared.decided.clusters if name not in rollout.health or name in rollout.errors]
    used = {int(known[name]["revision"]) for name in behind if (known.get(name) or {}).get("revision")}
    forget(hub, tenant, name, expendable(past.heads, max(1, prepared.spec.history_limit), {*used, number}))


def expendable(heads: Iterable[Head], limit: int, used: Collection[int]) -> tuple[Head, ...]:
    """The revisions beyond the limit, the oldest first, and none that is in use. Pure."""
    others = sorted((head for head in heads if head.number not in used), key=lambda head: -head.number)
    return tuple(reversed(others[max(0, limit - len(set(used))) :]))


def _published(hub: Hub, tenant: str, name: str) -> list[Manifest]:
    return hub.session.list(DECISIONS, tenant, label_selector=f"{PREFIX}application={name}")


def _slice(hub: Hub, prepared: Prepared, index: int, clusters: tuple[str, ...]) -> Manifest:
    name = prepared.spec.name
    return {
        "apiVersion": PROFILE_API_VERSION,
        "kind": "PlacementDecision",
        "metadata": {
            "name": f"{name}-{index}",
            "namespace": prepared.spec.tenant,
            "labels": {
                "multicluster.x-k8s.io/decision-key": name,
                "multicluster.x-k8s.io/decision-index": str(index),
                "multicluster.x-k8s.io/placement-key": name,
                f"{PREFIX}application": name,
            },
        },
        "schedulerName": "navarch",
        "decisions": [
            {
                "clusterProfileRef": {"name": cluster, "namespace": hub.namespace},
                "reason": prepared.decided.reasons.get(cluster, "")[:1000],
            }
            for cluster in clusters
        ],
    }
