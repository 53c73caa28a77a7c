# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our fields of an object, read off by FieldsV1 alone."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.fields import has_path, owned_digest, stamp

LIVE = {
    "metadata": {
        "name": "web",
        "labels": {"app.kubernetes.io/name": "web"},
        "managedFields": [
            {
                "manager": "navarch",
                "operation": "Apply",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}},
                    "f:spec": {
                        "f:replicas": {},
                        "f:finalizers": {'v:"ours"': {}},
                        "f:containers": {'k:{"name":"a"}': {".": {}, "f:image": {}, "f:name": {}}},
                    },
                },
            },
            {"manager": "somebody", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}},
        ],
    },
    "spec": {
        "replicas": 2,
        "paused": False,
        "finalizers": ["ours", "theirs"],
        "containers": [{"name": "a", "image": "x:1", "tty": True}],
    },
    "status": {"readyReplicas": 1},
}


def changed(path: str, value: object) -> dict:
    live = copy.deepcopy(LIVE)
    *parents, last = path.split("/")
    place = live
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[int(last) if isinstance(place, list) else last] = value
    return live


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/paused", True),
        ("spec/containers/0/tty", False),
        ("spec/finalizers", ["ours"]),
        ("status/readyReplicas", 2),
        ("metadata/resourceVersion", "9"),
    ],
)
def test_what_others_own_does_not_matter(path: str, value: object) -> None:
    assert owned_digest(changed(path, value)) == owned_digest(LIVE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/replicas", 3),
        ("spec/containers/0/image", "x:2"),
        ("spec/containers/0/name", "b"),
        ("spec/finalizers", ["theirs"]),
        ("metadata/labels", {}),
    ],
)
def test_every_change_of_ours_is_seen(path: str, value: object) -> None:
    assert owned_digest(changed(path, value)) != owned_digest(LIVE)


def test_a_field_that_was_taken_from_us_is_seen_even_at_the_same_value() -> None:
    live = copy.deepcopy(LIVE)
    del live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"]
    assert owned_digest(live) != owned_digest(LIVE)


def test_an_object_that_is_not_ours_has_no_digest() -> None:
    live = copy.deepcopy(LIVE)
    live["metadata"]["managedFields"].pop(0)
    assert owned_digest(live) == ""


COUNTED = {**LIVE, "metadata": {**LIVE["metadata"], "uid": "u", "generation": 4, "resourceVersion": "8"}}


def counted(**metadata: object) -> dict:
    return {**COUNTED, "metadata": {**COUNTED["metadata"], **metadata}}


@pytest.mark.parametrize(
    "other",
    [
        counted(resourceVersion="9"),
        counted(annotations={"deployment.kubernetes.io/revision": "1"}),
        counted(labels={"app.kubernetes.io/name": "web", "team": "theirs"}),
        {**COUNTED, "status": {}},
    ],
)
def test_where_generations_are_counted_a_status_or_a_mark_of_others_leaves_the_stamp(other: dict) -> None:
    assert stamp(other) == stamp(COUNTED)


@pytest.mark.parametrize(
    "other",
    [
        counted(generation=5),
        counted(uid="another"),
        counted(labels={"app.kubernetes.io/name": "other"}),
        counted(managedFields=LIVE["metadata"]["managedFields"][1:]),
    ],
)
def test_where_generations_are_counted_whatever_is_ours_changes_the_stamp(other: dict) -> None:
    assert stamp(other) != stamp(COUNTED)


def test_where_no_generation_is_counted_every_write_changes_the_stamp() -> None:
    plain = {**LIVE, "metadata": {**LIVE["metadata"], "uid": "u", "resourceVersion": "8"}}
    written = {**plain, "metadata": {**plain["metadata"], "resourceVersion": "9"}}
    assert stamp(plain) != stamp(written)
    assert stamp(plain) == stamp(copy.deepcopy(plain))


@pytest.mark.parametrize(
    ("path", "there"),
    [
        (".spec.replicas", True),
        (".spec.missing", False),
        ('.spec.containers[name="a"].image', True),
        ('.spec.containers[name="b"].image', False),
        ('.spec.finalizers[="ours"]', True),
        (".metadata.labels.app.kubernetes.io/name", True),
        (".metadata.labels.app", False),
    ],
)
def test_the_field_that_a_conflict_names_is_found_in_a_manifest(path: str, there: bool) -> None:
    manifest = json.loads(json.dumps({"metadata": LIVE["metadata"], "spec": LIVE["spec"]}))
    assert has_path(manifest, path) is there
