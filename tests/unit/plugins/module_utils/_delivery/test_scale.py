# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of replicas that stand in for those of the manifests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.scale import read_counts, scale_after
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.scaling import scale_notes, scaled
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

SPEC = Spec("default", "shop", "shop")


def deployment(name: str, replicas: int) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": replicas},
    }


WEB, API = deployment("web", 2), deployment("api", 3)


@pytest.mark.parametrize("name", ["web", "Deployment/web", "Deployment/shop/web"])
def test_a_workload_is_named_as_short_as_one_likes(name: str) -> None:
    assert scale_after({}, {name: 9}, [WEB, API], SPEC) == {"Deployment/shop/web": 9}


def test_the_only_workload_needs_no_name() -> None:
    assert scale_after({}, {"": 9}, [WEB], SPEC) == {"Deployment/shop/web": 9}


def test_none_gives_the_number_back() -> None:
    assert scale_after({"Deployment/shop/web": 9}, {"web": None}, [WEB, API], SPEC) == {}


@pytest.mark.parametrize(("name", "words"), [("nothing", "it has no workload nothing"), ("", "more than one workload")])
def test_a_name_that_means_none_or_several_is_refused(name: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        scale_after({}, {name: 1}, [WEB, API], SPEC)
    assert words in str(caught.value)
    assert "Deployment" in str(caught.value.next_step)


def test_only_what_is_kept_changes_and_is_told() -> None:
    found = scaled([WEB, API], {"Deployment/shop/web": 9})
    assert [each["spec"]["replicas"] for each in found] == [9, 3]
    assert found[1] is API
    assert scale_notes([WEB, API], {"Deployment/shop/web": 9}) == (
        "Deployment shop/web is scaled to 9 replicas; its manifest says 2",
    )
    assert scale_notes(found, {"Deployment/shop/web": 9}) == ()


@pytest.mark.parametrize(("given", "read"), [(3, 3), ("3", 3), (0, 0), (None, None), ("null", None), ("", None)])
def test_numbers_are_read_as_users_write_them(given: object, read: int | None) -> None:
    assert read_counts({"web": given}) == {"web": read}


@pytest.mark.parametrize("given", ["-1", "three", 1.5, True])
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(InputError):
        read_counts({"web": given})


def test_what_is_kept_survives_in_the_hub() -> None:
    spec = Spec("default", "shop", "shop", scale={"Deployment/shop/web": 9})
    assert Spec.from_dict("default", "shop", spec.to_dict()) == spec
    assert "scale" not in SPEC.to_dict()
