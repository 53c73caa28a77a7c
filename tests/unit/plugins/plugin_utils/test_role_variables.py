# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that a role would refuse are found before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.plugin_utils.role_variables import wrong_types


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host_memory": "lots"}, "lots"),
        ({"host_swap": "maybe"}, "value of host_swap must be one of: off, keep, got: maybe"),
        ({"network_mtu": "large"}, "large"),
        ({"cluster_kubeadm": ["ClusterConfiguration"]}, "cluster_kubeadm"),
    ],
)
def test_a_value_of_a_wrong_type_is_told(given: dict[str, Any], said: str) -> None:
    (text,) = wrong_types(given)
    assert said in text


def test_what_is_right_or_of_no_role_is_let_be() -> None:
    assert wrong_types({"host_memory": "1700", "host_swap": "off", "my_own": object()}) == []
