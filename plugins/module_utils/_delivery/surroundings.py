# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds an application: where the others stand, and which members hold data it wants to be near.

Looked at only where its placement asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._kube.discovery import Resource
from .._kube.errors import ForbiddenError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._scheduling.companions import Companions
from .._scheduling.contradictions_between import API_VERSIONS, NOT_IN_A_NAMESPACE
from .._scheduling.locality import DataLocality, held_name
from .._scheduling.neighbours import Neighbour
from .application import Spec
from .record import ApplicationRecord, list_records

DEADLINE = 10.0
"""Seconds for one member to say what it holds."""

_PLURALS = {kind: f"{kind.lower()}s" for kind in API_VERSIONS}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts of others that a decision needs."""

    neighbours: tuple[Neighbour, ...] = ()
    holds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Per member, the objects of dataLocality that are there; a member that could not be asked is left out."""


NOTHING_AROUND = Surroundings()


def look_around(hub: Hub, sessions: Mapping[str, Session], placement: Mapping[str, Any], tenant: str) -> Surroundings:
    """Read the other applications, and ask the members for the data, as far as the placement speaks of them.

    :param sessions: of the members that are to be asked.
    """
    return Surroundings(neighbours_in(hub, placement, tenant), held_in(sessions, placement))


def own_identity(spec: Spec) -> Neighbour:
    """The application as the rules between applications know it."""
    return Neighbour(spec.name, spec.tenant, spec.labels)


def neighbour_of(record: ApplicationRecord) -> Neighbour:
    """An application of the hub as a neighbour of others."""
    spec = record.spec
    return Neighbour(
        name=spec.name,
        tenant=spec.tenant,
        labels=spec.labels,
        clusters=tuple(sorted(record.clusters)),
        group=str(spec.placement.get("applicationGroup") or ""),
    )


def neighbours_in(hub: Hub, placement: Mapping[str, Any], tenant: str) -> tuple[Neighbour, ...]:
    """The applications of the tenants that the placement speaks of."""
    companions = Companions.from_dict(placement)
    if companions is None:
        return ()
    tenants = sorted(companions.tenants(tenant))
    return tuple(neighbour_of(record) for name in tenants for record in list_records(hub, name))


def held_in(sessions: Mapping[str, Session], placement: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Which of the objects of dataLocality each member holds: one request for each of them, side by side.

    :raises ForbiddenError: where the data is required and may not be looked for.
    """
    data = placement.get("dataLocality") or {}
    wanted = DataLocality.from_dict(data)
    if wanted is None:
        return {}
    objects = tuple(data["objects"])

    def ask(name: str, session: Session) -> frozenset[str]:
        return frozenset(held_name(each) for each in objects if _is_there(session, each))

    outcomes = fan_out(sessions, ask, deadline=DEADLINE)
    if wanted.required:
        for outcome in outcomes.values():
            if isinstance(outcome.error, ForbiddenError):
                raise outcome.error
    return {name: outcome.get() for name, outcome in outcomes.items() if outcome.ok}


def _is_there(session: Session, each: Mapping[str, Any]) -> bool:
    resource = _resource(session, each)
    return resource is not None and session.get(resource, each["name"], each.get("namespace")) is not None


def _resource(session: Session, each: Mapping[str, Any]) -> Resource | None:
    kind = each["kind"]
    api_version = each.get("apiVersion") or API_VERSIONS[kind]
    if api_version != API_VERSIONS.get(kind):
        return session.discovery().get(api_version, kind)
    # What every server has need not be looked up.
    group, _slash, version = api_version.rpartition("/")
    return Resource(group, version, kind, _PLURALS[kind], kind not in NOT_IN_A_NAMESPACE, frozenset({"get"}))
