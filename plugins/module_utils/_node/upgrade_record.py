# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of an upgrade, kept in the cluster: any controller sees how far it is, pauses it, or goes on with it.

A ConfigMap with one key per Node, so that hosts of one batch do not write over each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from . import kubectl
from .errors import NodeError

NAMESPACE, NAME = "kube-system", "navarch-upgrade"
_NODE = "node."
_LONGEST = 500


class State(Enum):
    """How an upgrade stands."""

    NONE = ""
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class Progress(Enum):
    """How far one Node is."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Record:
    """What is written down of an upgrade."""

    state: State
    origin: str
    """The version that it began with."""
    target: str
    nodes: Mapping[str, str]
    """By Node: a word of `Progress`, then when or why."""

    def failed(self) -> list[str]:
        return sorted(name for name, text in self.nodes.items() if text.startswith(Progress.FAILED.value))

    def to_dict(self) -> dict[str, object]:
        return {"state": self.state.value, "from": self.origin, "to": self.target, "nodes": dict(self.nodes)}


def read() -> Record:
    """The record; an empty one if there never was an upgrade."""
    found = kubectl.get("configmap", NAME, NAMESPACE) or {}
    data: Mapping[str, str] = found.get("data") or {}
    nodes = {key[len(_NODE) :]: text for key, text in data.items() if key.startswith(_NODE)}
    return Record(State(data.get("state", "")), data.get("from", ""), data.get("to", ""), nodes)


def begin(record: Record, origin: str, target: str) -> None:
    """Begin an upgrade, or go on with one that was paused or interrupted; what failed before is tried again, and holds nobody up."""
    fields: dict[str, str | None] = {
        "state": State.RUNNING.value,
        **{f"{_NODE}{name}": None for name in record.failed()},
    }
    if record.state in (State.NONE, State.FINISHED) or record.target != target:
        # What is left of an earlier upgrade goes.
        fields.update({f"{_NODE}{name}": None for name in record.nodes})
        fields.update({"from": origin, "to": target, "began": _now(), "ended": None})
    _write(record, fields)


def pause(record: Record) -> None:
    """No further Node begins, whoever runs the upgrade."""
    _write(record, {"state": State.PAUSED.value})


def finish(record: Record) -> None:
    """All Nodes are done."""
    _write(record, {"state": State.FINISHED.value, "ended": _now()})


def take_turn(record: Record, node: str, tolerated: int) -> None:
    """Let a Node begin, unless the upgrade is paused or too many failed.

    A Node that failed before may try again.
    """
    if record.state is State.PAUSED:
        raise NodeError(
            f"The upgrade to {record.target} is paused, and {node} was not touched.", "Run the upgrade again to go on."
        )
    others = [name for name in record.failed() if name != node]
    if len(others) > tolerated:
        reason = record.nodes[others[0]].removeprefix(Progress.FAILED.value).strip().rstrip(".")
        raise NodeError(
            f"{node} was not touched, because the upgrade failed on {', '.join(others)}: {reason}.",
            "Mend that, then run the upgrade again.",
        )
    _write(record, {f"{_NODE}{node}": f"{Progress.BEGUN.value} {_now()}"})


def note(record: Record, node: str, progress: Progress, reason: str) -> None:
    """Write down how a Node came out."""
    _write(record, {f"{_NODE}{node}": f"{progress.value} {reason[:_LONGEST] or _now()}"})


def _write(record: Record, fields: Mapping[str, str | None]) -> None:
    if record.state is State.NONE and not record.target:
        kubectl.try_kubectl(["--namespace", NAMESPACE, "create", "configmap", NAME])
    patch = json.dumps({"data": fields})
    kubectl.kubectl(["--namespace", NAMESPACE, "patch", "configmap", NAME, "--type", "merge", "--patch", patch])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
