# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A revision that the hub holds, as a plan: nothing is decided or rendered again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.errors import FleetError
from .._registry.hub import Hub
from .application import Owner, Settings, Spec
from .decide import Current, Decided
from .identity import Identity, identify
from .ignoring import parse_rules
from .plan import Plan
from .prepare import Fleet, Prepared, growing, lost_plan, survey_all
from .revision import Revision
from .survey import Frame


@dataclass(frozen=True, slots=True)
class Recorded:
    """A revision of an application, and the one that the members hold until it is delivered."""

    spec: Spec
    revision: Revision
    base: Revision | None
    held: tuple[str, ...] = ()
    """Clusters beside those of the base that may hold something of it."""


def prepare_recorded(
    hub: Hub, fleet: Fleet, recorded: Recorded, settings: Settings, *, is_new: bool, without: Collection[str] = ()
) -> Prepared:
    """Plan the delivery of a recorded revision in all members.

    :param without: clusters that are left alone.
    """
    spec, revision, base = recorded.spec, recorded.revision, recorded.base
    current = Current(base.replicas, base.clusters) if base is not None else Current()
    decided = decided_of(revision)
    owner = Owner(hub.id, spec.tenant, spec.name)
    wanted = {name: items for name, items in revision.rendered.items() if name not in without}
    frame = Frame(
        owner=owner,
        settings=settings,
        revision=revision.number,
        growing=frozenset(growing(decided, current)),
        anywhere=frozenset(identify(item) for items in revision.rendered.values() for item in items),
        ignore=parse_rules(spec.ignore),
    )
    leaving = sorted({*current.clusters, *recorded.held} - set(revision.rendered) - set(without))
    lost = [name for name in leaving if fleet.is_lost(name)]
    surveys, found = survey_all(
        fleet, frame, wanted, [name for name in leaving if name not in lost], base, implied_in(revision)
    )
    plan = Plan({**found.clusters, **{name: lost_plan(name) for name in lost}})
    return Prepared(
        spec=spec, owner=owner, frame=frame, revision=revision, is_new=is_new, resumes=not is_new,
        concluded=True, decided=decided, surveys=surveys, plan=plan,
    )  # fmt: skip


def implied_in(revision: Revision) -> frozenset[Identity]:
    """The namespaces that are rendered although no source gives them."""
    given = {identify(item) for item in revision.objects}
    rendered = {identify(item) for items in revision.rendered.values() for item in items}
    return frozenset(identity for identity in rendered - given if (identity.group, identity.kind) == ("", "Namespace"))


def decided_of(revision: Revision) -> Decided:
    """The decision as it was recorded."""
    selection: Mapping[str, Any] = revision.decision.get("selection") or {}
    verdicts: Mapping[str, Mapping[str, Any]] = selection.get("clusters") or {}
    reasons = {}
    for name in sorted({*verdicts, *revision.clusters}):
        reason = str((verdicts.get(name) or {}).get("reason") or "no reason given")
        prefix = "" if reason.startswith("chosen") else "chosen: " if name in revision.clusters else "not chosen: "
        reasons[name] = f"{prefix}{reason}"
    return Decided(revision.replicas, revision.clusters, reasons, revision.decision)


def unfit(fleet: Fleet, revision: Revision) -> dict[str, str]:
    """The clusters of a revision that can't be had any more, and why."""
    found = {}
    for name in revision.clusters:
        member = fleet.members.get(name)
        if member is None:
            found[name] = "it left the registry"
        elif fleet.is_lost(name):
            found[name] = "it is not ready"
        elif name not in fleet.sessions:
            error: FleetError | None = fleet.failed.get(name)
            found[name] = str(error or "there is no session to it")
    return found
