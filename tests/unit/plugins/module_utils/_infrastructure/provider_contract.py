# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every provider of machines keeps to, as a test that each implementation passes.

A test module of a provider makes a class that inherits from ``ProviderContract`` and says how to make the provider and
a set in which three machines may be. The same class runs against what is really there in integration targets.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.provider import (
    Machine,
    MachineSet,
    Plan,
    Provider,
    Result,
)


class ProviderContract:
    """Inherit, and give ``provider`` and ``machine_set`` as fixtures; ``impossible`` is a set that can't be."""

    def test_it_describes_what_a_machine_would_be(self, provider: Provider, machine_set: MachineSet) -> None:
        description = provider.describe(machine_set)
        assert {"cpu", "memory"} <= set(description.capacity)
        assert description.seconds_to_create >= 0
        assert description.cost_per_hour is None or description.cost_per_hour >= 0

    def test_it_refuses_what_there_is_not(self, provider: Provider, impossible: MachineSet) -> None:
        with pytest.raises(InfrastructureError) as caught:
            provider.describe(impossible)
        assert caught.value.next_step

    def test_a_plan_changes_nothing(self, provider: Provider, machine_set: MachineSet) -> None:
        plan = provider.plan(machine_set, 2)
        assert len(plan.create) == 2
        assert plan.changes
        assert provider.machines(machine_set) == ()

    def test_it_grows_and_shrinks_to_a_size(self, provider: Provider, machine_set: MachineSet) -> None:
        first = reach(provider, machine_set, 2)
        assert len(first) == 2
        more = reach(provider, known(machine_set, first), 3)
        assert names(first) <= names(more)
        assert len(more) == 3
        fewer = reach(provider, known(machine_set, more), 1)
        assert len(fewer) == 1
        assert reach(provider, known(machine_set, fewer), 0) == ()

    def test_a_size_that_is_reached_needs_nothing(self, provider: Provider, machine_set: MachineSet) -> None:
        there = reach(provider, machine_set, 2)
        plan = provider.plan(known(machine_set, there), 2)
        assert not plan.changes
        assert names(provider.apply(plan).machines) == names(there)

    def test_a_plan_that_is_carried_out_twice_makes_no_more(self, provider: Provider, machine_set: MachineSet) -> None:
        plan = provider.plan(machine_set, 2)
        once = provider.apply(plan).machines
        assert names(provider.apply(plan).machines) == names(once)
        assert len(once) == 2

    def test_the_machine_that_is_named_goes(self, provider: Provider, machine_set: MachineSet) -> None:
        there = reach(provider, machine_set, 3)
        victim = sorted(names(there))[0]
        left = provider.apply(provider.plan(known(machine_set, there), 2, [victim])).machines
        assert names(left) == names(there) - {victim}

    def test_a_named_machine_can_be_replaced(self, provider: Provider, machine_set: MachineSet) -> None:
        there = reach(provider, machine_set, 2)
        victim = sorted(names(there))[0]
        plan = provider.plan(known(machine_set, there), 2, [victim])
        assert plan.remove == (victim,)
        assert len(plan.create) == 1
        after = provider.apply(plan).machines
        assert victim not in names(after)
        assert len(after) == 2

    def test_a_stranger_is_not_removed(self, provider: Provider, machine_set: MachineSet) -> None:
        with pytest.raises(InfrastructureError) as caught:
            provider.plan(machine_set, 0, ["stranger"])
        assert "stranger" in str(caught.value)

    def test_another_set_is_left_alone(self, provider: Provider, machine_set: MachineSet, other: MachineSet) -> None:
        mine = reach(provider, machine_set, 1)
        theirs = reach(provider, other, 1)
        assert names(mine).isdisjoint(names(theirs))
        reach(provider, known(machine_set, mine), 0)
        assert names(provider.machines(known(other, theirs))) == names(theirs)

    def test_room_never_promises_more_than_was_asked_for(self, provider: Provider, machine_set: MachineSet) -> None:
        assert provider.room(machine_set, 1).machines == 1
        far = provider.room(machine_set, 10_000)
        assert 0 <= far.machines <= 10_000
        assert far.limit or far.machines == 10_000


def reach(provider: Provider, machine_set: MachineSet, replicas: int) -> tuple[Machine, ...]:
    """Bring a set to a size; there may be no errors."""
    plan: Plan = provider.plan(machine_set, replicas)
    result: Result = provider.apply(plan)
    assert result.errors == ()
    return result.machines


def known(machine_set: MachineSet, machines: tuple[Machine, ...]) -> MachineSet:
    """The set as the hub knows it afterwards."""
    return replace(machine_set, recorded=tuple(machine.name for machine in machines))


def names(machines: tuple[Machine, ...]) -> set[str]:
    return {machine.name for machine in machines}
