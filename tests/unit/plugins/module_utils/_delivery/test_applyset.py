# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The set in a member: an ApplySet of KEP-3659 that survives being written, read and lost."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Owner
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.applyset import (
    Parent,
    Trace,
    parent_from,
    parent_manifest,
    refuse_lower_epoch,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.digest import digest
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import LeaseLostError

OWNER = Owner("hub-1", "default", "shop")
PARENT = Parent(
    owner=OWNER,
    revision=3,
    epoch=7,
    objects={
        Identity("apps", "Deployment", "shop", "web"): Trace("wanted", "seen"),
        Identity("", "ConfigMap", "shop", "settings"): None,
        Identity("rbac.authorization.k8s.io", "ClusterRole", "", "reader"): Trace("a", "b"),
    },
    settled=False,
    decision={"clusters": ["m1"]},
    resource_version="12",
)


def test_what_is_written_is_read() -> None:
    assert parent_from(parent_manifest(PARENT), OWNER) == PARENT


def test_ten_thousand_objects_fit_into_one_secret() -> None:
    traces = {
        Identity("apps", "Deployment", "some-namespace", f"a-name-of-usual-length-{number}"): Trace(
            digest(number), digest([number])
        )
        for number in range(10_000)
    }
    data = parent_manifest(replace(PARENT, objects=traces))["data"]
    assert sum(len(base64.b64decode(text)) for text in data.values()) < 1_048_576


def test_the_labels_are_those_of_the_convention() -> None:
    metadata = parent_manifest(PARENT)["metadata"]
    assert metadata["name"] == OWNER.parent
    assert metadata["labels"]["applyset.kubernetes.io/id"] == OWNER.applyset
    kinds = metadata["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
    assert kinds == "ClusterRole.rbac.authorization.k8s.io,ConfigMap,Deployment.apps"
    assert metadata["annotations"]["applyset.kubernetes.io/additional-namespaces"] == "shop"
    assert metadata["resourceVersion"] == "12"


def test_the_id_fits_a_label_and_differs_between_applications() -> None:
    other = Owner("hub-1", "default", "shop2")
    assert len(OWNER.applyset) <= 63
    assert OWNER.applyset != other.applyset
    assert OWNER.parent != other.parent


def test_a_new_parent_is_created_and_not_replaced() -> None:
    manifest = parent_manifest(Parent(OWNER, 1, 1, {}, settled=False))
    assert "resourceVersion" not in manifest["metadata"]


def test_a_parent_that_can_not_be_read_is_unsettled_and_empty() -> None:
    secret = parent_manifest(PARENT)
    secret["data"] = {"objects": "%%%", "decision": None}
    secret["metadata"]["annotations"] = None
    found = parent_from(secret, OWNER)
    assert (found.objects, found.settled, found.epoch) == ({}, False, 0)


def test_a_writer_of_a_former_lease_is_refused() -> None:
    refuse_lower_epoch(PARENT, 7, "m1")
    with pytest.raises(LeaseLostError, match="epoch 7"):
        refuse_lower_epoch(PARENT, 6, "m1")


@pytest.mark.parametrize("text", ["", "a/b", "a/b/c/d", "a//c"])
def test_a_foreign_owner_mark_is_no_owner_of_ours(text: str) -> None:
    assert Owner.parse(text) is None
    assert Owner.parse(OWNER.text) == OWNER
