# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.access import JoinProfile
from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import MemberInput, read_inputs


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"name": "A"}, "can't be a member's name"),
        ({"name": "-a"}, "can't be a member's name"),
        ({"name": "a" * 64}, "can't be a member's name"),
        ({"name": ""}, "can't be a member's name"),
        ({"name": "a", "profile": "root"}, "no join profile 'root'. Choose among: namespaced, deployer, admin"),
        ({"name": "a", "allow": ["everything"]}, "allow knows no 'everything'"),
        ({"name": "a", "labels": {"fleet.navarch.dev/x": "y"}}, "are ours"),
        ({"name": "a", "labels": {"k": "a b"}}, "is no label"),
        ({"name": "a", "taints": [{"key": "k"}]}, "is no taint"),
        ({"name": "a", "taints": [{"key": "k", "effect": "Never"}]}, "is no taint"),
        ({"name": "a", "taints": [{"key": "fleet.navarch.dev/unschedulable", "effect": "NoSchedule"}]}, "Use cordoned"),
        ({"name": "a", "token_seconds": 5}, "600 seconds at least"),
    ],
)
def test_wrong_input_is_named(document: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as raised:
        read_inputs([document])
    assert says in str(raised.value)


def test_a_name_twice_is_refused_as_a_whole() -> None:
    with pytest.raises(InputError, match="cluster a: the name is given twice"):
        read_inputs([{"name": "a"}, {"name": "b"}, {"name": "a"}])


def test_what_is_left_out_stays_out() -> None:
    (found,) = read_inputs([{"name": "a", "labels": None, "zones": None}])
    assert (found.labels, found.zones, found.taints, found.profile, found.cordoned) == (None, None, None, None, None)


def test_values_become_what_kubernetes_wants() -> None:
    (found,) = read_inputs([{"name": "a", "labels": {"v": 1, "empty": None}, "profile": "admin", "cordoned": False}])
    assert found.labels == {"v": "1", "empty": ""}
    assert (found.profile, found.cordoned) == (JoinProfile.ADMIN, "no")


def test_the_users_credential_is_not_in_its_text() -> None:
    assert "geheim" not in repr(MemberInput("a", kubeconfig={"users": [{"user": {"token": "geheim"}}]}))
