# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules carried out: time rules that are due set replicas of applications and bounds of machine sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .._delivery.application import Actor, Settings
from .._delivery.report import aligned
from .._delivery.scale import rescale
from .._kube.errors import ConflictError, FleetError, InputError
from .._registry.hub import Hub
from .._registry.lease import hold
from .._registry.member import format_time, parse_time
from .._registry.names import CONFIGMAPS, MANAGED_BY_LABEL, MANAGER
from .._scheduling.time_rules import Due, Evaluation, Rule, evaluate
from .describe import Wish, bring_to

if TYPE_CHECKING:
    from typing import Any

RECORD = "navarch-schedules"
"""ConfigMap of the hub: by target, the start that was acted on last."""

LEASE = "schedule"
_KEY = "acted"
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one rule that was due."""

    due: Due
    changed: bool = False
    notes: tuple[str, ...] = ()
    error: FleetError | None = None


def run_schedules(
    hub: Hub, rules: Sequence[Rule], now: datetime, settings: Settings, actor: Actor, *, check: bool
) -> dict[str, Any]:
    """Act on what is due; the module's return values.

    :param check: say what would be done.
    """
    evaluation = evaluate(rules, now, _acted(hub))
    if check or not evaluation.due:
        return _report(rules, evaluation, [_act(hub, due, settings, actor, check=True) for due in evaluation.due])
    with hold(
        hub.session, LEASE, namespace=hub.namespace, holder=actor.holder, who=actor.who, where=actor.where
    ) as lock:
        # Another run may have acted while the lease was waited for.
        evaluation = evaluate(rules, now, _acted(hub))
        done = []
        for due in evaluation.due:
            lock.check()
            found = _act(hub, due, settings, actor, check=False)
            if found.error is None:
                _remember(hub, due)
            done.append(found)
    return _report(rules, evaluation, done)


def _act(hub: Hub, due: Due, settings: Settings, actor: Actor, *, check: bool) -> Done:
    rule, target = due.rule, due.rule.target
    try:
        if target.machine_set:
            bounds = {"min_replicas": rule.min_replicas, "max_replicas": rule.max_replicas}
            given = {name: count for name, count in bounds.items() if count is not None}
            return Done(due, bool(bring_to(hub, Wish(target.machine_set, given=given), check=check)["changed"]))
        result = rescale(
            hub, target.tenant, target.application, {target.workload: rule.replicas},
            actor=actor, settings=settings, check=check, note=f"schedule {rule.name}: {rule.sets}",
        )  # fmt: skip
    except FleetError as error:
        return Done(due, error=error)
    if result.failed:
        return Done(due, result.changed, result.warnings, result.error or FleetError(result.message))
    return Done(due, result.changed, result.warnings)


def _acted(hub: Hub) -> dict[str, datetime]:
    return {target: parse_time(start) for target, start in _document(_record(hub)).items()}


def _record(hub: Hub) -> dict[str, Any] | None:
    return hub.session.get(CONFIGMAPS, RECORD, hub.namespace)


def _document(record: Mapping[str, Any] | None) -> dict[str, str]:
    try:
        found = json.loads(((record or {}).get("data") or {}).get(_KEY) or "{}")
    except ValueError as error:
        raise InputError(
            f"ConfigMap {RECORD} is damaged", cluster="hub", next_step=f"Correct or delete it: key {_KEY} is no JSON"
        ) from error
    return dict(found)


def _remember(hub: Hub, due: Due) -> None:
    for attempt in range(_TRIES):
        record = _record(hub)
        document = {**_document(record), due.rule.target.key: format_time(due.start)}
        metadata = {"name": RECORD, "namespace": hub.namespace, "labels": {MANAGED_BY_LABEL: MANAGER}}
        body = record or {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        body = {**body, "data": {_KEY: json.dumps(document, sort_keys=True)}}
        try:
            if record is None:
                hub.session.create(CONFIGMAPS, body)
            else:
                hub.session.replace(CONFIGMAPS, body)
            return
        except ConflictError:
            if attempt == _TRIES - 1:
                raise


def _report(rules: Sequence[Rule], evaluation: Evaluation, done: Sequence[Done]) -> dict[str, Any]:
    acted = {each.due.rule.name: each for each in done}
    in_force = {due.rule.name: due for due in evaluation.in_force.values()}
    rows = [("RULE", "SETS", "STARTED", "NEXT", "STATE")]
    found: dict[str, dict[str, Any]] = {}
    for rule in rules:
        due, following, result = in_force.get(rule.name), evaluation.next_starts.get(rule.name), acted.get(rule.name)
        found[rule.name] = {
            "target": rule.target.key,
            "sets": rule.sets,
            "state": _state(rule, due, result),
            "started": format_time(due.start) if due else None,
            "next": format_time(following) if following else None,
            "changed": bool(result and result.changed),
            "notes": list(result.notes) if result else [],
            "error": str(result.error) if result and result.error else None,
        }
        entry = found[rule.name]
        rows.append((
            rule.name, f"{rule.target.key}: {rule.sets}", entry["started"] or "-", entry["next"] or "-",
            entry["error"] or entry["state"],
        ))  # fmt: skip
    errors = [each.error for each in done if each.error is not None]
    report: dict[str, Any] = {
        "changed": any(each.changed for each in done),
        "rules": found,
        "machine_sets": sorted(
            each.due.rule.target.machine_set for each in done if each.changed and each.due.rule.target.machine_set
        ),
        "clusters": {},
        "table": aligned(rows) if rules else ["there are no rules"],
    }
    if errors:
        text = "; ".join(map(str, errors[:5]))
        report |= {"failed": True, "msg": text, "error": errors[0].to_dict()}
    return report


def _state(rule: Rule, due: Due | None, done: Done | None) -> str:
    if rule.suspend:
        return "suspended"
    if done is not None:
        return "failed, and tried again by the next run" if done.error else "acted on now"
    return "in force" if due is not None else "waits"
