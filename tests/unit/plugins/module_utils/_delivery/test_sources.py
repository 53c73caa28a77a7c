# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import Context, read_sources
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


def config(name: str, **metadata: object) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def names(*sources: dict, **options: object) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in read_sources(sources, Context(**options)).objects]


def complaint(*sources: dict, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_sources(sources, Context(**options))
    return str(caught.value)


def test_a_directory_is_read_in_sorted_order_with_its_folders_and_nothing_hidden(tmp_path):
    for path, name in [("b.yml", "b"), ("a.yaml", "a"), ("sub/c.json", "c"), (".git/d.yaml", "d"), ("README.md", "e")]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(config(name)) if path.endswith("json") else CONFIG % name)
    assert names({"directory": str(tmp_path)}) == ["a", "b", "c"]


def test_relative_paths_start_from_the_base(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG % "a")
    assert names({"file": "a.yaml"}, base=tmp_path) == ["a"]


@pytest.mark.parametrize("inline", [config("a"), [config("a")], CONFIG % "a", json.dumps(config("a"))])
def test_inline_is_an_object_a_list_of_objects_or_text(inline):
    assert names({"inline": inline}) == ["a"]


def test_lists_are_taken_apart_and_their_items_know_the_kind_of_a_typed_list():
    nested = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [config("a"), {"apiVersion": "v1", "kind": "List", "items": []}],
    }
    typed = {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "b"}}]}
    objects = read_sources([{"inline": [nested, typed]}]).objects
    assert [(item["apiVersion"], item["kind"], item["metadata"]["name"]) for item in objects] == [
        ("v1", "ConfigMap", "a"),
        ("apps/v1", "Deployment", "b"),
    ]


def test_a_kind_of_somebodys_own_may_end_in_list():
    allowed = {"apiVersion": "example.dev/v1", "kind": "AllowList", "metadata": {"name": "a"}, "spec": {"items": [1]}}
    assert read_sources([{"inline": allowed}]).objects == (allowed,)


def test_what_a_server_sets_is_left_out():
    exported = config(
        "a",
        namespace="",
        uid="1",
        resourceVersion="2",
        creationTimestamp=None,
        managedFields=[],
        ownerReferences=[{"uid": "3"}],
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "x"},
    )
    exported["status"] = {"phase": "x"}
    assert read_sources([{"inline": exported}]).objects == (config("a", annotations={"mine": "x"}),)


def test_the_digest_follows_the_content_and_not_the_order():
    first = read_sources([{"inline": [config("a"), config("b")]}]).digest
    assert first == read_sources([{"inline": config("b")}, {"inline": CONFIG % "a"}]).digest
    assert first != read_sources([{"inline": [config("a"), config("b", labels={"x": "y"})]}]).digest


def test_origins_name_file_document_and_line(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG % "a" + "---\n" + CONFIG % "b")
    origins = read_sources([{"file": str(tmp_path / "a.yaml")}]).origins
    assert sorted(origins.values()) == [
        f"{tmp_path}/a.yaml, document 1, line 1",
        f"{tmp_path}/a.yaml, document 2, line 5",
    ]


@pytest.mark.parametrize(
    ("inline", "cause"),
    [
        ("just text", "plain text instead of an object"),
        ("- 1\n- 2\n", "a list instead of an object"),
        ({"apiVersion": "v1", "metadata": {"name": "shop"}}, "the object named 'shop' has no kind"),
        ({"kind": "Pod", "metadata": {"name": "shop"}}, "Pod shop has no apiVersion. Give it an apiVersion"),
        ({"apiVersion": "v1", "kind": "Pod"}, "a Pod has no metadata"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {}}, "a Pod has no metadata.name"),
        ({"spec": {}, "data": {}}, "the object with the keys spec, data has no kind"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}}, "Pod x- has generateName"),
        (
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5}},
            "metadata.name of Pod 5 is the number 5. Quote it",
        ),
        ({"apiVersion": "a/b/c", "kind": "Pod", "metadata": {"name": "x"}}, "the apiVersion 'a/b/c'"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "../x"}}, "has a '/' in it"),
        (config("x", labels={"on": True}), "metadata.labels 'on' of ConfigMap x is a truth value"),
        (config("x", annotations=["a"]), "metadata.annotations of ConfigMap x is a list"),
    ],
)
def test_an_object_that_lacks_something_is_named_with_what_it_lacks(inline, cause):
    assert cause in complaint({"inline": inline})


def test_an_item_of_a_list_is_named_by_its_place():
    broken = {"apiVersion": "v1", "kind": "List", "items": [config("a"), {"apiVersion": "v1"}]}
    assert "source 2 (inline), object 1, item 2: " in complaint({"inline": config("b")}, {"inline": broken})


def test_the_same_object_twice_is_named_with_both_places(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(CONFIG % "same")
    text = complaint({"directory": str(tmp_path)})
    assert "ConfigMap same: given twice" in text
    assert "a.yaml, document 1" in text
    assert "b.yaml, document 1" in text


def test_another_version_of_the_same_kind_is_the_same_object():
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}}
    assert "given twice" in complaint({"inline": [scaler, {**scaler, "apiVersion": "autoscaling/v1"}]})


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ({}, "source 1 has nothing in it"),
        ({"file": "a", "inline": "b"}, "source 1 has file and inline"),
        ({"files": "a"}, "unknown key 'files'"),
        ({"file": 5}, "source 1 needs a path"),
        ("a.yaml", "source 1 is not a mapping"),
        ({"file": "nowhere.yaml"}, "nowhere.yaml can't be read: No such file"),
        ({"directory": "nowhere"}, "nowhere is not a directory"),
        ({"kustomization": "nowhere"}, "nowhere is not a directory"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(source, cause):
    assert cause in complaint(source)


def test_a_file_that_is_a_directory_an_empty_directory_and_bytes_are_told_apart(tmp_path):
    assert "is a directory" in complaint({"file": str(tmp_path)})
    assert "has no file that ends in" in complaint({"directory": str(tmp_path)})
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00binary\x80")
    assert "is not text in UTF-8" in complaint({"directory": str(tmp_path)})


def test_a_kustomization_that_only_lists_files_does_not_stop_a_directory(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG % "a")
    listing = tmp_path / "kustomization.yaml"
    listing.write_text("kind: Kustomization\nresources: [a.yaml]\n")
    assert names({"directory": str(tmp_path)}) == ["a"]
    listing.write_text("resources: [a.yaml]\nnamePrefix: x-\n")
    assert "changes the manifests beside it (namePrefix)" in complaint({"directory": str(tmp_path)})


def test_an_object_of_another_tool_in_a_file_of_that_name_is_an_object(tmp_path):
    (tmp_path / "kustomization.yaml").write_text(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux}\nspec: {path: x}\n"
    )
    assert names({"directory": str(tmp_path)}) == ["flux"]


def fake_kubectl(folder: Path, script: str) -> str:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_a_kustomization_is_what_kubectl_makes_of_it(tmp_path):
    kubectl = fake_kubectl(tmp_path, f"test $1 = kustomize && cat <<'END'\n{CONFIG % 'a'}END")
    assert names({"kustomization": str(tmp_path)}, kubectl=kubectl) == ["a"]


def test_a_kustomization_that_fails_says_why(tmp_path):
    kubectl = fake_kubectl(tmp_path, "echo 'error: no such resource x.yaml' >&2; exit 1")
    text = complaint({"kustomization": str(tmp_path)}, kubectl=kubectl)
    assert "no such resource x.yaml. Correct the kustomization" in text


def test_kubectl_gets_no_credential_from_us(tmp_path, monkeypatch):
    monkeypatch.setenv("NAVARCH_HUB_TOKEN", "secret")
    kubectl = fake_kubectl(tmp_path, 'test -z "$NAVARCH_HUB_TOKEN" || exit 1; echo \'' + json.dumps(config("a")) + "'")
    assert names({"kustomization": str(tmp_path)}, kubectl=kubectl) == ["a"]


@pytest.mark.parametrize("sources", [(), ({"inline": []},), ({"inline": "# nothing\n---\n"},)])
def test_no_object_at_all_is_an_error_because_it_would_remove_everything(sources):
    assert "no object in the sources" in complaint(*sources)


def test_kubectl_is_found_in_the_cache_and_its_absence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/bin/nowhere")
    assert "Install kubectl" in complaint({"kustomization": str(tmp_path)})
    for version in ("v1.9.9", "v1.37.2"):
        folder = tmp_path / "navarch" / "binaries" / f"kubernetes-{version}-linux-amd64"
        folder.mkdir(parents=True)
        content = CONFIG % version.replace(".", "-")
        (folder / "kubectl").write_text(f"#!/bin/sh\nprintf '{content}'\n".replace("\n ", " "))
        (folder / "kubectl").chmod(0o755)
    assert names({"kustomization": str(tmp_path)}) == ["v1-37-2"]
