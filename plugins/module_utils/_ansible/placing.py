# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``placement``: its options to a question, the answer to its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._kube.errors import InputError
from .._scheduling.application import Application, ApplicationDecision
from .._scheduling.decision import Failure
from .._scheduling.errors import RequestError
from .._scheduling.estimate import Taken
from .._scheduling.feasibility import Feasibility, Grown, place_with_growth
from .._scheduling.maintenance import parse_moment
from .._scheduling.neighbours import Neighbour, parse_neighbours
from .._scheduling.report import application_table, explain_application, groups_in_short, table_lines
from .._scheduling.request import (
    CLUSTER_FIELDS,
    ESTIMATE_AVAILABLE,
    ESTIMATE_SUMMARY,
    Cluster,
    Target,
    Workload,
    parse_clusters,
)
from .._scheduling.unmatched import unmatched
from .._scheduling.validate import Problem, nearest, validate_placement

if TYPE_CHECKING:
    from typing import Any

    from .._delivery.promises import Promise
    from .._registry.hub import Hub
    from .._registry.member import Member


def decide(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """The results of the module; ``failed`` among them when nothing fits and that was not allowed."""
    refuse(validate_placement(params["placement"]))
    try:
        clusters = given_clusters(params["clusters"]) if params["clusters"] is not None else None
        workloads = [given_workload(each) for each in params["workloads"]]
        identity, neighbours = given_identity(params["application"]), given_neighbours(params["neighbours"])
        now = given_moment(params["now"])
    except RequestError as error:
        raise InputError(str(error), next_step="Correct it in the input") from error
    _refuse_twice(workloads)
    promises: Sequence[Promise] = ()
    if clusters is None:
        clusters, known, promises = _members(params, identity, check_mode=check_mode)
        neighbours = known if neighbours is None else neighbours
    application = Application(
        clusters=clusters,
        placement=params["placement"],
        workloads=tuple(workloads),
        current={
            workload.key: given_current(each) for workload, each in zip(workloads, params["workloads"], strict=True)
        },
        evicting=tuple(params["evicting"]),
        observed_affinity=params["observed_affinity"],
        trigger=params["trigger"],
        estimator=params["estimator"] or estimator_for(clusters),
        now=now,
        identity=identity,
        neighbours=neighbours or (),
        compatibility=params["compatibility"],
        explain=params["explain"],
    )
    strays = [str(problem) for problem in unmatched(params["placement"], clusters)]

    def ask(clusters: tuple[Cluster, ...]) -> Application:
        return replace(application, clusters=clusters, taken=_taken(promises, clusters))

    return _results(place_with_growth(ask, clusters), strays, must_fit=params["must_fit"])


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that names all problems."""
    if problems:
        count = f"{len(problems)} problems in the placement: " if len(problems) > 1 else ""
        raise InputError(
            count + "; ".join(map(str, problems)), next_step="Nothing was asked of any cluster; correct the placement"
        )


def _taken(promises: Sequence[Promise], clusters: tuple[Cluster, ...]) -> Mapping[str, Taken]:
    if not promises:
        return {}
    from .._delivery.promises import taken_by

    return taken_by(promises, clusters)


def _results(grown: Grown, strays: list[str], *, must_fit: bool) -> dict[str, Any]:
    decision = grown.decision
    failure, selection = decision.error, decision.selection
    rows = application_table(decision)
    partial = {key: each.partial.to_dict() for key, each in decision.workloads.items() if each.partial is not None}
    return {
        "changed": False,
        "targets": {key: each.replicas for key, each in decision.workloads.items()},
        "clusters": {name: verdict.to_dict() for name, verdict in selection.clusters.items()},
        "chosen": [] if failure else list(decision.clusters),
        "without_replicas": {name: list(keys) for name, keys in decision.without_replicas.items()},
        "partial": partial,
        "feasibility": grown.feasibility.to_dict(),
        "table": rows,
        "lines": table_lines(rows),
        "groups": groups_in_short(selection),
        "explanation": explain_application(decision),
        "decision": decision.to_dict(),
        "error": failure and failure.to_dict(),
        "unmatched": strays,
        **({"failed": True, "msg": _message(decision, failure, grown.feasibility)} if failure and must_fit else {}),
    }


def _message(decision: ApplicationDecision, failure: Failure, feasibility: Feasibility) -> str:
    """Why nothing was placed; of one workload, which."""
    keys = list(decision.workloads)
    alone = len(keys) == 1 and keys[0] not in failure.message
    message = f"{keys[0]}: {failure.message}" if alone else failure.message
    return f"{message}; {feasibility}" if feasibility.limits else message


def given_clusters(clusters: Sequence[Mapping[str, Any]]) -> tuple[Cluster, ...]:
    """The clusters of an option; RequestError for a field that is not known."""
    for index, cluster in enumerate(clusters):
        for field in cluster:
            if field not in CLUSTER_FIELDS:
                meant = nearest(field, CLUSTER_FIELDS)
                hint = f" (did you mean {meant}?)" if meant else f"; known are {', '.join(CLUSTER_FIELDS)}"
                raise RequestError(f"clusters[{index}].{field}", f"unknown field{hint}")
    return parse_clusters(clusters)


def estimator_for(given: Sequence[Cluster] | None) -> str:
    """Who gives clusters without facts means them to be believed."""
    if given and all(cluster.resource_summary is None and cluster.nodes is None for cluster in given):
        return ESTIMATE_AVAILABLE
    return ESTIMATE_SUMMARY


def given_identity(data: Mapping[str, Any] | None) -> Neighbour:
    """Whose workloads they are."""
    return Neighbour.from_dict({name: value for name, value in (data or {}).items() if value is not None})


def given_neighbours(data: Sequence[Mapping[str, Any]] | None) -> tuple[Neighbour, ...] | None:
    """The other applications of an option; None when it was left out."""
    return None if data is None else parse_neighbours(data)


def given_moment(text: str | None) -> str:
    """The time that the decision is for, now by default."""
    if text is None:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        parse_moment(text)
    except ValueError:
        raise RequestError("now", f"{text!r} is no time such as 2026-11-28T22:00:00Z") from None
    return text


def _members(
    params: Mapping[str, Any], identity: Neighbour, *, check_mode: bool
) -> tuple[tuple[Cluster, ...], tuple[Neighbour, ...], Sequence[Promise]]:
    """The members of the registry, their facts fresh, the other applications of the hub, and what was promised lately."""
    from .._delivery.promises import promised
    from .._delivery.surroundings import look_around
    from .._registry.members import list_members, open_sessions
    from .._registry.scheduling import scheduling_cluster
    from .hub import open_hub

    hub, placement = open_hub(params), params["placement"]
    members = fresh_members(hub, list_members(hub, names=params["names"]), params, check_mode=check_mode)
    ready = [name for name, member in members.items() if member.ready] if placement.get("dataLocality") else []
    sessions = open_sessions(hub, ready).ready if ready else {}
    around = look_around(hub, sessions, placement, identity.tenant)
    facts = [
        {**scheduling_cluster(member), "holds": sorted(around.holds.get(name, ()))} for name, member in members.items()
    ]
    clusters = parse_clusters(facts)
    return clusters, around.neighbours, promised(hub, members, identity.tenant)


def fresh_members(
    hub: Hub, members: Mapping[str, Member], params: Mapping[str, Any], *, check_mode: bool
) -> Mapping[str, Member]:
    """The members with facts of the age that was asked for; in check mode they are read and not recorded."""
    from .._registry.probe import observed_member, probe, refresh
    from .hub import play_identity

    observer, deadline, age = play_identity(None).place, params["deadline"], params["facts_age"]
    if not check_mode:
        return refresh(hub, members, observer=observer, older_than=age, deadline=deadline)
    now = datetime.now(UTC)
    old = {name: member for name, member in members.items() if member.observed_seconds_ago(now) > age}
    seen = probe(hub, old, observer=observer, deadline=deadline) if old else {}
    return {name: observed_member(member, seen[name]) if name in seen else member for name, member in members.items()}


def given_workload(data: Mapping[str, Any]) -> Workload:
    """A workload of an option, with a uid that breaks ties in the same way every time."""
    workload = Workload.from_dict(data)
    if workload.uid:
        return workload
    return Workload.from_dict({**data, "uid": f"{workload.namespace}/{workload.name}/{workload.kind}/{workload.name}"})


def given_current(data: Mapping[str, Any]) -> tuple[Target, ...]:
    """Where a workload of an option runs."""
    targets = []
    for name, replicas in sorted(data["current"].items()):
        try:
            targets.append(Target(name, int(replicas)))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"workloads: current.{name} of {data['name']}: expected a number, not {replicas!r}"
            ) from error
    return tuple(targets)


def _refuse_twice(workloads: Sequence[Workload]) -> None:
    seen: set[str] = set()
    for workload in workloads:
        if workload.key in seen:
            raise InputError(f"workloads: {workload.key} is given twice", next_step="Give each workload once")
        seen.add(workload.key)
