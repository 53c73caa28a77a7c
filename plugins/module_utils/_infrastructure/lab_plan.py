# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is, what was seen of it, and what has to be done: data and pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from . import kwok, lab_nodes, processes
from .kwokctl import Cluster
from .lab_nodes import Member


class State(StrEnum):
    """What a lab can be asked to be."""

    PRESENT = "present"
    STOPPED = "stopped"
    ABSENT = "absent"


class Act(StrEnum):
    """What may have to be done to one cluster, or to the lab as a whole."""

    CREATE = "create"
    REPLACE = "replace"
    RELINK = "relink"
    START = "start"
    STOP = "stop"
    REMOVE = "remove"
    NODES = "nodes"
    KUBECONFIG = "kubeconfig"
    LIST = "list"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and why; `cluster` is empty for the lab as a whole."""

    cluster: str
    act: Act
    reason: str


@dataclass(frozen=True, slots=True)
class Lab:
    """What is wanted: where, of what, and which clusters."""

    directory: Path
    """Absolute and without symbolic links: processes are recognised by it."""
    clusters: tuple[Member, ...]
    """The first one is the hub."""
    binaries: Mapping[str, str]
    version: str
    """What the nodes say that their kubelet is."""
    timeout: float = 180.0
    """Seconds in which all clusters have to be ready."""

    @property
    def list_file(self) -> Path:
        return self.directory / "clusters.yml"

    @property
    def lock_file(self) -> Path:
        return self.directory / ".lock"

    def cluster(self, name: str) -> Cluster:
        """The cluster of this name in this lab."""
        return Cluster(self.directory, name)


@dataclass(frozen=True, slots=True)
class Seen:
    """One cluster as it was found."""

    exists: bool = False
    installed: kwok.Installation | None = None
    alive: Mapping[str, processes.Process] = field(default_factory=dict)
    nodes: Sequence[Mapping[str, object]] | None = None
    """None where nobody answers."""
    taken: Sequence[int] = ()
    unlinked: Sequence[str] = ()
    has_kubeconfig: bool = False

    @property
    def state(self) -> str:
        """One word for people."""
        if self.installed is None:
            return "partial" if self.exists or self.alive else "absent"
        working = [name for name in kwok.COMPONENTS if name in self.alive and not self.alive[name].frozen]
        if len(working) == len(kwok.COMPONENTS) and self.nodes is not None:
            return "running"
        return "degraded" if self.alive else "stopped"


@dataclass(frozen=True, slots=True)
class LabSeen:
    """A lab as it was found."""

    clusters: Mapping[str, Seen]
    listed: bool
    """The list of members is there and right."""
    leftovers: bool
    """Files of ours are there, whatever becomes of the clusters."""


def plan(lab: Lab, seen: LabSeen, state: State) -> tuple[Step, ...]:
    """What has to be done so that the lab is what it should be; nothing when it is."""
    if state is State.ABSENT:
        steps = [
            Step(name, Act.REMOVE, "the lab goes")
            for name, cluster in seen.clusters.items()
            if cluster.state != "absent"
        ]
        return (*steps, Step("", Act.CLEAR, "the lab goes")) if steps or seen.leftovers else ()
    if state is State.STOPPED:
        return tuple(
            Step(name, Act.STOP, f"{', '.join(sorted(cluster.alive))} running")
            for name, cluster in seen.clusters.items()
            if cluster.alive
        )
    wanted = {member.name: member for member in lab.clusters}
    steps = [step for name, cluster in seen.clusters.items() for step in _steps(lab, wanted.get(name), name, cluster)]
    if not seen.listed:
        steps.append(Step("", Act.LIST, f"{lab.list_file.name} does not name these members"))
    return tuple(steps)


def member_list(lab: Lab) -> str:
    """The input of the join playbook: the members, without the hub."""
    lines = ["# Members of the lab, as navarch.fleet.join reads them."]
    lines.append("join_clusters:" if lab.clusters[1:] else "join_clusters: []")
    for member in lab.clusters[1:]:
        lines += [
            f"  - name: {json.dumps(member.name)}",
            f"    kubeconfig: {json.dumps(str(lab.cluster(member.name).kubeconfig))}",
            f"    provider: {json.dumps(member.provider)}",
            f"    region: {json.dumps(member.region)}",
            f"    zones: {json.dumps(list(member.zones))}",
            f"    labels: {json.dumps(dict(member.labels or {}))}",
        ]
    return "\n".join(lines) + "\n"


def all_ready(nodes: Sequence[Mapping[str, object]] | None, count: int) -> bool:
    """Whether at least this many nodes say that they are Ready."""
    return nodes is not None and sum(_is_ready(node) for node in nodes) >= count


def _steps(lab: Lab, member: Member | None, name: str, seen: Seen) -> list[Step]:
    """The steps for one cluster of a lab that is to be present."""
    if member is None:
        return [Step(name, Act.REMOVE, "it is no member of the lab any more")]
    wanted = lab_nodes.nodes(member, lab.version)
    if seen.installed is None:
        first = (
            Step(name, Act.CREATE, "it does not exist")
            if seen.state == "absent"
            else Step(name, Act.REPLACE, "an earlier attempt left it half made")
        )
        return [
            first,
            *_nodes_step(name, wanted, f"{len(wanted)} to create"),
            Step(name, Act.KUBECONFIG, "for the new cluster"),
        ]
    steps = []
    if seen.unlinked:
        steps.append(Step(name, Act.RELINK, f"other binaries for {', '.join(seen.unlinked)}"))
    if seen.unlinked or seen.state != "running":
        # What its nodes look like is known when it runs: the step compares then, and does what is left.
        steps += [Step(name, Act.START, _why_start(seen)), *_nodes_step(name, wanted, "to be compared once it runs")]
    elif any(lab_nodes.drifted(wanted, seen.nodes or ())) or not all_ready(seen.nodes, len(wanted)):
        steps.append(Step(name, Act.NODES, "they are not as described"))
    if seen.taken or not seen.has_kubeconfig:
        steps.append(Step(name, Act.KUBECONFIG, "missing or outdated"))
    return steps


def _nodes_step(name: str, wanted: Sequence[object], reason: str) -> list[Step]:
    return [Step(name, Act.NODES, reason)] if wanted else []


def _why_start(seen: Seen) -> str:
    down = [name for name in kwok.COMPONENTS if name not in seen.alive]
    frozen = [name for name in kwok.COMPONENTS if name in seen.alive and seen.alive[name].frozen]
    parts = [f"{', '.join(names)} {what}" for names, what in ((down, "not running"), (frozen, "frozen")) if names]
    if seen.taken:
        parts.append(f"port {', '.join(map(str, seen.taken))} taken by another program, so it moves")
    return "; ".join(parts) or ("to run the new binaries" if seen.unlinked else "the API server does not answer")


def _is_ready(node: Mapping[str, object]) -> bool:
    status = node.get("status")
    conditions = status.get("conditions") if isinstance(status, Mapping) else None
    return any(
        isinstance(item, Mapping) and item.get("type") == "Ready" and item.get("status") == "True"
        for item in conditions or ()
    )
