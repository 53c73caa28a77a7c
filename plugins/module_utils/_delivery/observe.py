# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a member: our parent, and the objects that are ours or that we want. One list per kind, not one get per object."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .._kube.discovery import Resource
from .._kube.errors import ApiError, ForbiddenError, NotFoundError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .application import Owner
from .applyset import Parent, read_parent
from .identity import Identity, Manifest, group_of, identify
from .manifests import PART_OF

LISTS_AT_ONCE = 8
"""Requests side by side to one member."""

NAMESPACES_LISTED = 3
"""A kind that lives in more namespaces than this is listed over all of them."""

TERMINATING_WAIT = 60.0
"""Seconds that a namespace on its way out is waited for."""

NAMESPACE = Resource("", "v1", "Namespace", "namespaces", False, frozenset())


@dataclass(frozen=True, slots=True)
class Observation:
    """One member, looked at for one application."""

    cluster: str
    parent: Parent | None
    live: Mapping[Identity, Manifest]
    """Objects that carry our set's label, and wanted ones that were found by name."""
    resources: Mapping[tuple[str, str], Resource]
    """By group and kind; kinds that the member doesn't serve are missing."""
    unserved: frozenset[tuple[str, str]]
    """apiVersion and kind of wanted objects that the member doesn't serve."""

    def resource_of(self, identity: Identity) -> Resource | None:
        """Where objects of this kind live."""
        return self.resources.get((identity.group, identity.kind))


def observe(session: Session, owner: Owner, wanted: Collection[Manifest]) -> Observation:
    """Look at everything the plan for one member needs."""
    parent = read_parent(session, owner)
    resources, unserved = _resources(session, wanted, parent)
    live = _members_of_set(session, owner, parent, wanted, resources) if parent is not None else {}
    missing = [identify(manifest) for manifest in wanted]
    missing = [
        identity for identity in missing if identity not in live and (identity.group, identity.kind) in resources
    ]
    live.update(_by_name(session, missing, resources))
    return Observation(session.cluster, parent, live, resources, frozenset(unserved))


def unlabelled(session: Session, observation: Observation, identity: Identity) -> Manifest | None:
    """An object of the set that the lists did not show: gone, or somebody took our label off it."""
    resource = observation.resource_of(identity)
    if resource is None:
        return None
    try:
        return session.get(resource, identity.name, identity.namespace or None)
    except ApiError:
        return None


def _resources(
    session: Session, wanted: Iterable[Manifest], parent: Parent | None
) -> tuple[dict[tuple[str, str], Resource], set[tuple[str, str]]]:
    found: dict[tuple[str, str], Resource] = {}
    unserved: set[tuple[str, str]] = set()
    for api_version, kind in {(manifest["apiVersion"], manifest["kind"]) for manifest in wanted}:
        resource = session.discovery().get(api_version, kind)
        if resource is None:
            unserved.add((api_version, kind))
        else:
            found[(group_of(api_version), kind)] = resource
    for group, kind in parent.kinds if parent else ():
        resource = found.get((group, kind)) or session.discovery().preferred(group, kind)
        if resource is not None:
            found[(group, kind)] = resource
    return found, unserved


def _members_of_set(
    session: Session,
    owner: Owner,
    parent: Parent,
    wanted: Iterable[Manifest],
    resources: Mapping[tuple[str, str], Resource],
) -> dict[Identity, Manifest]:
    """All objects with our label, by one list per kind and namespace."""
    places: dict[tuple[str, str], set[str]] = {}
    for identity in [*parent.objects, *(identify(manifest) for manifest in wanted)]:
        places.setdefault((identity.group, identity.kind), set()).add(identity.namespace)
    lists: dict[str, tuple[Resource, str | None]] = {}
    for key, namespaces in places.items():
        resource = resources.get(key)
        if resource is None:
            continue
        everywhere = not resource.namespaced or len(namespaces) > NAMESPACES_LISTED
        for namespace in [None] if everywhere else sorted(namespaces):
            lists[f"{resource.path(namespace)}"] = (resource, namespace)

    def look(_name: str, target: tuple[Resource, str | None]) -> list[Manifest]:
        resource, namespace = target
        return session.list(resource, namespace, label_selector=f"{PART_OF}={owner.applyset}")

    outcomes = fan_out(lists, look, workers=LISTS_AT_ONCE)
    return {identify(item): item for outcome in outcomes.values() for item in outcome.get()}


def _by_name(
    session: Session, identities: Collection[Identity], resources: Mapping[tuple[str, str], Resource]
) -> dict[Identity, Manifest]:
    """Wanted objects that don't carry our label: they may be there all the same. Nothing is in a namespace that isn't."""
    absent = {
        name
        for name in {identity.namespace for identity in identities if identity.namespace}
        if not _namespace(session, name)
    }
    targets = {str(identity): identity for identity in identities if identity.namespace not in absent}

    def look(_name: str, identity: Identity) -> Manifest | None:
        resource = resources[(identity.group, identity.kind)]
        return session.get(resource, identity.name, identity.namespace or None)

    outcomes = fan_out(targets, look, workers=LISTS_AT_ONCE)
    found = {targets[name]: outcome.get() for name, outcome in outcomes.items()}
    return {identity: manifest for identity, manifest in found.items() if manifest is not None}


def _namespace(session: Session, name: str) -> bool:
    """Whether there is such a namespace; one on its way out is waited for."""
    until = time.monotonic() + TERMINATING_WAIT
    while True:
        try:
            found = session.get(NAMESPACE, name)
        except ForbiddenError:
            # A member joined for some namespaces only: its objects' own answers tell.
            return True
        if found is None or not found["metadata"].get("deletionTimestamp"):
            return found is not None
        if time.monotonic() > until:
            raise NotFoundError(
                f"the namespace has been terminating for more than {TERMINATING_WAIT:g} s",
                code=404,
                cluster=session.cluster,
                object=f"Namespace {name}",
                next_step="Find what holds it (its status says), then run the play again",
            )
        time.sleep(0.5)
