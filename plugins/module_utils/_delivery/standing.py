# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All applications of the hub as they stand: what their revisions in force hold, and where. Only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._registry.hub import Hub
from .._registry.member import Member
from .._registry.members import open_sessions
from .._registry.scheduling import scheduling_cluster
from .._scheduling.application import Application
from .._scheduling.request import Cluster, parse_clusters
from .decide import Current, question
from .record import ApplicationRecord, list_records
from .revision import Revision, load
from .surroundings import held_in

READS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """An application that has a revision in force."""

    record: ApplicationRecord
    force: Revision

    @property
    def key(self) -> str:
        """``tenant/name``."""
        return f"{self.record.tenant}/{self.record.name}"

    @property
    def current(self) -> Current:
        """Where it runs."""
        return Current(self.force.replicas, self.force.clusters, self.record.status.get("observedAffinity"))

    def question(self, clusters: tuple[Cluster, ...] = (), trigger: str | None = None) -> Application:
        """What a decision about it is asked."""
        return question(self.record.spec, self.force.objects, clusters, self.current, trigger=trigger)


@dataclass(frozen=True, slots=True)
class Standings:
    """The applications of a hub."""

    found: Mapping[str, Standing]
    """By ``tenant/name``, in that order."""
    failed: Mapping[str, FleetError]
    """Those whose revision can't be read."""
    pending: tuple[str, ...]
    """Those that have none yet."""


def known_clusters(
    hub: Hub, members: Mapping[str, Member], placements: Iterable[Mapping[str, Any]]
) -> tuple[Cluster, ...]:
    """The members as the scheduling room knows them, with what they hold of the data that placements speak of."""
    holds: dict[str, set[str]] = {name: set() for name in members}
    wanted = [placement for placement in placements if placement.get("dataLocality")]
    sessions = open_sessions(hub, list(members)).ready if wanted else {}
    for placement in wanted:
        for name, found in held_in(sessions, placement).items():
            holds[name] |= found
    return parse_clusters(
        [{**scheduling_cluster(member), "holds": sorted(holds[name])} for name, member in members.items()]
    )


def standings(hub: Hub, records: Iterable[ApplicationRecord] | None = None) -> Standings:
    """Read the revisions in force, side by side."""
    known = {f"{each.tenant}/{each.name}": each for each in (list_records(hub) if records is None else records)}
    targets = {key: record for key, record in sorted(known.items()) if record.revision is not None}

    def read(_key: str, record: ApplicationRecord) -> Standing:
        return Standing(record, load(hub, record.tenant, record.name, record.revision or 0))

    outcomes = fan_out(targets, read, workers=READS_AT_ONCE)
    return Standings(
        found={key: outcomes[key].get() for key in targets if outcomes[key].ok},
        failed={key: error for key in targets if (error := outcomes[key].error) is not None},
        pending=tuple(sorted(set(known) - set(targets))),
    )
