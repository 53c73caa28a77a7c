# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each overrider on one object, field for field."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.apply import Mismatch, applied
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.image import overridden_image
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.pointer import PointerError, patched

POD_SPEC = {
    "initContainers": [{"name": "init", "image": "docker.io/library/busybox:1.36", "args": ["-c"]}],
    "containers": [
        {
            "name": "web",
            "image": "nginx:1.27",
            "command": ["serve", "--fast"],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}],
        }
    ],
    "volumes": [{"name": "data", "emptyDir": {}}],
    "tolerations": [{"key": "old"}],
}


def of_kind(kind: str) -> dict:
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": copy.deepcopy(POD_SPEC)}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": template["spec"]}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": spec}
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"template": template}}


def pod_spec(manifest: dict) -> dict:
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec if manifest["kind"] == "Pod" else spec["template"]["spec"]


KINDS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"]


@pytest.mark.parametrize(
    ("image", "component", "operator", "value", "expected"),
    [
        ("nginx:1.27", "Registry", "replace", "mirror.example:5000", "mirror.example:5000/nginx:1.27"),
        ("nginx:1.27", "Registry", "add", "mirror.example", "mirror.example/nginx:1.27"),
        ("a.example:5000/team/web:1", "Registry", "replace", "b.example", "b.example/team/web:1"),
        ("a.example/team/web:1", "Registry", "add", ":5000", "a.example:5000/team/web:1"),
        ("a.example/team/web:1", "Registry", "remove", "", "team/web:1"),
        ("library/nginx", "Registry", "replace", "b.example", "b.example/library/nginx"),
        ("localhost/web:1", "Registry", "replace", "b.example", "b.example/web:1"),
        ("a.example/team/web:1", "Repository", "replace", "other/web", "a.example/other/web:1"),
        ("a.example/team/web:1", "Repository", "add", "-arm", "a.example/team/web-arm:1"),
        ("a.example/web", "Tag", "add", "2", "a.example/web:2"),
        ("a.example/web:1", "Tag", "add", "-debug", "a.example/web:1-debug"),
        ("a.example/web:1", "Tag", "replace", "2", "a.example/web:2"),
        ("a.example/web:1", "Tag", "remove", "", "a.example/web"),
        (f"a.example/web@sha256:{'a' * 64}", "Tag", "replace", "2", "a.example/web:2"),
        ("a.example/web:1", "Tag", "replace", f"sha256:{'b' * 64}", f"a.example/web@sha256:{'b' * 64}"),
        (f"a.example:5000/web:1@sha256:{'a' * 64}", "Tag", "remove", "", "a.example:5000/web"),
    ],
)
def test_a_part_of_an_image_is_overridden(image, component, operator, value, expected):
    assert overridden_image(image, component, operator, value) == expected


@pytest.mark.parametrize(
    ("component", "operator", "value"),
    [("Repository", "remove", ""), ("Tag", "replace", "no tag"), ("Tag", "add", "/")],
)
def test_what_would_be_no_image_is_refused(component, operator, value):
    with pytest.raises(ValueError, match=r"image|tag"):
        overridden_image("nginx:1", component, operator, value)


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_all_containers_are_overridden_in_every_kind_that_makes_pods(kind):
    part = {"component": "Registry", "operator": "replace", "value": "m.example"}
    spec = pod_spec(applied(of_kind(kind), "imageOverrider", part))
    assert [c["image"] for c in spec["initContainers"] + spec["containers"]] == [
        "m.example/library/busybox:1.36",
        "m.example/nginx:1.27",
    ]


def test_a_predicate_overrides_one_image():
    part = {
        "predicate": {"path": "/spec/template/spec/containers/0/image"},
        "component": "Tag",
        "operator": "replace",
        "value": "2",
    }
    spec = pod_spec(applied(of_kind("Deployment"), "imageOverrider", part))
    assert spec["containers"][0]["image"] == "nginx:2"
    assert spec["initContainers"] == POD_SPEC["initContainers"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("overrider", "container", "operator", "value", "expected"),
    [
        ("commandOverrider", "web", "add", ["--more"], ["serve", "--fast", "--more"]),
        ("commandOverrider", "web", "remove", ["--fast", "--other"], ["serve"]),
        ("argsOverrider", "web", "add", ["x"], ["x"]),
        ("argsOverrider", "init", "add", ["y"], ["-c", "y"]),
        ("argsOverrider", "init", "remove", ["-c"], None),
    ],
)
def test_words_are_added_and_removed(kind, overrider, container, operator, value, expected):
    part = {"containerName": container, "operator": operator, "value": value}
    spec = pod_spec(applied(of_kind(kind), overrider, part))
    found = next(c for c in spec["initContainers"] + spec["containers"] if c["name"] == container)
    assert found.get(overrider.removesuffix("Overrider")) == expected


def test_a_container_that_is_not_there_is_a_mismatch_that_knows_the_names():
    with pytest.raises(Mismatch) as caught:
        applied(of_kind("Pod"), "argsOverrider", {"containerName": "wbe", "operator": "add", "value": ["x"]})
    assert set(caught.value.names) == {"init", "web"}


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_of_the_object_are_overridden(field):
    overrider = f"{field}Overrider"
    start = of_kind("Deployment")
    start["metadata"][field] = {"app": "web", "team/size": "s"}
    added = applied(start, overrider, {"operator": "add", "value": {"app": "shop", "new": "1"}})
    assert added["metadata"][field] == {"app": "shop", "new": "1", "team/size": "s"}
    replaced = applied(start, overrider, {"operator": "replace", "value": {"team/size": "l", "absent": "1"}})
    assert replaced["metadata"][field] == {"app": "web", "team/size": "l"}
    removed = applied(start, overrider, {"operator": "remove", "value": {"app": ""}})
    assert removed["metadata"][field] == {"team/size": "s"}
    assert replaced["spec"]["template"] == start["spec"]["template"]


def test_labels_come_to_an_object_that_has_none():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    changed = applied(config, "labelsOverrider", {"operator": "add", "value": {"a": "b"}})
    assert changed["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize("operator", ["replace", "remove"])
def test_an_absent_key_is_a_mismatch(operator):
    with pytest.raises(Mismatch):
        applied(of_kind("Pod"), "labelsOverrider", {"operator": operator, "value": {"none": "x"}})


def config(text: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"app.conf": text}}


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("json", '{"db": {"host": "a", "port": 1}, "old": true}', {"db": {"host": "b", "port": 1, "tls": True}}),
        ("yaml", "# kept by nobody\ndb: {host: a, port: 1}\nold: yes\n", {"db": {"host": "b", "port": 1, "tls": True}}),
    ],
)
def test_a_document_in_a_field_is_overridden(form, text, expected):
    part = {
        "fieldPath": "/data/app.conf",
        form: [
            {"subPath": "/db/host", "operator": "replace", "value": "b"},
            {"subPath": "/db/tls", "operator": "add", "value": True},
            {"subPath": "/old", "operator": "remove"},
        ],
    }
    changed = applied(config(text), "fieldOverrider", part)["data"]["app.conf"]
    if form == "json":
        assert json.loads(changed) == expected
    else:
        assert changed == "db:\n  host: b\n  port: 1\n  tls: true\n"


def test_text_that_is_no_document_is_refused():
    part = {"fieldPath": "/data/app.conf", "json": [{"subPath": "/a", "operator": "add", "value": 1}]}
    with pytest.raises(ValueError, match="no JSON"):
        applied(config("plain words"), "fieldOverrider", part)


@pytest.mark.parametrize(
    ("operation", "path", "value", "expected"),
    [
        ("add", "/a/-", 4, {"a": [1, 2, 4], "b/c": {"~": 1}}),
        ("add", "/a/0", 0, {"a": [0, 1, 2], "b/c": {"~": 1}}),
        ("add", "/a/2", 3, {"a": [1, 2, 3], "b/c": {"~": 1}}),
        ("replace", "/a/1", 9, {"a": [1, 9], "b/c": {"~": 1}}),
        ("remove", "/a/0", None, {"a": [2], "b/c": {"~": 1}}),
        ("replace", "/b~1c/~0", 2, {"a": [1, 2], "b/c": {"~": 2}}),
        ("add", "/new", None, {"a": [1, 2], "b/c": {"~": 1}, "new": None}),
        ("replace", "", {"x": 1}, {"x": 1}),
    ],
)
def test_a_patch_follows_rfc_6902(operation, path, value, expected):
    document = {"a": [1, 2], "b/c": {"~": 1}}
    before = copy.deepcopy(document)
    assert patched(document, operation, path, value) == expected
    assert document == before


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("replace", "/no"),
        ("remove", "/no"),
        ("add", "/no/x"),
        ("add", "/a/5"),
        ("replace", "/a/-"),
        ("add", "/a/01"),
        ("add", "a"),
    ],
)
def test_a_patch_that_leads_nowhere_is_refused(operation, path):
    with pytest.raises(PointerError):
        patched({"a": [1, 2]}, operation, path, 1)


def merge(patch: dict) -> dict:
    body = {"kind": "Deployment", "spec": {"template": {"spec": patch}}}
    return pod_spec(applied(of_kind("Deployment"), "strategicMerge", body))


def test_a_merge_finds_containers_by_their_names():
    spec = merge({"containers": [{"name": "web", "image": "nginx:2"}, {"name": "sidecar", "image": "s:1"}]})
    assert [(c["name"], c["image"]) for c in spec["containers"]] == [("web", "nginx:2"), ("sidecar", "s:1")]
    assert spec["containers"][0]["command"] == ["serve", "--fast"]


def test_a_merge_changes_and_deletes_items():
    web = {
        "name": "web",
        "env": [{"name": "A", "$patch": "delete"}, {"name": "B", "value": "3"}],
        "ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53}],
        "command": None,
    }
    container = merge({"containers": [web]})["containers"][0]
    assert container["env"] == [{"name": "B", "value": "3"}]
    assert [(p["containerPort"], p.get("protocol"), p.get("name")) for p in container["ports"]] == [
        (80, None, "http"),
        (53, "UDP", "dns"),
        (53, None, None),
    ]
    assert "command" not in container


def test_a_merge_replaces_lists_that_have_no_key():
    assert merge({"tolerations": [{"key": "new"}]})["tolerations"] == [{"key": "new"}]
    assert merge({"volumes": [{"$patch": "replace"}, {"name": "x", "emptyDir": {}}]})["volumes"] == [
        {"name": "x", "emptyDir": {}}
    ]


def test_lists_of_custom_resources_are_replaced_whole():
    custom = {
        "apiVersion": "x.example/v1",
        "kind": "Thing",
        "metadata": {"name": "t"},
        "spec": {"env": [{"name": "A"}]},
    }
    changed = applied(custom, "strategicMerge", {"kind": "Thing", "spec": {"env": [{"name": "B"}]}})
    assert changed["spec"]["env"] == [{"name": "B"}]


def test_a_merge_is_for_the_objects_that_it_names():
    with pytest.raises(Mismatch):
        applied(of_kind("Deployment"), "strategicMerge", {"kind": "StatefulSet", "spec": {}})
    with pytest.raises(Mismatch):
        applied(of_kind("Deployment"), "strategicMerge", {"kind": "Deployment", "metadata": {"name": "other"}})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_given_is_changed(kind):
    manifest = of_kind(kind)
    before = copy.deepcopy(manifest)
    applied(manifest, "imageOverrider", {"component": "Tag", "operator": "replace", "value": "9"})
    applied(manifest, "argsOverrider", {"containerName": "init", "operator": "add", "value": ["z"]})
    applied(manifest, "labelsOverrider", {"operator": "add", "value": {"z": "1"}})
    applied(manifest, "plaintext", {"path": "/metadata/labels/app", "operator": "remove"})
    applied(manifest, "strategicMerge", {"kind": kind, "metadata": {"labels": {"y": "1"}}, "spec": {"x": 1}})
    assert manifest == before
