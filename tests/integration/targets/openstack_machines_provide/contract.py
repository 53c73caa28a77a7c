# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenStack as a provider of machine sets, against the lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Access, connect
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.desired import Desired
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.execute import Limits
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.machines import remove
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.provider import OpenStackProvider
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.provider import MachineSet
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._infrastructure.provider_contract import (
    ProviderContract,
)

SETTINGS = {
    "cloud": "lab",
    "flavor": "m1.tiny",
    "image": "nothing",
    "network": {"cidr": "10.71.0.0/24"},
    "cost_per_hour": 0.12,
}


class TestOpenStack(ProviderContract):
    """Everything that ``ProviderContract`` asks for."""

    @pytest.fixture(scope="class")
    def provider(self) -> OpenStackProvider:
        return OpenStackProvider()

    @pytest.fixture
    def machine_set(self) -> Iterator[MachineSet]:
        yield MachineSet("one", "provided", SETTINGS)
        remove(connect(Access("lab")), Desired("provided"), Limits(), 60)

    @pytest.fixture
    def other(self) -> MachineSet:
        return MachineSet("two", "provided", SETTINGS)

    @pytest.fixture
    def impossible(self, machine_set: MachineSet) -> MachineSet:
        return replace(machine_set, settings={**SETTINGS, "flavor": "m9.huge"})
