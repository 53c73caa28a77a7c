# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a cluster's machines, in a Neutron of memory that answers late and sometimes loses answers.

Against a real Neutron it is watched by the integration target openstack_machines_outlive_faults.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack import lock
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Cloud, Kind
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.errors import (
    LockTakenError,
    RefusedError,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.lock import anchors, leased
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.ownership import ANCHOR, mark


class Neutron(Cloud):
    """Security groups with revisions; every request takes a moment, before and after it has its effect."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(None, "memory")
        self.groups: dict[str, dict[str, Any]] = {}
        self.guard = threading.Lock()
        self.dice = random.Random(seed)

    def pause(self) -> None:
        time.sleep(self.dice.random() * 0.004)

    def listing(self, kind: Kind, **query: Any) -> list[dict[str, Any]]:
        self.pause()
        with self.guard:
            return [dict(group) for group in self.groups.values()]

    def get(self, kind: Kind, object_id: str) -> dict[str, Any] | None:
        self.pause()
        with self.guard:
            return dict(self.groups[object_id]) if object_id in self.groups else None

    def create(self, kind: Kind, find: Any, **attributes: Any) -> dict[str, Any]:
        self.pause()
        with self.guard:
            name = f"{self.dice.getrandbits(32):08x}"
            self.groups[name] = {"id": name, "created_at": "", "revision_number": 1, "tags": [], **attributes}
            made = dict(self.groups[name])
        self.pause()
        return made

    def delete(self, kind: Kind, object_id: str, **options: Any) -> None:
        self.pause()
        with self.guard:
            self.groups.pop(object_id, None)

    def send(self, service: str, method: str, path: str, **options: Any) -> Any:
        self.pause()
        with self.guard:
            group = self.groups.get(path.split("/")[2])
            if group is None:
                raise RefusedError("there is none", status=404)
            if path.endswith("/tags"):
                return None
            if options["headers"]["If-Match"] != f"revision_number={group['revision_number']}":
                raise RefusedError("somebody was faster", status=412)
            group["description"] = options["json"]["security_group"]["description"]
            group["revision_number"] += 1
        self.pause()
        return None


@pytest.fixture(autouse=True)
def _haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOOK", 0.005)
    monkeypatch.setattr(lock, "SETTLING", 0.2)
    monkeypatch.setattr(lock.random, "uniform", lambda low, high: random.random() * 0.02)


def test_an_anchor_that_another_play_clears_away_while_it_is_made_is_no_failure() -> None:
    class Hurried(Neutron):
        def send(self, service: str, method: str, path: str, **options: Any) -> Any:
            if path.endswith("/tags") and len(self.groups) == 1:
                self.groups.clear()
                self.create(Kind.SECURITY_GROUP, None, name="north", description=f"{mark('north', ANCHOR)} taken")
            return super().send(service, method, path, **options)

    neutron = Hurried()
    with leased(neutron, "north", 60) as lease:
        assert [group["id"] for group in anchors(neutron, "north")] == [lease.anchor["id"]]
    assert not lease.made


@pytest.mark.parametrize("seed", range(3))
def test_many_plays_at_once_work_one_at_a_time_on_one_anchor(seed: int) -> None:
    neutron = Neutron(seed)
    inside: list[str] = []
    worst: list[int] = []
    used: set[str] = set()

    def play() -> None:
        with leased(neutron, "north", 60) as lease:
            inside.append(lease.holder)
            worst.append(len(inside))
            used.add(lease.anchor["id"])
            time.sleep(0.01)
            lease.guard()
            inside.remove(lease.holder)

    plays = [threading.Thread(target=play) for _number in range(5)]
    for each in plays:
        each.start()
    for each in plays:
        each.join()
    assert max(worst) == 1
    assert len(worst) == 5
    assert len(used) == 1
    assert [group["description"] for group in anchors(neutron, "north")] == [f"{mark('north', ANCHOR)} taken"]


def test_a_play_waits_and_then_says_who_is_at_work() -> None:
    neutron = Neutron()
    with (
        leased(neutron, "north", 5),
        pytest.raises(LockTakenError, match="another play works"),
        leased(neutron, "north", 0.1),
    ):
        pass


def test_the_lock_of_a_dead_play_of_this_machine_is_taken_over_at_once() -> None:
    neutron = Neutron()
    neutron.create(
        Kind.SECURITY_GROUP,
        None,
        name="north",
        description=f"{mark('north', ANCHOR)} taken {lock._boot()}/999999999/1 2",
    )
    with leased(neutron, "north", 1) as lease:
        assert not lease.made


def test_a_lock_that_nobody_renews_is_taken_over_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "DURATION", 0.3)
    neutron = Neutron()
    neutron.create(
        Kind.SECURITY_GROUP, None, name="north", description=f"{mark('north', ANCHOR)} taken elsewhere/1/1 2"
    )
    began = time.monotonic()
    with leased(neutron, "north", 30):
        assert time.monotonic() - began >= 0.3


def test_whoever_loses_the_lock_stops_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RENEWAL", 0.02)
    neutron = Neutron()
    with leased(neutron, "north", 5) as lease:
        neutron.groups[lease.anchor["id"]]["description"] = f"{mark('north', ANCHOR)} taken somebody/1/1 2"
        deadline = time.monotonic() + 20
        while not lease.lost and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(LockTakenError, match="somebody/1/1 holds it"):
            lease.guard()
