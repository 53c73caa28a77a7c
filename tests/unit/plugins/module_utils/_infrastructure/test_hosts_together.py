# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong between hosts is seen when all have been looked at."""

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts_together import together, unreached


def seen(cluster: str = "north", offset: float = 0.0, **fitness: Any) -> dict[str, Any]:
    return {"cluster": cluster, "offset": offset, "fitness": fitness}


def test_hosts_that_differ_have_no_findings() -> None:
    said = together({"n1": seen(machine_id="a", mtu=1500), "n2": seen(machine_id="b", mtu=1500)})
    assert (said.findings, said.warnings) == ((), ())


def test_copied_machines_are_told() -> None:
    said = together({"n1": seen(machine_id="a", product_uuid="x"), "n2": seen(machine_id="a", product_uuid="x")})
    assert said.warnings[0].startswith("n1: it has the same machine-id as n2; make a new one")
    assert "same product UUID" in said.warnings[1]


def test_clocks_that_are_apart_are_found_within_a_cluster() -> None:
    apart = {"n1": seen(offset=-3), "n2": seen(offset=3)}
    assert "the clocks of n1 and n2 are 6 s apart" in together(apart).findings[0]
    assert together({"n1": seen("north", -3), "n2": seen("south", 3)}).findings == ()


def test_packets_of_different_sizes_are_told() -> None:
    (text,) = together({"n1": seen(mtu=9000), "n2": seen(mtu=1500)}).warnings
    assert "set network_mtu to 1500 at most" in text


def test_a_host_that_said_nothing_is_left_out() -> None:
    assert together({"n1": {"cluster": "north"}, "n2": seen(machine_id="")}).findings == ()


def test_a_host_that_is_off_is_no_finding_of_those_that_look_for_it() -> None:
    fitness = {"unreached": [{"address": "10.0.0.3", "text": "It does not reach 10.0.0.3 port 10250."}]}
    seen = {"n1": {"cluster": "north", "fitness": fitness}}
    assert unreached(seen, {"10.0.0.3"}) == []
    assert unreached(seen, set()) == ["n1: It does not reach 10.0.0.3 port 10250."]
