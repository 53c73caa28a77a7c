# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import record_from
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.surroundings import held_in, neighbour_of
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import ForbiddenError, UnreachableError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.neighbours import Neighbour


class Member:
    """A session that knows some paths, or fails."""

    def __init__(self, *paths: str, error: Exception | None = None) -> None:
        self.paths = paths
        self.error = error

    def get(self, resource: Any, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        if self.error is not None:
            raise self.error
        return {} if resource.path(namespace, name) in self.paths else None


def placement(mode: str, *objects: dict[str, str]) -> dict[str, Any]:
    return {"dataLocality": {"mode": mode, "objects": list(objects)}}


CLAIM = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "images"}
VOLUME = {"kind": "PersistentVolume", "name": "disk"}
DATABASE = {"kind": "StatefulSet", "namespace": "shop", "name": "db"}
FORBIDDEN = ForbiddenError("may not get persistentvolumes", code=403, cluster="shy")


def test_members_are_asked_for_just_the_objects_that_are_named() -> None:
    sessions = {
        "all": Member(
            "/api/v1/namespaces/shop/persistentvolumeclaims/images",
            "/api/v1/persistentvolumes/disk",
            "/apis/apps/v1/namespaces/shop/statefulsets/db",
        ),
        "none": Member("/api/v1/namespaces/else/persistentvolumeclaims/images"),
        "lost": Member(error=UnreachableError("no route", cluster="lost")),
    }
    held = held_in(sessions, placement("preferred", CLAIM, VOLUME, DATABASE))
    assert held == {
        "all": {"PersistentVolumeClaim/shop/images", "PersistentVolume/disk", "StatefulSet/shop/db"},
        "none": set(),
    }


def test_without_data_in_the_placement_nobody_is_asked() -> None:
    assert held_in({"a": Member(error=AssertionError())}, {}) == {}


def test_data_that_is_required_and_may_not_be_looked_for_is_an_error_that_names_the_member() -> None:
    sessions = {"shy": Member(error=FORBIDDEN), "open": Member("/api/v1/persistentvolumes/disk")}
    assert held_in(sessions, placement("preferred", VOLUME)) == {"open": {"PersistentVolume/disk"}}
    with pytest.raises(ForbiddenError, match="persistentvolumes"):
        held_in(sessions, placement("required", VOLUME))


def test_a_record_of_the_hub_is_a_neighbour() -> None:
    record = record_from(
        {
            "metadata": {"namespace": "shop", "name": "db", "uid": "u", "resourceVersion": "1"},
            "spec": {"namespace": "shop", "labels": {"tier": "data"}, "placement": {"applicationGroup": "g"}},
            "status": {"clusters": {"b": {"workloads": {"Deployment shop/db": 0}}, "a": {}}},
        }
    )
    assert neighbour_of(record) == Neighbour("db", "shop", {"tier": "data"}, ("a", "b"), "g")
