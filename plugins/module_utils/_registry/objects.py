# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring a handful of our own objects to what they should be: observe, plan, act."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .._kube.discovery import Resource
from .._kube.errors import DeadlineError
from .._kube.session import FieldConflicts, Session, describe
from .names import DEFINITIONS, KINDS

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]


class Action(Enum):
    """What a step does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One write that is needed."""

    action: Action
    object: Manifest
    """As it should be; for a deletion as it is."""
    before: Manifest | None = None

    @property
    def subject(self) -> str:
        """``Kind namespace/name``."""
        metadata = self.object["metadata"]
        return describe(self.object["kind"], metadata.get("namespace"), metadata["name"])

    def to_dict(self) -> dict[str, str]:
        """As modules return it."""
        return {"action": self.action.value, "object": self.subject}


def plan_objects(session: Session, desired: Iterable[Manifest]) -> list[Step]:
    """What is missing or differs. Fields that others set beside ours are no difference."""
    steps = []
    for wanted in desired:
        metadata = wanted["metadata"]
        found = session.get(KINDS[wanted["apiVersion"], wanted["kind"]], metadata["name"], metadata.get("namespace"))
        if found is None:
            steps.append(Step(Action.CREATE, wanted))
        elif not covers(found, wanted):
            steps.append(Step(Action.UPDATE, wanted, found))
    return steps


def plan_removal(found: Iterable[Manifest | None]) -> list[Step]:
    """The deletion of those that exist and are not on their way out."""
    return [
        Step(Action.DELETE, obj, obj)
        for obj in found
        if obj is not None and not obj["metadata"].get("deletionTimestamp")
    ]


def carry_out(session: Session, steps: Iterable[Step]) -> None:
    """Do the steps in their order."""
    for step in steps:
        resource = KINDS[step.object["apiVersion"], step.object["kind"]]
        metadata = step.object["metadata"]
        if step.action is Action.DELETE:
            session.delete(resource, metadata["name"], metadata.get("namespace"), uid=metadata.get("uid"))
        else:
            # These objects are ours by name, so what somebody changed by hand is put right.
            session.apply(resource, step.object, conflicts=FieldConflicts.OVERWRITE)


def wait_established(session: Session, names: Iterable[str], *, deadline: float = 30.0) -> None:
    """Wait until the API server serves these definitions."""
    give_up = time.monotonic() + deadline
    for name in names:
        while not _established(session.get(DEFINITIONS, name)):
            if time.monotonic() > give_up:
                raise DeadlineError(
                    f"not established within {deadline:g} s",
                    cluster=session.cluster,
                    object=f"CustomResourceDefinition {name}",
                    next_step="Look at its conditions: kubectl describe crd " + name,
                )
            time.sleep(0.1)


def outwait_removal(session: Session, resource: Resource, name: str, *, deadline: float = 30.0) -> None:
    """Wait for the end of an object that is being removed, as nothing can be made inside it or in its place."""
    give_up = time.monotonic() + deadline
    while ((session.get(resource, name) or {}).get("metadata") or {}).get("deletionTimestamp"):
        if time.monotonic() > give_up:
            raise DeadlineError(
                f"it is being removed for longer than {deadline:g} s",
                cluster=session.cluster,
                object=f"{resource.kind} {name}",
                next_step=f"Look at what keeps it: kubectl describe {resource.kind.lower()} {name}",
            )
        time.sleep(0.5)


def covers(found: Any, wanted: Any) -> bool:
    """Whether everything in ``wanted`` is in ``found``: maps may hold more there, lists may not."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            covers(found.get(key), value) for key, value in wanted.items() if value not in ({}, [], None)
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(covers(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


def difference(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The steps in the form of Ansible's diff; of Secrets only the fact that they change."""
    found = []
    for step in steps:
        before = _shown(step.before, step.object) if step.before else {}
        after = {} if step.action is Action.DELETE else _shown(step.object, step.object)
        found.append({"before_header": step.subject, "after_header": step.subject, "before": before, "after": after})
    return found


def _established(definition: Manifest | None) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)


def _shown(obj: Manifest, wanted: Manifest) -> Manifest:
    """Only what we have an opinion on, and no secret."""
    shown = _narrowed(copy.deepcopy(obj), wanted)
    if shown.get("kind") == "Secret":
        shown.pop("data", None)
    return shown


def _narrowed(obj: Any, wanted: Any) -> Any:
    if isinstance(obj, Mapping) and isinstance(wanted, Mapping):
        return {key: _narrowed(obj[key], value) for key, value in wanted.items() if key in obj}
    return obj
