# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Are the objects of an application healthy, and if not, why: judged from lists, one per kind, until a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from .._kube.discovery import Resource
from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.health import Health, State, explain, health
from .._kube.health_terms import cut
from .._kube.session import Session
from .._kube.workload_health import crashed_container
from .identity import Identity, Manifest, identify
from .manifests import PART_OF
from .observe import LISTS_AT_ONCE, NAMESPACES_LISTED
from .patience import Patience
from .workloads import pod_template

FIRST_PAUSE = 0.15
LONGEST_PAUSE = 2.0
DEPENDS_ON_OTHERS = frozenset({
    ("", "Service"), ("networking.k8s.io", "Ingress"), ("", "PersistentVolumeClaim"), ("", "PersistentVolume"),
    ("policy", "PodDisruptionBudget"), ("apiregistration.k8s.io", "APIService"),
})  # fmt: skip
"""Kinds that become healthy by what the application does not bring, such as a load balancer. Nobody waits for them: if
it matters, workloads do not become healthy either."""

REASONS_SHOWN = 10
REASONS_PAUSE = 3.0
"""Seconds between questions to the pods why they don't start."""
TOLD_AT_ONCE = frozenset({"Unschedulable", "SchedulingGated"})
CRASHES = frozenset({"CrashLoopBackOff", "RunContainerError", "Error", "BackoffLimitExceeded"})
"""Reasons whose cause only the log knows."""
LOG_TIMEOUT = 3.0
PODS = Resource("", "v1", "Pod", "pods", True, frozenset())


Judge = Callable[[Manifest], Health]
"""Says how one object is."""
Tell = Callable[[Mapping[str, "ClusterHealth"]], None]
"""Hears of clusters in which something can't start."""


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """How the application is in one cluster."""

    states: Mapping[Identity, Health] = field(default_factory=dict)
    error: FleetError | None = None

    @property
    def ready(self) -> int:
        """How many objects are as they should be, have no state to speak of, or wait for what is not ours."""
        return sum(1 for identity, found in self.states.items() if _good(identity, found))

    @property
    def healthy(self) -> bool:
        """Whether all are."""
        return self.error is None and self.ready == len(self.states)

    @property
    def state(self) -> State:
        """The worst of all."""
        if self.error is not None:
            return State.UNKNOWN
        found = {entry.state for identity, entry in self.states.items() if not _good(identity, entry)}
        return next((state for state in (State.UNHEALTHY, State.PROGRESSING) if state in found), State.HEALTHY)

    @property
    def reasons(self) -> list[str]:
        """One line for each object that is not healthy, the first few."""
        return _bounded(
            f"{identity.label}: {_sentence(found)}"
            for identity, found in sorted(self.states.items())
            if not _good(identity, found)
        )

    @property
    def pending(self) -> list[str]:
        """One line for each object that waits for what is not ours."""
        return _bounded(
            f"{identity.label}: {_sentence(found)}"
            for identity, found in sorted(self.states.items())
            if found.state is State.PROGRESSING and _good(identity, found)
        )

    @property
    def hopeless(self) -> bool:
        """Whether nothing of what is not healthy can become so any more."""
        bad = [found for identity, found in self.states.items() if not _good(identity, found)]
        return self.error is None and all(found.final for found in bad)

    @property
    def bad(self) -> dict[Identity, Health]:
        """The objects that are not healthy."""
        return {identity: found for identity, found in self.states.items() if not _good(identity, found)}

    @property
    def urgent(self) -> bool:
        """Whether there is more to tell than that it is on its way."""
        return any(found.state is State.UNHEALTHY or found.reason in TOLD_AT_ONCE for found in self.bad.values())

    def to_dict(self) -> dict[str, Any]:
        """The form in results and in the hub."""
        found = {"state": self.state.value, "ready": self.ready, "total": len(self.states), "reasons": self.reasons}
        return {**found, "pending": self.pending} if self.pending else found


@dataclass(frozen=True, slots=True)
class Expectation:
    """What has to become healthy in one cluster, and how it was when last seen."""

    session: Session
    applyset: str
    live: Mapping[Identity, Manifest]
    resources: Callable[[Identity], Resource | None]
    judge: Judge = health


def judge(live: Mapping[Identity, Manifest], by: Judge = health) -> ClusterHealth:
    """Health as the objects themselves tell. Pure."""
    return ClusterHealth({identity: by(manifest) for identity, manifest in live.items()})


def wait_until_healthy(
    expectations: Mapping[str, Expectation], timeout: float, tell: Tell | None = None
) -> dict[str, ClusterHealth]:
    """Look again and again until all is well, nothing can become well any more, or the time is up.

    :param tell: hears of what is known by then whenever the reasons change, seconds after they are known.
    """
    now = {name: judge(expectation.live, expectation.judge) for name, expectation in expectations.items()}
    begin = time.monotonic()
    pause, asked, told = FIRST_PAUSE, begin, ""
    patience = {name: Patience() for name in expectations}
    while not all(found.healthy for found in now.values()):
        moment = time.monotonic()
        given_up = all(found.healthy or found.hopeless or patience[name].is_over(moment) for name, found in now.items())
        if moment > begin + timeout or given_up:
            return _with_reasons(expectations, now)
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.5)
        open_ones = {name: expectations[name] for name, found in now.items() if not found.healthy}
        outcomes = fan_out(open_ones, lambda name, expectation: look_again(expectation, now[name]))
        for name, outcome in outcomes.items():
            failed = ClusterHealth(now[name].states, outcome.error)
            now[name] = failed if outcome.error is not None else outcome.get()
        if time.monotonic() - asked >= REASONS_PAUSE:
            known = _with_reasons(expectations, {name: now[name] for name in open_ones})
            asked = time.monotonic()
            for name, found in known.items():
                patience[name].saw(found.bad, asked)
            lines = str({name: found.reasons for name, found in known.items() if found.urgent})
            if tell is not None and lines != told and lines != "{}":
                told = lines
                tell({name: found for name, found in known.items() if found.urgent})
    return now


def look_again(expectation: Expectation, before: ClusterHealth) -> ClusterHealth:
    """List the kinds of which something is not healthy yet."""
    waiting = [identity for identity, found in before.states.items() if not _good(identity, found)]
    found = {identify(item): item for item in _lists(expectation, waiting)}
    fresh = {identity: _judged(found.get(identity), expectation.judge) for identity in waiting}
    return ClusterHealth({**before.states, **fresh})


def with_reasons(expectation: Expectation, found: ClusterHealth) -> ClusterHealth:
    """Ask the pods why: a workload itself only says that it is not there yet."""
    bad = [identity for identity, entry in found.states.items() if not _good(identity, entry)][:REASONS_SHOWN]
    if not bad or found.error is not None:
        return found
    objects = {identify(item): item for item in _lists(expectation, bad)}
    explained = dict(found.states)
    for identity in bad:
        live = objects.get(identity)
        selector = _selector(live) if live else None
        if live is not None and selector:
            pods = expectation.session.list(PODS, identity.namespace, label_selector=selector)
            explained[identity] = _with_last_words(expectation.session, explain(live, pods), pods)
    return ClusterHealth(explained)


def _with_last_words(session: Session, found: Health, pods: Iterable[Manifest]) -> Health:
    """The last line that a crashing pod wrote: it often says it all."""
    if found.reason not in CRASHES:
        return found
    for pod in pods:
        container = crashed_container(pod)
        if container is None:
            continue
        metadata = pod["metadata"]
        path = PODS.path(metadata["namespace"], metadata["name"], "log")
        for previous in ("true", "false"):
            query = urlencode({"container": container, "tailLines": 1, "limitBytes": 2000, "previous": previous})
            try:
                line = session.text(f"{path}?{query}", timeout=LOG_TIMEOUT).strip()
            except FleetError:
                continue
            if line:
                return replace(found, message=cut(f"{found.message}; its last words: {line}"))
    return found


def _with_reasons(
    expectations: Mapping[str, Expectation], now: Mapping[str, ClusterHealth]
) -> dict[str, ClusterHealth]:
    outcomes = fan_out(dict(now), lambda name, found: with_reasons(expectations[name], found))
    return {name: now[name] if outcome.error is not None else outcome.get() for name, outcome in outcomes.items()}


def _lists(expectation: Expectation, identities: Collection[Identity]) -> list[Manifest]:
    places: dict[tuple[str, str], set[str]] = {}
    for identity in identities:
        places.setdefault((identity.group, identity.kind), set()).add(identity.namespace)
    targets: dict[str, tuple[Resource, str | None]] = {}
    for (group, kind), namespaces in places.items():
        resource = expectation.resources(Identity(group, kind, "", ""))
        if resource is None:
            continue
        everywhere = not resource.namespaced or len(namespaces) > NAMESPACES_LISTED
        for namespace in [None] if everywhere else sorted(namespaces):
            targets[resource.path(namespace)] = (resource, namespace)
    selector = f"{PART_OF}={expectation.applyset}"
    outcomes = fan_out(
        targets,
        lambda _name, target: expectation.session.list(target[0], target[1], label_selector=selector),
        workers=LISTS_AT_ONCE,
    )
    return [item for outcome in outcomes.values() for item in outcome.get()]


def _judged(live: Manifest | None, by: Judge) -> Health:
    return Health(State.PROGRESSING, "Missing", "it is not there") if live is None else by(live)


def _good(identity: Identity, found: Health) -> bool:
    # Nobody knows a state for what is unknown, so there is none to wait for.
    if found.state in (State.HEALTHY, State.UNKNOWN):
        return True
    return found.state is State.PROGRESSING and (identity.group, identity.kind) in DEPENDS_ON_OTHERS


def _bounded(lines: Iterable[str]) -> list[str]:
    shown = list(lines)
    more = len(shown) - REASONS_SHOWN
    return shown[:REASONS_SHOWN] + ([f"and {more} more"] if more > 0 else [])


def _selector(live: Manifest) -> str | None:
    if pod_template(live) is None:
        return None
    selector = (live.get("spec") or {}).get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, dict) else None
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else None


def _sentence(found: Health) -> str:
    return f"{found.reason}: {found.message}" if found.message else found.reason
