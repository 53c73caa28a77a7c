# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose an object is, what may be taken over, and what giving it back leaves."""

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.adoption import (
    disturbance,
    gives_way,
    mark_of,
    refusal,
    sheds,
    strangers,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import (
    Adoption,
    Conflict,
    Owner,
    Settings,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.changes import field_changes
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.ownership import release_patch, released
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.plan import Operation, Step, Verdict

OWNER = Owner("hub-1", "default", "shop")


def live(metadata: dict | None = None, **more: object) -> dict:
    place = {"name": "web", "namespace": "shop", "resourceVersion": "7", **(metadata or {})}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": place, **more}


def entry(manager: str, operation: str = "Update", subresource: str | None = None) -> dict:
    found = {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {}}}
    return {**found, "subresource": subresource} if subresource else found


@pytest.mark.parametrize(
    ("metadata", "mark"),
    [
        ({}, None),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, None),
        ({"annotations": {"fleet.navarch.dev/owner": "hub-1/default/rival"}}, "hub-1/default/rival"),
        ({"annotations": {"meta.helm.sh/release-name": "a", "meta.helm.sh/release-namespace": "b"}}, "Helm b/a"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}, "Argo CD shop"),
        (
            {"labels": {"kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "b"}},
            "Flux Kustomization b/a",
        ),
        ({"labels": {"karmada.io/managed": "true"}}, "Karmada"),
        ({"labels": {"applyset.kubernetes.io/part-of": "applyset-x-v1"}}, "ApplySet applyset-x-v1"),
        ({"ownerReferences": [{"kind": "Shop", "name": "a", "controller": True}]}, "Shop a"),
    ],
)
def test_the_marks_of_other_tools_are_read(metadata: dict, mark: str | None) -> None:
    assert mark_of(live(metadata), OWNER.applyset) == mark


UNMARKED = {"labels": {"applyset.kubernetes.io/part-of": OWNER.applyset}}
HELM = {"annotations": {"meta.helm.sh/release-name": "a", "meta.helm.sh/release-namespace": "b"}}


@pytest.mark.parametrize(
    ("metadata", "settings", "words"),
    [
        ({}, Settings(), "not ours"),
        (UNMARKED, Settings(), "our mark was taken off it"),
        (UNMARKED, Settings(adoption=Adoption(("m1",))), None),
        ({}, Settings(adoption=Adoption(("m2",))), "not ours"),
        ({}, Settings(adoption=Adoption(("m1",))), None),
        ({}, Settings(adoption=Adoption(("*",))), None),
        (HELM, Settings(adoption=Adoption(("m1",))), "adopt_owners"),
        (HELM, Settings(adoption=Adoption(("m1",), ("Helm b/other",))), "Helm b/a"),
        (HELM, Settings(adoption=Adoption(("m1",), ("Helm b/a",))), None),
        (HELM, Settings(conflict=Conflict.OVERWRITE), None),
    ],
)
def test_nothing_is_taken_without_a_word_and_no_other_owner_without_his_name(
    metadata: dict, settings: Settings, words: str | None
) -> None:
    found = refusal(live(metadata), settings, "m1", OWNER.applyset)
    assert found is None if words is None else words in str(found)


def test_tools_that_people_run_give_way_and_controllers_do_not() -> None:
    fields = [
        entry("kubectl-client-side-apply"),
        entry("kubectl", subresource="scale"),
        entry("helm"),
        entry("cert-manager"),
        entry("kube-controller-manager", subresource="scale"),
        entry("kubectl-edit", subresource="status"),
        entry("navarch", "Apply"),
    ]
    found = live({"managedFields": fields})
    assert sheds(found, gives_way(Adoption())) == ("helm", "kubectl", "kubectl-client-side-apply")
    assert "cert-manager" in sheds(found, gives_way(Adoption(owners=("cert-manager",))))


def test_an_adoption_that_would_change_what_runs_names_the_field() -> None:
    before = live(spec={"replicas": 3, "template": {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}})
    after = live(spec={"replicas": 3, "template": {"spec": {"containers": [{"name": "a", "image": "x:2"}]}}})
    step = Step(identify(before), Operation.UPDATE, "", before=before, after=after, verdict=Verdict.ADOPT)
    assert '.spec.template.spec.containers[name="a"].image: "x:1" -> "x:2"' in str(disturbance(step))
    same = Step(identify(before), Operation.UPDATE, "", before=before, after=before, verdict=Verdict.ADOPT)
    assert disturbance(same) is None


def test_giving_back_takes_our_marks_and_entries_and_nothing_else() -> None:
    metadata = {
        "annotations": {"fleet.navarch.dev/owner": OWNER.text, "theirs": "x"},
        "labels": {"applyset.kubernetes.io/part-of": OWNER.applyset, "app": "web"},
        "managedFields": [entry("navarch", "Apply"), entry("navarch-scale", "Apply"), entry("somebody")],
    }
    found = live(metadata, spec={"replicas": 3})
    after = released(found, OWNER)
    assert after["metadata"]["annotations"] == {"theirs": "x"}
    assert after["metadata"]["labels"] == {"app": "web"}
    assert [item["manager"] for item in after["metadata"]["managedFields"]] == ["somebody"]
    assert after["spec"] == found["spec"]
    patch = release_patch(found, OWNER)["metadata"]
    assert patch["annotations"] == {"fleet.navarch.dev/owner": None}
    assert patch["resourceVersion"] == "7"


def test_the_set_of_another_application_keeps_its_label() -> None:
    found = live({"labels": {"applyset.kubernetes.io/part-of": "applyset-other-v1"}})
    assert released(found, OWNER)["metadata"]["labels"] == {"applyset.kubernetes.io/part-of": "applyset-other-v1"}


def test_values_of_secrets_are_masked_among_changed_fields() -> None:
    def secret(value: str) -> dict:
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"password": value}}

    (change,) = field_changes(secret("b25l"), secret("dHdv"))
    assert change.field == ".data.password"
    assert "b25l" not in str(change)
    assert "dHdv" not in str(change)


def test_items_are_told_by_their_names_and_what_comes_and_goes_is_said() -> None:
    before = live(spec={"containers": [{"name": "a", "image": "x"}, {"name": "b"}], "args": ["1", "2"]})
    after = live(spec={"containers": [{"name": "b"}, {"name": "a", "image": "y"}, {"name": "c"}], "args": ["1"]})
    assert [change.field for change in field_changes(before, after)] == [
        ".spec.args",
        '.spec.containers[name="a"].image',
        '.spec.containers[name="c"]',
    ]


def test_a_cluster_that_nobody_knows_is_named_with_the_one_that_is_meant() -> None:
    found = strangers(Adoption(clusters=("*", "idc-north", "idc-sout", "zzz")), ["idc-north", "idc-south"])
    assert found == [
        "adopt: no cluster is named idc-sout (did you mean idc-south?)",
        "adopt: no cluster is named zzz",
    ]
