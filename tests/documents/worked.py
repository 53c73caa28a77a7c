# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Worked examples of placement: a small question, the answer, and the arithmetic to follow with a pencil."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.estimate import estimator
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.nodes import NO_CLAIM
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.quantity import format_quantity, parse_quantity
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.report import explain, table, table_lines
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    ESTIMATE_AVAILABLE,
    ESTIMATE_SUMMARY,
    ROUNDS,
    Cluster,
    Request,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

QUESTIONS = Path(__file__).with_name("worked.yml")

_HEAD = """# Placement: worked examples

One small question for each way to place, with its answer and the arithmetic. This page is written by the code that places;
`make docs` renews it, and a test fails when it is stale. The guide is [placement](placement.md).

A question has the form that `clusters`, `workloads` and `placement` of module `navarch.fleet.placement` have. Try one with
`explain: rounds`, which tells a division replica by replica.
"""


def worked_examples() -> str:
    """The page."""
    examples = yaml.safe_load(QUESTIONS.read_text())
    index = "\n".join(f"- [{each['title']}](#{_anchor(each['title'])})" for each in examples)
    return "\n".join([_HEAD, index, *(_example(each) for each in examples)]) + "\n"


def request_of(question: str) -> Request:
    """The question, asked so that it is answered in rounds."""
    data = yaml.safe_load(question)
    counted = any("resourceSummary" in cluster for cluster in data["clusters"])
    request = Request.from_dict({**data, "estimator": ESTIMATE_SUMMARY if counted else ESTIMATE_AVAILABLE})
    return replace(request, explain=ROUNDS)


def _example(example: Mapping[str, str]) -> str:
    request = request_of(example["question"])
    decision = schedule(request)
    parts = ["", f"## {example['title']}", "", example["text"].rstrip(), ""]
    parts += [*_indented(example["question"].splitlines()), ""]
    for title, lines in _steps(request, decision):
        parts += [f"**{title}**", "", *lines, ""]
    answer = [line for line in explain(decision) if line.startswith(("not placed", "placed in part", "affinity group"))]
    parts += ["**The answer**", "", *_indented([*answer, *table_lines(table(decision))])]
    return "\n".join(parts)


def _steps(request: Request, decision: Decision) -> Iterator[tuple[str, list[str]]]:
    passed = [cluster for cluster in request.clusters if decision.clusters[cluster.name].by != "filter"]
    if len(passed) < len(request.clusters):
        yield (
            "Filter",
            [
                f"- {name} is out: {verdict.reason}."
                for name, verdict in sorted(decision.clusters.items())
                if verdict.by == "filter"
            ],
        )
    if any(step["strategy"] in ("DynamicWeight", "Aggregated") for step in decision.divisions):
        yield "Room", _room(request, passed)
    if request.placement.get("scoring"):
        yield "Scores", _scores(decision, passed)
    for field in dict.fromkeys(group["field"] for group in decision.groups):
        yield f"Scores of the {field}s", _groups(request, decision, field)
    for step in decision.divisions:
        if step.get("rounds"):
            yield _division_title(step), _rounds(step)


def _room(request: Request, clusters: Sequence[Cluster]) -> list[str]:
    runs = {target.name: target.replicas for target in request.current}
    asked = request.workload.resource_request or {}
    claim = request.workload.node_claim or NO_CLAIM
    count = estimator(request.estimator, asked, unknown=request.workload.replicas or 0, claim=claim)
    head = ["cluster", *(f"{name}: free / asked" for name in asked), "pods left", "room", "runs now"]
    if request.estimator == ESTIMATE_AVAILABLE:
        head = ["cluster", "room", "runs now"]
    rows = []
    for cluster in clusters:
        counted = [str(count(cluster)), str(runs.get(cluster.name, 0))]
        summary = cluster.resource_summary
        if request.estimator == ESTIMATE_AVAILABLE or summary is None:
            rows.append([cluster.name, *counted])
            continue
        shares = [_share(name, summary.free.get(name, 0), parse_quantity(each)) for name, each in asked.items()]
        rows.append([cluster.name, *shares, str(summary.free_pods), *counted])
    return _table(head, rows)


def _share(name: str, free: int, asked: int) -> str:
    if name != "cpu" and free % (2**30 * 10**9) == 0 and asked % (2**30 * 10**9) == 0:
        unit = 2**30 * 10**9
        return f"{free // unit}Gi / {asked // unit}Gi = {free // asked}"
    return f"{format_quantity(free)} / {format_quantity(asked)} = {free // asked}"


def _scores(decision: Decision, clusters: Sequence[Cluster]) -> list[str]:
    verdicts = [decision.clusters[cluster.name] for cluster in clusters]
    scorers = list(dict.fromkeys(name for verdict in verdicts for name in verdict.scores.normalised))
    rows = [
        [
            cluster.name,
            *(_decimal(verdict.scores.normalised.get(name, 0)) for name in scorers),
            _decimal(verdict.scores.total),
        ]
        for cluster, verdict in zip(clusters, verdicts, strict=True)
    ]
    return _table(["cluster", *scorers, "weighted mean"], rows)


def _groups(request: Request, decision: Decision, field: str) -> list[str]:
    constraints = request.placement.get("spreadConstraints") or ()
    least = next((each.get("minGroups") or 1 for each in constraints if each.get("spreadByField") == field), 1)
    replicas = request.workload.replicas or 0
    share = -(-replicas // least)
    rows = []
    for group in decision.groups:
        if group["field"] == field:
            held, points = divmod(group["score"], 1000)
            worth = f"{held} x 1000 + {points} = {group['score']}"
            rows.append([group["name"], str(group["capacity"]), worth, "yes" if group["taken"] else "no"])
    return [
        f"The share of a {field} is {replicas} / {least} = {share} replicas.",
        "",
        *_table([field, "its clusters can hold", f"of {share}, in points", "taken"], rows),
    ]


def _division_title(step: Mapping[str, Any]) -> str:
    where = f" inside {step['inside']}" if "inside" in step else ""
    tier = f" of tier {step['tier']}" if "tier" in step else ""
    return f"Division{tier}{where}: {len(step['rounds'])} of {step['replicas']} replicas are handed out"


def _rounds(step: Mapping[str, Any]) -> list[str]:
    weights, rounds = step["weights"], step["rounds"]
    names = list(weights)
    won = dict.fromkeys(names, 0)
    for name, seats in (step.get("least") or {}).items():
        won[name] = seats
    rows = []
    for each in rounds:
        claims = [
            f"{weights[name]} / {2 * won[name] + 1} = {each['claims'][name]:.4g}" if name in each["claims"] else "-"
            for name in names
        ]
        rows.append([str(each["replica"]), *claims, each["to"]])
        won[each["to"]] += 1
    return _table(["replica", *(f"{name} ({weights[name]})" for name in names), "goes to"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}".rstrip() for line in lines]


def _decimal(number: float) -> str:
    return f"{number:.2f}"


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
