# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that somebody changed: found without a schema, named with hand and moment, ignored where that is wished."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.fielddrift import field_drifts, without_ignored
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.ignoring import parse_rules
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

CONTAINER = {"name": "web", "image": "x:1", "resources": {"requests": {"cpu": "0.5"}}}
WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"team": "blue"}},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [CONTAINER]}}},
}
IMAGE = '.spec.template.spec.containers[name="web"].image'


def fields(*, replicas: bool = True, image: bool = True, label: bool = True) -> dict:
    """What is ours by managedFields."""
    inside: dict[str, Any] = {".": {}, "f:name": {}, "f:resources": {"f:requests": {"f:cpu": {}}}}
    inside |= {"f:image": {}} if image else {}
    spec: dict[str, Any] = {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': inside}}}}
    spec |= {"f:replicas": {}} if replicas else {}
    return {"f:metadata": {"f:labels": {"f:team": {}} if label else {"f:other": {}}}, "f:spec": spec}


def live(ours: dict, theirs: dict | None = None, *, image: str = "x:1", replicas: int = 2, **labels: str) -> dict:
    entries = [{"manager": "navarch", "operation": "Apply", "fieldsV1": ours, "time": "2026-01-01T00:00:00Z"}]
    if theirs is not None:
        entries.append(
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": theirs, "time": "2026-01-02T00:00:00Z"}
        )
    container = {**CONTAINER, "image": image, "resources": {"requests": {"cpu": "500m"}}}
    return {
        **WANTED,
        "metadata": {**WANTED["metadata"], "labels": labels, "managedFields": entries},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "side"}, container]}}},
    }


TAKEN_IMAGE = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}}}
CHANGED = live(fields(image=False), TAKEN_IMAGE, image="x:2", team="blue")


def test_what_is_still_ours_is_as_it_was_applied_whatever_its_form() -> None:
    assert field_drifts(WANTED, live(fields(), team="blue")) == ()


def test_a_field_that_was_taken_is_named_with_its_hand_and_moment() -> None:
    (found,) = field_drifts(WANTED, CHANGED)
    assert (found.field, found.wanted, found.found) == (IMAGE, '"x:1"', '"x:2"')
    assert found.writer is not None
    assert found.writer.to_dict() == {
        "manager": "kubectl-edit",
        "operation": "Update",
        "time": "2026-01-02T00:00:00Z",
    }


def test_a_field_that_was_removed_is_missed() -> None:
    (found,) = field_drifts(WANTED, live(fields(label=False), {"f:metadata": {}}))
    assert (found.field, found.found) == (".metadata.labels.team", "(absent)")


def test_values_of_secrets_are_masked() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "one"}}
    (found,) = field_drifts(secret, {**secret, "data": {"password": "dHdv"}})
    assert found.field == ".data.password"
    assert "hidden" in found.wanted
    assert "hidden" in found.found
    assert found.wanted != found.found


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ({"kind": "Deployment", "jsonPointers": ["/spec/template/spec/containers/0/image"]}, True),
        ({"kind": "Deployment", "group": "apps", "jsonPointers": ["/spec/template"]}, True),
        ({"kind": "*", "jsonPointers": ["/spec/template/spec/containers/*/image"]}, True),
        ({"kind": "*", "managedFieldsManagers": ["kubectl-edit"]}, True),
        ({"kind": "StatefulSet", "jsonPointers": ["/spec/template"]}, False),
        ({"kind": "Deployment", "name": "other", "jsonPointers": ["/spec/template"]}, False),
        ({"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}, False),
        ({"kind": "*", "managedFieldsManagers": ["somebody"]}, False),
    ],
)
def test_only_what_a_rule_names_is_left_to_others(rule: dict, left: bool) -> None:
    found = without_ignored(WANTED, CHANGED, parse_rules([rule]))
    assert ("image" not in found["spec"]["template"]["spec"]["containers"][0]) is left
    assert WANTED["spec"]["template"]["spec"]["containers"][0]["image"] == "x:1"


def test_a_field_that_nobody_changed_is_sent_although_a_rule_names_it() -> None:
    rules = parse_rules([{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}])
    assert without_ignored(WANTED, live(fields(), team="blue"), rules) == WANTED


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "Deployment"}, "it ignores nothing"),
        ({"jsonPointers": ["/spec"]}, "kind: it is missing"),
        ({"kind": "Deployment", "jsonPointer": ["/spec"]}, "did you mean jsonPointers"),
        ({"kind": "Deployment", "jsonPointers": ["spec"]}, "does not begin with /"),
        ({"kind": "Deployment", "jsonPointers": [""]}, "the whole object"),
        ({"kind": "Deployment", "jsonPointers": "/spec"}, "a list of texts"),
        ({"kind": 3, "jsonPointers": ["/spec"]}, "a text is wanted"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_rules([rule])
