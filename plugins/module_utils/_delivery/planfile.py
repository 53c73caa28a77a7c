# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan as a file: to be read by people, and to be applied exactly or not at all.

The file holds no manifests. Whoever applies it gives the same input again, everything is worked out anew, and the two
are compared. What may hold a secret (sources, rendered manifests) is in the file as a slow, salted seal that covers all
of it together, so that nobody finds a weak password by trying; the differences in it are masked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .._kube.errors import FleetError, InputError
from .._registry.scheduling import scheduling_cluster
from .digest import digest
from .identity import Identity, Manifest
from .plan import ClusterPlan, Step
from .prepare import Fleet, Prepared
from .publish import timestamp
from .report import delivery_lines
from .result import cluster_result, diffs

SCHEMA = 1
ROUNDS = 200_000
"""Of the seal: a tenth of a second for us, and for each guess of somebody else."""

CHANGES_SHOWN = 8
INPUTS = ("labels", "provider", "region", "zones", "taints", "ready", "deleting", "cost")
"""What is known of a cluster and does not change by itself. Capacity does: it counts by what was decided from it."""

Inspect = Callable[[Fleet, Prepared], None]
"""Called with each plan before it is carried out."""


class PlanChangedError(FleetError):
    """A saved plan is not what would be done now."""


def saver(path: Path, by: str) -> Inspect:
    """Writes each plan to a file that only its owner can read."""

    def save(fleet: Fleet, prepared: Prepared) -> None:
        if not prepared.plan.failures:
            write(path, document(fleet, prepared, by=by, created=timestamp(), salt=os.urandom(16).hex()))

    return save


def checker(path: Path) -> Inspect:
    """Refuses each plan that is not the saved one.

    :raises InputError: the file can't be read, or is no plan.
    """
    saved = read(path)

    def check(fleet: Fleet, prepared: Prepared) -> None:
        found = changes(saved, fleet, prepared)
        if found:
            more = f"; and {len(found) - CHANGES_SHOWN} more" if len(found) > CHANGES_SHOWN else ""
            raise PlanChangedError(
                f"the plan of {saved['created']} does not hold any more: {'; '.join(found[:CHANGES_SHOWN])}{more}",
                object=f"Application {prepared.spec.tenant}/{prepared.spec.name}",
                next_step="Nothing was written. Look at what changed and make a new plan",
            )

    return check


def document(fleet: Fleet, prepared: Prepared, *, by: str, created: str, salt: str) -> dict[str, Any]:
    """The plan as plain data without secrets. Pure."""
    clusters = prepared.plan.clusters
    shown = {name: cluster_result(plan, None) for name, plan in clusters.items()}
    return {
        "kind": "navarch.fleet plan",
        "schemaVersion": SCHEMA,
        "created": created,
        "by": by,
        "hub": prepared.owner.hub,
        "application": f"{prepared.spec.tenant}/{prepared.spec.name}",
        "revision": {"number": prepared.revision.number, "new": prepared.is_new},
        "decision": _decision(prepared),
        "inputs": _inputs(fleet),
        "salt": salt,
        "sources": seal(salt, prepared.spec.source_digest),
        "content": seal(salt, _content(prepared)),
        "clusters": {name: _planned(plan) for name, plan in sorted(clusters.items())},
        "summary": delivery_lines(shown),
        "diff": [entry["prepared"] for entry in diffs(prepared.plan)],
    }


def changes(saved: Mapping[str, Any], fleet: Fleet, prepared: Prepared) -> list[str]:
    """What is not as it was when the plan was made, in words; nothing when the plan holds."""
    owner = (prepared.owner.hub, f"{prepared.spec.tenant}/{prepared.spec.name}")
    if (saved["hub"], saved["application"]) != owner:
        return [f"it is the plan of {saved['application']} in the hub {saved['hub']}"]
    found = _decision_changes(saved["decision"], _decision(prepared))
    if seal(saved["salt"], prepared.spec.source_digest) != saved["sources"]:
        found.append("the sources are others")
    elif seal(saved["salt"], _content(prepared)) != saved["content"] and not found:
        found.append("from the same sources other manifests come: placement, overrides or options are others")
    same = prepared.revision.number == saved["revision"]["number"]
    if not found and (prepared.empty or (prepared.interrupted and same)):
        # It was carried out already, or begun and interrupted: to finish it is to apply it.
        return []
    found += _input_changes(saved["inputs"], _inputs(fleet))
    if not same:
        found.append(f"revision {saved['revision']['number']} was planned, now it would be {prepared.revision.number}")
    for name in sorted({*saved["clusters"], *prepared.plan.clusters}):
        before, now = saved["clusters"].get(name), prepared.plan.clusters.get(name)
        if before is None or now is None:
            found.append(f"{name}: it was {'not ' if before is None else ''}part of the plan")
        else:
            found += [f"{name}: {text}" for text in _cluster_changes(before, now)]
    return found


def seal(salt: str, value: Any) -> str:
    """A seal of a value that can be checked and not be guessed at quickly. Pure."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.pbkdf2_hmac("sha256", text.encode(), bytes.fromhex(salt), ROUNDS).hex()


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file whole or not at all.

    :raises InputError: it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(content, handle, indent=1, sort_keys=True)
            handle.write("\n")
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"the plan can't be written: {error.strerror}", object=str(path), next_step="Correct plan_file"
        ) from error


def read(path: Path) -> dict[str, Any]:
    """A saved plan.

    :raises InputError: it can't be read, or is none, or one of another version.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise InputError(f"the plan can't be read: {reason}", object=str(path), next_step="Correct plan") from error
    if not isinstance(found, dict) or found.get("kind") != "navarch.fleet plan" or found.get("schemaVersion") != SCHEMA:
        raise InputError("it is no plan of this version", object=str(path), next_step="Make a new one with plan_file")
    return found


def _decision(prepared: Prepared) -> dict[str, Any]:
    return {
        "clusters": list(prepared.decided.clusters),
        "replicas": {
            str(key): dict(sorted(counts.items())) for key, counts in sorted(prepared.decided.replicas.items())
        },
    }


def _inputs(fleet: Fleet) -> dict[str, Any]:
    found = {}
    for name, member in sorted(fleet.members.items()):
        facts = scheduling_cluster(member)
        found[name] = {key: facts.get(key) for key in INPUTS}
    return found


def _content(prepared: Prepared) -> list[Any]:
    return [prepared.spec.to_dict(), prepared.revision.digest, sorted(prepared.surveys)]


def _planned(plan: ClusterPlan) -> dict[str, Any]:
    parent = plan.parent
    return {
        "error": plan.error.kind if plan.error else None,
        "waits": bool(plan.waits),
        "leaving": plan.leaving,
        "epoch": parent.epoch if parent else None,
        "steps": {str(step.identity): _step(step) for step in plan.actions},
        "unchanged": len(plan.steps) - len(plan.actions),
    }


def _step(step: Step) -> dict[str, Any]:
    return {"operation": step.operation.value, "live": _signature(step.before)}


def _signature(live: Manifest | None) -> dict[str, Any] | None:
    """What tells whether somebody changed an object, other than its status. No value of it is in here."""
    if live is None:
        return None
    metadata = live["metadata"]
    entries = [
        [entry.get("manager"), entry.get("operation"), entry.get("subresource") or "", entry.get("time")]
        for entry in _writers(live)
    ]
    version = None if "status" in live else metadata.get("resourceVersion")
    return {"uid": metadata.get("uid"), "version": version, "generation": metadata.get("generation"),
            "writers": digest(entries)}  # fmt: skip


def _writers(live: Manifest) -> list[Mapping[str, Any]]:
    entries = live["metadata"].get("managedFields") or []
    return [entry for entry in entries if entry.get("subresource") != "status"]


def _last_writer(live: Manifest) -> str:
    last = max(_writers(live), key=lambda entry: str(entry.get("time") or ""), default=None)
    return f", last by {last.get('manager')} at {last.get('time')}" if last is not None else ""


def _decision_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = []
    if before["clusters"] != now["clusters"]:
        found.append(f"the decision was {', '.join(before['clusters'])} and is {', '.join(now['clusters'])}")
    for text in sorted({*before["replicas"], *now["replicas"]}):
        one, other = before["replicas"].get(text), now["replicas"].get(text)
        if one != other:
            found.append(f"the decision for {Identity.parse(text).label} was {_counts(one)} and is {_counts(other)}")
    return found


def _counts(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name} {count}" for name, count in (counts or {}).items()) or "nothing"


def _input_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"{name}: it left the registry"
        elif name not in before:
            yield f"{name}: it joined the registry"
        else:
            differing = [key for key in INPUTS if before[name].get(key) != now[name].get(key)]
            if differing:
                yield f"{name}: other {', '.join(differing)} in the registry"


def _cluster_changes(before: Mapping[str, Any], plan: ClusterPlan) -> Iterable[str]:
    now = _planned(plan)
    if before["error"] != now["error"]:
        yield str(plan.error) if plan.error else "it answers now"
    for key, words in (("waits", "it waits for its adoption"), ("leaving", "the application leaves it")):
        if before[key] != now[key]:
            yield f"{words} {'now' if now[key] else 'no more'}"
    if before["epoch"] != now["epoch"]:
        yield f"another play wrote there (epoch {before['epoch']}, now {now['epoch']})"
    steps = {str(step.identity): step for step in plan.steps}
    for text in sorted({*before["steps"], *now["steps"]}):
        yield from _step_changes(text, before["steps"].get(text), now["steps"].get(text), steps.get(text))


def _step_changes(
    text: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, step: Step | None
) -> Iterable[str]:
    label = Identity.parse(text).label
    live = step.before if step is not None else None
    writer = _last_writer(live) if live is not None else ""
    if before is None or now is None or before["operation"] != now["operation"]:
        was = before["operation"] if before else "nothing"
        would = now["operation"] if now else "nothing"
        yield f"{label}: {was} was planned, now it would be {would}{writer}"
    elif before["live"] != now["live"]:
        yield f"{label} was changed{writer}"
