# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place a fleet's applications in one go, each with what was promised to those before it deducted.

Ten thousand applications over a thousand clusters have ten million reasons, so none is kept: to read those of one
application its decision is made again, with what was promised by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from .application import Application, ApplicationDecision, place_knowing, promises
from .companions import uses_neighbours
from .decision import Decision, Steps, Verdicts
from .estimate import Taken
from .memory import LongMemory, Memory
from .neighbours import DEFAULT_TENANT, Neighbour
from .request import Cluster

MARKED = 100
"""After so many decisions what is taken is kept, so that none has to be made again from the very first."""


def place_all(
    applications: Mapping[str, Application],
    clusters: tuple[Cluster, ...],
    *,
    taken: Mapping[str, Taken] | None = None,
    beside: Mapping[str, Application] | None = None,
) -> dict[str, ApplicationDecision]:
    """Where each application goes, decided in the order given; by the same keys.

    Each answer is the one that `place` gives for the application by itself, when it is told what was promised to
    those before it and where its neighbours stand by then. What an application leaves is not handed on: it runs there
    until somebody has moved it.

    :param applications: by `tenant/name`; what they know of clusters, of what is taken and of neighbours does not matter.
    :param taken: by cluster, what is taken already and its facts do not show.
    :param beside: other applications, which stay where they stand and are neighbours of these.
    """
    memory = LongMemory(clusters, taken)
    history = _History(clusters)
    crowd = _Crowd(applications, beside or {})
    decisions: dict[str, ApplicationDecision] = {}
    for key, application in applications.items():
        asked = replace(crowd.among(key, application), clusters=clusters, taken={})
        decision = place_knowing(asked, memory)
        decisions[key] = history.add(asked, decision, memory)
        memory.promise(promises(asked, decision, memory))
        crowd.settle(key, decision)
    return decisions


class _Crowd:
    """Where the applications stand while one after the other is placed."""

    def __init__(self, applications: Mapping[str, Application], beside: Mapping[str, Application]) -> None:
        self._wanted = any(uses_neighbours(application.placement) for application in applications.values())
        everybody = {**beside, **applications} if self._wanted else {}
        found = {key: _neighbour(key, each) for key, each in everybody.items()}
        order = sorted(found, key=lambda key: (found[key].tenant, found[key].name))
        self._standing = {key: found[key] for key in order}

    def among(self, key: str, application: Application) -> Application:
        """The application with its neighbours; with none where its placement does not mind them."""
        if not self._wanted or not uses_neighbours(application.placement):
            return replace(application, neighbours=())
        return replace(application, identity=self._standing[key], neighbours=tuple(self._standing.values()))

    def settle(self, key: str, decision: ApplicationDecision) -> None:
        """From now on the application stands there."""
        if self._wanted:
            self._standing[key] = replace(self._standing[key], clusters=decision.clusters)


@dataclass(slots=True)
class _History:
    """What was decided in which order, and what was taken before every hundredth."""

    clusters: tuple[Cluster, ...]
    made: list[tuple[Application, ApplicationDecision]] = field(default_factory=list)
    marks: list[Mapping[str, Taken]] = field(default_factory=list)
    read: tuple[int, ApplicationDecision] | None = None
    """The one whose reasons were read last."""

    def add(self, application: Application, decision: ApplicationDecision, memory: Memory) -> ApplicationDecision:
        """Keep what was decided, without the reasons."""
        position = len(self.made)
        if position % MARKED == 0:
            self.marks.append(dict(memory.taken))
        brief = _without_reasons(decision, lambda: self.again(position))
        self.made.append((application, brief))
        return brief

    def again(self, position: int) -> ApplicationDecision:
        """The same decision with its reasons."""
        if self.read is None or self.read[0] != position:
            memory = Memory(self.clusters, self.marks[position // MARKED])
            for application, decision in self.made[position - position % MARKED : position]:
                memory.promise(promises(application, decision, memory))
            self.read = position, place_knowing(self.made[position][0], memory)
        return self.read[1]


def _without_reasons(decision: ApplicationDecision, again: Callable[[], ApplicationDecision]) -> ApplicationDecision:
    def workload(key: str) -> Decision:
        return again().workloads[key]

    workloads = {key: _brief(each, partial(workload, key)) for key, each in decision.workloads.items()}
    return replace(decision, workloads=workloads, recall=lambda: again().selection)


def _brief(decision: Decision, again: Callable[[], Decision]) -> Decision:
    return replace(
        decision,
        clusters=Verdicts(lambda: dict(again().clusters)),
        groups=Steps(lambda: again().groups),
        divisions=Steps(lambda: again().divisions),
    )


def _neighbour(key: str, application: Application) -> Neighbour:
    tenant, separator, name = key.rpartition("/")
    identity = application.identity
    return Neighbour(
        name=identity.name or name,
        tenant=identity.tenant if identity.name or not separator else tenant or DEFAULT_TENANT,
        labels=identity.labels,
        clusters=application.placed_now,
        group=application.placement.get("applicationGroup") or "",
    )
