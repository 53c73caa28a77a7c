# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.manifests import (
    Marks,
    marked,
    needed_namespaces,
    owner_of,
    scopes_of,
    with_namespaces,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

SCOPES = {"ConfigMap": True, "ClusterRole": False}


def known(_api_version: str, kind: str) -> bool | None:
    return SCOPES.get(kind)


def of(kind: str, name: str = "a", api_version: str = "v1", **metadata: object) -> dict:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}


def definition(scope: str) -> dict:
    spec = {"group": "example.dev", "names": {"kind": "Widget"}, "scope": scope}
    return {**of("CustomResourceDefinition", "widgets", "apiextensions.k8s.io/v1"), "spec": spec}


def test_namespaced_objects_get_the_default_and_keep_their_own():
    objects = (
        of("ConfigMap"),
        of("ConfigMap", namespace="other"),
        of("ClusterRole"),
        of("ClusterRole", "b", namespace="x"),
    )
    placed = with_namespaces(objects, "shop", known)
    assert [manifest["metadata"].get("namespace") for manifest in placed] == ["shop", "other", None, None]
    assert needed_namespaces(placed) == ("other", "shop")
    assert "namespace" not in objects[0]["metadata"], "what was given is not changed"


@pytest.mark.parametrize(("scope", "namespace"), [("Namespaced", "shop"), ("Cluster", None)])
def test_a_crd_among_the_objects_decides_for_its_kind(scope, namespace):
    widget = of("Widget", "w", "example.dev/v1")
    objects = (widget, {**definition(scope)})
    assert scopes_of(objects) == {("example.dev", "Widget"): scope == "Namespaced"}
    placed = with_namespaces(objects, "shop", lambda _version, kind: False if kind.startswith("Custom") else None)
    assert placed[0]["metadata"].get("namespace") == namespace


def test_a_kind_that_nobody_knows_is_named():
    with pytest.raises(InputError, match=r"Widget w: no chosen cluster knows the kind Widget of example.dev/v1"):
        with_namespaces([of("Widget", "w", "example.dev/v1")], "shop", known)


def test_an_object_with_and_without_the_default_namespace_is_there_twice():
    with pytest.raises(InputError, match="ConfigMap shop/a: given twice"):
        with_namespaces([of("ConfigMap"), of("ConfigMap", namespace="shop")], "shop", known)


def test_marks_are_added_to_a_copy_and_beside_what_is_there():
    manifest = of("ConfigMap", labels={"app": "x"}, annotations=None)
    result = marked(manifest, Marks("hub/team/shop", "applyset-1", annotations={"a": "b"}))
    assert result["metadata"]["labels"] == {"app": "x", "applyset.kubernetes.io/part-of": "applyset-1"}
    assert result["metadata"]["annotations"] == {"a": "b", "fleet.navarch.dev/owner": "hub/team/shop"}
    assert owner_of(result) == "hub/team/shop"
    assert owner_of(manifest) is None
    assert manifest["metadata"]["labels"] == {"app": "x"}


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (Identity("apps", "Deployment", "shop", "front"), "apps/Deployment shop/front"),
        (Identity("", "Service", "shop", "front"), "Service shop/front"),
        (Identity("", "Namespace", "", "shop"), "Namespace shop"),
        (Identity("rbac.authorization.k8s.io", "ClusterRole", "", "a:b"), "rbac.authorization.k8s.io/ClusterRole a:b"),
    ],
)
def test_an_identity_is_read_back_from_its_text_and_its_record(identity, text):
    assert str(identity) == text
    assert Identity.parse(text) == identity
    assert Identity.from_dict(identity.to_dict()) == identity
