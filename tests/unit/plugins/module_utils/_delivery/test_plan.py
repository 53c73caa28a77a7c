# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: pure data, one reasoned step per object."""

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Owner
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.applyset import Parent, Trace
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.digest import digest
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.manifests import Marks, marked
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.plan import (
    Assessment,
    ClusterPlan,
    FieldConflict,
    Operation,
    Plan,
    Preview,
    Verdict,
    assess,
    prune_step,
    settles,
    step_for,
)

OWNER = Owner("hub-1", "default", "shop")
MARKS = Marks(OWNER.text, OWNER.applyset)
WANTED = marked(
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}, "data": {"x": "1"}}, MARKS
)
IDENTITY = identify(WANTED)


def live(**changes: object) -> dict:
    fields = [{"manager": "navarch", "operation": "Apply", "fieldsV1": {"f:data": {"f:x": {}}}}]
    metadata = {**WANTED["metadata"], "resourceVersion": "5", "uid": "u", "managedFields": fields}
    return {**WANTED, "metadata": metadata, **changes}


def owned_by(text: str | None) -> dict:
    found = live()
    annotations = {"fleet.navarch.dev/owner": text} if text else {}
    return {**found, "metadata": {**found["metadata"], "annotations": annotations}}


def written(**changes: object) -> dict:
    """By somebody, since."""
    found = live(**changes)
    return {**found, "metadata": {**found["metadata"], "resourceVersion": "6"}}


TRACE = Trace.of(digest(WANTED), live())


def assessed(
    wanted: dict,
    found: dict | None,
    trace: Trace | None,
    implied: set | tuple = (),
    refusal: str | None = "it is not ours",
    sheds: tuple = (),
) -> Assessment:
    return assess(wanted, found, trace, OWNER, implied, refusal=lambda _live: refusal, sheds=lambda _live: sheds)


@pytest.mark.parametrize(
    ("found", "trace", "verdict"),
    [
        (None, None, Verdict.ABSENT),
        (live(), TRACE, Verdict.SAME),
        (live(), None, Verdict.MAY_DIFFER),
        (live(), Trace("older", TRACE.seen, TRACE.stamp), Verdict.MAY_DIFFER),
        (written(), TRACE, Verdict.SAME),
        (written(data={"x": "2"}), TRACE, Verdict.MAY_DIFFER),
        (owned_by(None), TRACE, Verdict.FOREIGN),
        (owned_by("hub-1/default/rival"), TRACE, Verdict.FOREIGN),
    ],
)
def test_marks_and_digests_tell_what_needs_a_question(
    found: dict | None, trace: Trace | None, verdict: Verdict
) -> None:
    assert assessed(WANTED, found, trace).verdict is verdict


def test_a_namespace_that_nobody_asked_for_stays_whose_it_is() -> None:
    assert assessed(WANTED, owned_by(None), None, implied={IDENTITY}).verdict is Verdict.SAME


def step(found: dict | None, preview: Preview | None, refusal: str | None = "it is not ours", sheds: tuple = ()):
    return step_for(found, WANTED, assessed(WANTED, found, None, refusal=refusal, sheds=sheds), preview)


def test_a_foreign_object_is_a_conflict_and_nothing_is_asked() -> None:
    found = step(owned_by("hub-1/default/rival"), None, "it belongs to hub-1/default/rival")
    assert found.operation is Operation.CONFLICT
    assert "hub-1/default/rival" in found.reason


def test_a_foreign_object_is_taken_over_when_told_to() -> None:
    found = step(owned_by(None), Preview(WANTED, after=live()), None, ("kubectl-client-side-apply",))
    assert found.operation is Operation.UPDATE
    assert found.sheds == ("kubectl-client-side-apply",)
    assert "kubectl-client-side-apply" in found.reason


def test_a_takeover_that_was_interrupted_is_finished_although_no_value_differs() -> None:
    found = step(live(), Preview(WANTED, after=live()), None, ("helm",))
    assert (found.operation, found.sheds) == (Operation.UPDATE, ("helm",))


def test_what_the_server_would_not_change_is_unchanged() -> None:
    after = live()
    after["metadata"] = {**after["metadata"], "resourceVersion": "6", "managedFields": []}
    assert step(live(), Preview(WANTED, after=after)).operation is Operation.UNCHANGED


@pytest.mark.parametrize(
    ("preview", "operation", "text"),
    [
        (Preview(WANTED, refused="spec.x: Required"), Operation.REFUSED, "Required"),
        (
            Preview(WANTED, conflicts=(FieldConflict(".data.x", "kubectl"),)),
            Operation.CONFLICT,
            ".data.x is set by kubectl",
        ),
        (
            Preview(WANTED, after=live(data={"x": "1"}), drift=(FieldConflict(".data.x", "kubectl"),)),
            Operation.UPDATE,
            "repaired",
        ),
    ],
)
def test_every_answer_of_the_server_has_its_step_and_reason(preview: Preview, operation: Operation, text: str) -> None:
    found = step(live(data={"x": "2"}), preview)
    assert found.operation is operation
    assert text in found.reason


def test_a_copy_that_shrinks_while_another_grows_waits() -> None:
    wanted = marked(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 1}}, MARKS
    )
    before = {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": "5"}, "spec": {"replicas": 3}}
    assessment = assessed(wanted, before, None)
    preview = Preview(wanted, after=wanted)
    moving = step_for(before, wanted, assessment, preview, growing={identify(wanted)})
    scaling = step_for(before, wanted, assessment, preview)
    assert (moving.moves, scaling.moves) == (True, False)


@pytest.mark.parametrize(
    ("found", "protection", "operation"),
    [
        (live(), None, Operation.PRUNE),
        (live(), "it holds data", Operation.KEEP),
        (owned_by("hub-1/default/rival"), None, Operation.KEEP),
        (owned_by(None), None, Operation.KEEP),
    ],
)
def test_only_what_is_ours_and_not_protected_is_pruned(
    found: dict, protection: str | None, operation: Operation
) -> None:
    assert prune_step(found, IDENTITY, OWNER, protection, moves=False).operation is operation


@pytest.mark.parametrize(
    ("parent", "expected", "needed"),
    [
        (None, {IDENTITY}, True),
        (None, set(), False),
        (Parent(OWNER, 1, 1, {IDENTITY: TRACE}, settled=True), {IDENTITY}, False),
        (Parent(OWNER, 1, 1, {IDENTITY: TRACE}, settled=False), {IDENTITY}, True),
        (Parent(OWNER, 2, 1, {IDENTITY: TRACE}, settled=True), {IDENTITY}, True),
        (Parent(OWNER, 1, 1, {IDENTITY: TRACE}, settled=True), set(), True),
    ],
)
def test_the_parent_is_written_when_it_would_not_be_true(
    parent: Parent | None, expected: set[Identity], needed: bool
) -> None:
    assert settles(parent, expected, 1) is needed


def test_changed_means_that_the_plan_is_not_empty() -> None:
    unchanged = step(live(), Preview(WANTED, after=live()))
    created = step(None, Preview(WANTED, after=WANTED))
    assert Plan({"m1": ClusterPlan("m1", (unchanged,))}).empty
    assert not Plan({"m1": ClusterPlan("m1", (unchanged,)), "m2": ClusterPlan("m2", (created,))}).empty
    assert not Plan({"m1": ClusterPlan("m1", settles=True)}).empty
