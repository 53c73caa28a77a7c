# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What should be known of a rendering: what was left out where, and what is named and is nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .identity import Identity
from .render import Rendering
from .survey import Survey

_SHOWN = 8


def rendering_notes(rendering: Rendering, strangers: Iterable[str] = ()) -> tuple[str, ...]:
    """Rules without effect, replicas set by rules, and objects that stay away with their workloads.

    :param strangers: clusters that joined after sources with values per cluster were read.
    """
    found = list(rendering.notes)
    newcomers = ", ".join(sorted(strangers))
    if newcomers:
        found.append(f"{newcomers}: joined after the sources were read for each cluster; apply again to use it")
    for clusters, objects in _by_objects(rendering.left_out):
        found.append(f"{', '.join(clusters)}: not sent, as what they belong to is not there: {_listed(objects)}")
    return tuple(found)


def absent_references(rendering: Rendering, surveys: Mapping[str, Survey]) -> tuple[str, ...]:
    """What objects need and neither the application nor the member has.

    What can't be found out (no right to look, no answer) is not reported: the pods will tell.
    """
    wanted: dict[str, set[Identity]] = {}
    for missing in rendering.missing:
        wanted.setdefault(missing.cluster, set()).add(missing.target)
    targets = {
        f"{cluster} {identity}": (surveys[cluster].work.session, identity)
        for cluster, identities in wanted.items()
        if cluster in surveys
        for identity in identities
    }
    outcomes = fan_out(targets, lambda _name, target: _is_absent(*target))
    absent = {name for name, outcome in outcomes.items() if outcome.ok and outcome.get()}
    places: dict[tuple[Identity, Identity], list[str]] = {}
    for missing in rendering.missing:
        if f"{missing.cluster} {missing.target}" in absent:
            places.setdefault((missing.target, missing.needed_by), []).append(missing.cluster)
    return tuple(
        f"{', '.join(clusters)}: {target.label} is neither in the application nor in the cluster, "
        f"and {owner.label} needs it"
        for (target, owner), clusters in sorted(places.items())
    )


def _is_absent(session: Session, identity: Identity) -> bool:
    resource = session.discovery().get("v1", identity.kind)
    try:
        return resource is not None and session.get(resource, identity.name, identity.namespace) is None
    except FleetError:
        return False


def _by_objects(left_out: Mapping[str, tuple[Identity, ...]]) -> list[tuple[list[str], tuple[Identity, ...]]]:
    grouped: dict[tuple[Identity, ...], list[str]] = {}
    for cluster, objects in sorted(left_out.items()):
        grouped.setdefault(objects, []).append(cluster)
    return [(clusters, objects) for objects, clusters in grouped.items()]


def _listed(objects: Iterable[Identity]) -> str:
    labels = [identity.label for identity in objects]
    return ", ".join(labels[:_SHOWN]) + (f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else "")
