# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may stand in `rollout`, and everything that is wrong with it at once. Pure.

Names follow those that users know: `minSuccessTime`, `progressDeadline`, `maxFailures`, `maxConcurrency` and mandatory
groups from OCM's rollout strategy, `clusters` is Karmada's ClusterAffinity, `count`, `interval`, `failureLimit` and
`successCondition` are those of Argo's analysis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._scheduling.schema import CLUSTER_AFFINITY
from .._scheduling.validate import Problem, check, nearest
from .sandbox import sandbox

Finder = Callable[[object, str], Iterator[Problem]]
"""Finds what is wrong with a value that stands at a path."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a value: what finds its mistakes, and the same as JSON Schema for editors."""

    find: Finder
    schema: Mapping[str, Any]

    def __call__(self, value: object, path: str) -> Iterator[Problem]:
        return self.find(value, path)

    def told(self, description: str) -> Form:
        """The same with a description."""
        return replace(self, schema={**self.schema, "description": description})


DURATION = re.compile(r"^([0-9]+(?:\.[0-9]+)?[hms])+$")
_PERCENT = re.compile(r"^([0-9]{1,3})%$")
CHECK_KINDS = ("http", "prometheus", "tasks", "playbook")
UNLIMITED = "None"
"""As OCM writes a deadline that never comes."""


def validate_rollout(rollout: object, *, path: str = "rollout") -> list[Problem]:
    """All problems, those of form before those of sense; empty when it is fine."""
    problems = list(_FORM(rollout, path))
    if problems or not isinstance(rollout, Mapping):
        return problems
    return list(_contradictions(rollout, path))


def seconds_of(value: object) -> float:
    """``90``, ``90s`` or ``1m30s`` in seconds."""
    if isinstance(value, (int, float)):
        return float(value)
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)([hms])", str(value))
    return sum(float(number) * units[unit] for number, unit in parts)


def percent_of(value: object) -> int | None:
    """The 25 of ``25%``; None for what is no percentage."""
    found = _PERCENT.match(value) if isinstance(value, str) else None
    return int(found[1]) if found else None


def _object(fields: Mapping[str, Form], required: Sequence[str] = ()) -> Form:
    def find(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"expected a dictionary, not {_shown(value)}")
            return
        for name, item in value.items():
            if name not in fields:
                suggestion = nearest(str(name), list(fields))
                known = "" if suggestion else f"; known are {', '.join(fields)}"
                yield Problem(f"{path}.{name}", f"unknown field{known}", suggestion)
            elif item is not None:
                # A field set to null counts as left out, as in Kubernetes.
                yield from fields[name](item, f"{path}.{name}")
        for name in required:
            if value.get(name) is None:
                yield Problem(f"{path}.{name}", "is required")

    schema = {
        "type": "object",
        "properties": {name: dict(form.schema) for name, form in fields.items()},
        "additionalProperties": False,
        "required": list(required),
    }
    return Form(find, schema)


def _list(item: Form) -> Form:
    def find(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(path, f"expected a list, not {_shown(value)}")
            return
        for index, entry in enumerate(value):
            yield from item(entry, f"{path}[{index}]")

    return Form(find, {"type": "array", "items": dict(item.schema)})


def _choice(*allowed: str) -> Form:
    def find(value: object, path: str) -> Iterator[Problem]:
        if value not in allowed:
            yield Problem(
                path, f"expected one of {', '.join(allowed)}, not {_shown(value)}", nearest(str(value), allowed)
            )

    return Form(find, {"enum": list(allowed)})


def _find_text(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value:
        yield Problem(path, f"expected a text, not {_shown(value)}")


def _find_flag(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield Problem(path, f"expected true or false, not {_shown(value)}")


def _find_duration(value: object, path: str) -> Iterator[Problem]:
    fits = (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0) or (
        isinstance(value, str) and DURATION.match(value) is not None
    )
    if not fits:
        yield Problem(path, f"expected seconds or a duration such as 5m or 1h30m, not {_shown(value)}")


def _find_deadline(value: object, path: str) -> Iterator[Problem]:
    if value != UNLIMITED:
        yield from _find_duration(value, path)


def _whole(lowest: int) -> Form:
    def find(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
            yield Problem(path, f"expected a whole number from {lowest}, not {_shown(value)}")

    return Form(find, {"type": "integer", "minimum": lowest})


def _amount(lowest: int, highest_percent: int = 100) -> Form:
    def find(value: object, path: str) -> Iterator[Problem]:
        percent = percent_of(value)
        if percent is not None:
            if not lowest <= percent <= highest_percent:
                yield Problem(path, f"expected {lowest}% to {highest_percent}%, not {value}")
        elif not isinstance(value, int) or isinstance(value, bool) or value < lowest:
            yield Problem(path, f"expected a number from {lowest} or a percentage such as 25%, not {_shown(value)}")

    return Form(
        find, {"anyOf": [{"type": "integer", "minimum": lowest}, {"type": "string", "pattern": _PERCENT.pattern}]}
    )


def _find_clusters(value: object, path: str) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        yield from check(value, CLUSTER_AFFINITY, path)
    else:
        yield from _amount(1)(value, path)


def _find_condition(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or sandbox().names_in(value) is None:
        yield Problem(
            path, f"expected a Jinja2 expression without brackets, such as result < 0.05, not {_shown(value)}"
        )


def _find_status(value: object, path: str) -> Iterator[Problem]:
    for index, code in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
            where = f"{path}[{index}]" if isinstance(value, list) else path
            yield Problem(where, f"expected an HTTP status such as 200, not {_shown(code)}")


def _find_url(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.startswith(("http://", "https://", "[[")):
        yield Problem(path, f"expected an http or https URL, not {_shown(value)}")


def _find_waves(value: object, path: str) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        yield from _GROUPING(value, path)
    elif isinstance(value, list):
        yield from _list(_WAVE)(value, path)
    else:
        yield Problem(path, f"expected a list of waves, or byField or byLabel, not {_shown(value)}")


_TEXT = Form(_find_text, {"type": "string", "minLength": 1})
_FLAG = Form(_find_flag, {"type": "boolean"})
_DURATION_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": DURATION.pattern}]}
_DURATION = Form(_find_duration, _DURATION_SCHEMA)
_DEADLINE = Form(_find_deadline, {"anyOf": [*_DURATION_SCHEMA["anyOf"], {"enum": [UNLIMITED]}]})
_CLUSTERS = Form(_find_clusters, {"anyOf": [dict(CLUSTER_AFFINITY), *_amount(1).schema["anyOf"]]})
_CONDITION = Form(_find_condition, {"type": "string", "minLength": 1})
_CODE = {"type": "integer", "minimum": 100, "maximum": 599}
_STATUS = Form(_find_status, {"anyOf": [_CODE, {"type": "array", "items": _CODE}]})
_URL = Form(_find_url, {"type": "string", "pattern": r"^(https?://|\[\[)"})

_CHECK = _object(
    {
        "name": _TEXT.told("For people; the kind and its number when left out."),
        "count": _whole(1).told("How often it is measured; once when left out."),
        "interval": _DURATION.told("Between measurements; 10 s when left out."),
        "failureLimit": _whole(0).told("How many measurements may fail."),
        "http": _object(
            {"url": _URL, "status": _STATUS, "successCondition": _CONDITION, "timeout": _DURATION, "insecure": _FLAG},
            required=("url",),
        ),
        "prometheus": _object(
            {"address": _URL, "query": _TEXT, "successCondition": _CONDITION, "timeout": _DURATION, "insecure": _FLAG},
            required=("address", "query", "successCondition"),
        ),
        "tasks": _TEXT.told("A task file of yours, included in the play."),
        "playbook": _TEXT.told("A playbook of yours, run beside the play."),
        "timeout": _DURATION.told("Of tasks and playbook: so long other plays are kept off; 5m when left out."),
    }
)
_WAVE = _object(
    {
        "name": _TEXT,
        "clusters": _CLUSTERS.told("A ClusterAffinity, a number, or a percentage; what is left, in the last wave."),
        "mandatory": _FLAG.told("Nothing in this wave may fail."),
        "canary": _amount(1, 99).told("How many pods of a workload come first."),
        "minSuccessTime": _DURATION.told("How long this wave has to stay healthy."),
        "pause": _FLAG.told("Wait for a person after this wave."),
    },
    required=("name",),
)
_GROUPING = _object({"byField": _choice("provider", "region", "zone"), "byLabel": _TEXT, "order": _list(_TEXT)})
_FORM = _object(
    {
        "strategy": _choice("all", "waves").told("waves where there are some, else all: one wave with everything."),
        "waves": Form(_find_waves, {"anyOf": [{"type": "array", "items": _WAVE.schema}, _GROUPING.schema]}),
        "canary": _amount(1, 99).told("How many pods of a workload come first, in every wave that does not say."),
        "maxConcurrency": _amount(1).told("Clusters of a wave that go at once."),
        "minSuccessTime": _DURATION.told("How long a step has to stay healthy."),
        "progressDeadline": _DEADLINE.told("How long a cluster may take to become healthy."),
        "maxFailures": _amount(0).told("Clusters that may fail, over all waves."),
        "checks": _list(_CHECK).told("After each step, for its clusters."),
        "onFailure": _choice("pause", "rollback").told("rollback when left out."),
    }
)

ROLLOUT: Mapping[str, Any] = {
    **_FORM.schema,
    "description": "How a new revision goes over the clusters; empty is everywhere at once.",
}
"""The same as JSON Schema, for editors."""


def _contradictions(rollout: Mapping[str, Any], path: str) -> Iterator[Problem]:
    waves = rollout.get("waves")
    if rollout.get("strategy") == "all" and waves:
        yield Problem(f"{path}.waves", "strategy all has no waves; leave the strategy out, or say waves")
    if rollout.get("strategy") == "waves" and not waves:
        yield Problem(f"{path}.waves", "is required by strategy waves")
    if isinstance(waves, Mapping) and (waves.get("byField") is None) == (waves.get("byLabel") is None):
        yield Problem(f"{path}.waves", "expected one of byField and byLabel")
    if isinstance(waves, list):
        yield from _wave_contradictions(waves, f"{path}.waves")
    for index, entry in enumerate(rollout.get("checks") or []):
        yield from _check_contradictions(entry, f"{path}.checks[{index}]")


def _wave_contradictions(waves: Sequence[Mapping[str, Any]], path: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, wave in enumerate(waves):
        if wave["name"] in seen:
            yield Problem(f"{path}[{index}].name", f"there is another wave {wave['name']}")
        seen.add(wave["name"])
        if wave.get("clusters") is None and index < len(waves) - 1:
            yield Problem(f"{path}[{index}].clusters", "only the last wave may leave it out, and takes what is left")


def _check_contradictions(entry: Mapping[str, Any], path: str) -> Iterator[Problem]:
    kinds = [kind for kind in CHECK_KINDS if entry.get(kind) is not None]
    if len(kinds) != 1:
        yield Problem(path, f"expected exactly one of {', '.join(CHECK_KINDS)}, not {', '.join(kinds) or 'none'}")
    elif kinds[0] in ("tasks", "playbook"):
        for name in ("count", "interval", "failureLimit"):
            if entry.get(name) is not None:
                yield Problem(
                    f"{path}.{name}", f"is for http and prometheus; {kinds[0]} repeats by itself if it wants to"
                )
    elif entry.get("timeout") is not None:
        yield Problem(f"{path}.timeout", f"belongs inside {kinds[0]}")
    limit, count = entry.get("failureLimit") or 0, entry.get("count") or 1
    if limit >= count:
        yield Problem(f"{path}.failureLimit", f"has to be less than count, which is {count}, or the check can't fail")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
