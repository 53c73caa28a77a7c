# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What history tells without being decoded, and which of it may go."""

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.publish import expendable
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import ApplicationRecord
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.revision import (
    Head,
    Revision,
    RevisionState,
    decision_line,
    images_of,
)

WEB = Identity("apps", "Deployment", "shop", "web")


def heads(*numbers: int) -> tuple[Head, ...]:
    return tuple(Head(number, RevisionState.SUPERSEDED, "", "", "", "", 1, True) for number in numbers)


@pytest.mark.parametrize(
    ("limit", "used", "gone"),
    [
        (3, {5}, [1, 2]),
        (10, {5}, []),
        (1, {5}, [1, 2, 3, 4]),
        (2, {5, 1}, [2, 3, 4]),
        (1, {5, 1}, [2, 3, 4]),
        (3, {5, 1}, [2, 3]),
    ],
)
def test_the_oldest_beyond_the_limit_go_and_those_in_use_never(limit: int, used: set[int], gone: list[int]) -> None:
    assert [head.number for head in expendable(heads(5, 4, 3, 2, 1), limit, used)] == gone


@pytest.mark.parametrize(
    ("status", "concluded"),
    [
        ({}, True),
        ({"phase": "Deployed"}, True),
        ({"phase": "Failed"}, True),
        ({"phase": "Progressing"}, False),
        ({"phase": "Progressing", "rollout": {"phase": "Succeeded"}}, False),
        ({"phase": "Progressing", "rollout": {"phase": "Paused"}}, True),
    ],
)
def test_a_delivery_that_did_not_tell_how_it_came_out_is_known(status: dict[str, object], concluded: bool) -> None:
    record = ApplicationRecord(Spec("default", "shop", "shop", {}), status, "u", "1")
    assert record.concluded is concluded


def test_a_revision_tells_its_images_and_where_it_went() -> None:
    spec = {"initContainers": [{"image": "init:1"}], "containers": [{"image": "web:2"}, {"image": "side:1"}]}
    manifest = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": spec}},
    }  # fmt: skip
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    found = Revision(
        number=1, namespace="shop", objects=(manifest,), placement={}, replicas={WEB: {"eu": 2, "us": 1}},
        clusters=("eu", "us", "empty"), decision={}, rendered={"eu": (manifest, config), "us": (manifest,)},
    )  # fmt: skip
    assert images_of(found) == ("init:1", "side:1", "web:2")
    assert decision_line(found) == "empty 0, eu 2, us 1"
