# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry in a hub: installed, brought up to date, removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.session import Session
from .access import hub_roles
from .definitions import owned_definitions, shared_definitions
from .errors import InUseError
from .hub import HUB, read_hub_id
from .names import (
    APPLICATIONS,
    AUTOSCALE_LEASE,
    CLUSTERS,
    CONFIGMAPS,
    DEFINITIONS,
    FAILOVER_LEASE,
    HUB_CONFIGMAP,
    KINDS,
    MACHINE_SETS,
    MANAGED_BY_LABEL,
    MANAGER,
    NAMESPACES,
    PREFIX,
    REGISTRY_LEASE,
    SCHEMA_ANNOTATION,
    SCHEMA_VERSION,
)
from .objects import Action, Step, carry_out, covers, outwait_removal, plan_objects, plan_removal, wait_established
from .residue import residue

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

CREATED_ANNOTATION = f"{PREFIX}created-by-registry"
"""On the hub's namespace when it was the installation that made it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What installing or removing would do, or did."""

    hub_id: str
    steps: tuple[Step, ...]
    kept: tuple[str, ...] = ()
    """What removal leaves alone, and why."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)


def plan_installation(session: Session, namespace: str, *, hub_id: str | None = None) -> Installation:
    """What is missing or old in the hub. Reads only.

    :param hub_id: the id that a new hub gets, for a hub that is restored; by default a new one is made.
    :raises SchemaError: a newer collection wrote it.
    """
    # A registry that was removed a moment ago may still be on its way out.
    outwait_removal(session, NAMESPACES, namespace)
    for definition in (*owned_definitions(), *shared_definitions()):
        outwait_removal(session, DEFINITIONS, definition["metadata"]["name"])
    configuration = session.get(CONFIGMAPS, HUB_CONFIGMAP, namespace)
    known = read_hub_id(configuration) if configuration else ""
    identity = known or hub_id or str(uuid.uuid4())
    steps = _plan_namespace(session, namespace)
    steps += plan_objects(session, owned_definitions())
    steps += _plan_shared(session)
    steps += plan_objects(session, [*hub_roles(namespace), _configuration(namespace, identity)])
    return Installation(identity, tuple(steps))


def install(session: Session, installation: Installation) -> None:
    """Carry out a planned installation; the id comes last, so a half installed hub is not taken for one."""
    carry_out(session, installation.steps)
    wait_established(session, [item["metadata"]["name"] for item in (*owned_definitions(), *shared_definitions())])


def plan_uninstallation(session: Session, namespace: str) -> Installation:
    """What removal deletes, and what it leaves.

    :raises InUseError: members are joined or applications recorded.
    """
    configuration = session.get(CONFIGMAPS, HUB_CONFIGMAP, namespace)
    identity = read_hub_id(configuration) if configuration else ""
    _refuse_in_use(session)
    kept: list[str] = []
    found: list[Manifest | None] = [configuration]
    for wanted in [*hub_roles(namespace), *_leases(namespace)]:
        metadata = wanted["metadata"]
        found.append(
            session.get(KINDS[wanted["apiVersion"], wanted["kind"]], metadata["name"], metadata.get("namespace"))
        )
    found += [_definition(session, wanted) for wanted in owned_definitions()]
    for wanted in shared_definitions():
        definition = _definition(session, wanted)
        if definition is None:
            continue
        reason = _why_keep(session, definition)
        if reason:
            kept.append(f"CustomResourceDefinition {definition['metadata']['name']}: {reason}")
        else:
            found.append(definition)
    found.append(_removable_namespace(session, namespace, kept))
    return Installation(identity, tuple(plan_removal(found)), tuple(kept))


def _plan_namespace(session: Session, namespace: str) -> list[Step]:
    found = session.get(NAMESPACES, namespace)
    wanted: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    if found is None:
        wanted["metadata"].update(labels={MANAGED_BY_LABEL: MANAGER}, annotations={CREATED_ANNOTATION: "true"})
        return [Step(Action.CREATE, wanted)]
    return []


def _plan_shared(session: Session) -> list[Step]:
    steps = []
    for wanted in shared_definitions():
        found = _definition(session, wanted)
        if found is None:
            steps.append(Step(Action.CREATE, wanted))
        elif _is_ours(found) and not covers(found, wanted):
            steps.append(Step(Action.UPDATE, wanted, found))
    return steps


def _configuration(namespace: str, identity: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": HUB_CONFIGMAP, "namespace": namespace, "labels": {MANAGED_BY_LABEL: MANAGER}},
        "data": {"id": identity, "schemaVersion": str(SCHEMA_VERSION)},
    }


def _leases(namespace: str) -> list[Manifest]:
    return [
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
        }
        for name in (AUTOSCALE_LEASE, FAILOVER_LEASE, REGISTRY_LEASE)
    ]


def _refuse_in_use(session: Session) -> None:
    for resource, next_step in (
        (APPLICATIONS, "Remove them first with the playbook navarch.fleet.remove"),
        (MACHINE_SETS, "Remove them first with the module navarch.fleet.machine_set"),
        (CLUSTERS, "Let them leave first with the playbook navarch.fleet.leave"),
    ):
        if session.get(DEFINITIONS, f"{resource.plural}.{resource.group}") is None:
            continue
        names = sorted(item["metadata"]["name"] for item in session.list(resource))
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            raise InUseError(
                f"the registry still holds {len(names)} {resource.plural}: {shown}", cluster=HUB, next_step=next_step
            )


def _definition(session: Session, wanted: Manifest) -> Manifest | None:
    return session.get(DEFINITIONS, wanted["metadata"]["name"])


def _is_ours(obj: Mapping[str, Any]) -> bool:
    return SCHEMA_ANNOTATION in (obj["metadata"].get("annotations") or {})


def _why_keep(session: Session, definition: Manifest) -> str:
    """Why a shared definition stays; empty when it may go."""
    if not _is_ours(definition):
        return "somebody else installed it"
    kind = definition["spec"]["names"]["kind"]
    resource = next(known for (_version, name), known in KINDS.items() if name == kind)
    return "objects of it are left" if session.list(resource) else ""


def _removable_namespace(session: Session, namespace: str, kept: list[str]) -> Manifest | None:
    found = session.get(NAMESPACES, namespace)
    if found is None:
        return None
    if CREATED_ANNOTATION not in (found["metadata"].get("annotations") or {}):
        kept.append(f"Namespace {namespace}: it was there before the registry")
        return None
    ours = {HUB_CONFIGMAP, AUTOSCALE_LEASE, FAILOVER_LEASE, REGISTRY_LEASE}
    foreign = residue(session, namespace, label=(MANAGED_BY_LABEL, MANAGER), ours=ours)
    if foreign:
        kept.append(f"Namespace {namespace}: it holds {', '.join(foreign[:5])}")
        return None
    return found
