# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    ConflictError,
    LeaseHeldError,
    LeaseLostError,
    UnreachableError,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import (
    EPOCH_ANNOTATION,
    Afterwards,
    hold,
)


class Store:
    """Leases in memory, with the API server's conditional writes."""

    cluster = "hub"

    def __init__(self) -> None:
        self.leases: dict[str, dict[str, Any]] = {}
        self.version = 0
        self.down = False
        self.lock = threading.Lock()

    def get(self, resource: Any, name: str, namespace: str) -> dict[str, Any] | None:
        with self.lock:
            return self.leases.get(name)

    def create(self, resource: Any, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            if body["metadata"]["name"] in self.leases:
                raise ConflictError("exists", code=409)
            return self._store(body)

    def replace(self, resource: Any, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            if self.down:
                raise UnreachableError("down")
            known = self.leases.get(body["metadata"]["name"])
            if known is None or known["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
                raise ConflictError("stale", code=409)
            return self._store(body)

    def _store(self, body: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        stored = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        self.leases[body["metadata"]["name"]] = stored
        return stored


def holding(store: Store, holder: str, **more: Any) -> Any:
    return hold(store, "l", **{"namespace": "n", "holder": holder, "who": f"user of {holder}", **more})


def test_each_acquisition_raises_the_epoch() -> None:
    store = Store()
    epochs = []
    for holder in ("a", "b", "a"):
        with holding(store, holder) as lock:
            lock.check()
            epochs.append(lock.epoch)
    assert epochs == [1, 2, 3]


def test_the_epoch_is_above_what_the_caller_knows() -> None:
    with holding(Store(), "a", floor=41) as lock:
        assert lock.epoch == 42


def test_the_same_play_goes_on_under_its_epoch() -> None:
    store = Store()
    with holding(store, "a", afterwards=Afterwards.KEEP) as first:
        pass
    with holding(store, "a") as second:
        assert second.epoch == first.epoch


def test_another_play_is_told_who_holds_it() -> None:
    store = Store()
    with holding(store, "a", where="bastion"), pytest.raises(LeaseHeldError) as raised, holding(store, "b", wait=0.1):
        pass
    assert "user of a on bastion is working on it" in str(raised.value)
    assert "one that was killed has it for 20 s at most" in str(raised.value)


def test_a_released_lease_is_free_at_once() -> None:
    store = Store()
    with holding(store, "a"):
        pass
    with holding(store, "b", wait=0):
        pass


def test_a_silent_holder_is_outwaited_whatever_its_clock_says() -> None:
    store = Store()
    with holding(store, "dead", duration=1, afterwards=Afterwards.KEEP):
        pass
    store.leases["l"]["spec"]["renewTime"] = "2099-01-01T00:00:00.000000Z"
    begin = time.monotonic()
    with holding(store, "b", wait=5) as lock:
        assert lock.epoch == 2
    assert time.monotonic() - begin >= 1


def test_a_holder_that_renews_is_not_outwaited() -> None:
    store = Store()
    with holding(store, "a", duration=3), pytest.raises(LeaseHeldError), holding(store, "b", wait=4):
        pass


def test_writing_stops_when_renewal_fails() -> None:
    store = Store()
    with holding(store, "a", duration=1) as lock:
        store.down = True
        time.sleep(1)
        with pytest.raises(LeaseLostError):
            lock.check()


def test_writing_waits_for_a_hub_that_is_slow_and_goes_on_when_nobody_took_it_meanwhile() -> None:
    store = Store()
    with holding(store, "a", duration=2) as lock:
        store.down = True
        time.sleep(1.6)
        threading.Timer(0.4, lambda: setattr(store, "down", False)).start()
        lock.check()
        assert not store.down


def test_writing_never_goes_on_when_somebody_took_it_while_the_hub_was_silent() -> None:
    store = Store()
    with holding(store, "a", duration=1) as lock:
        store.down = True
        time.sleep(0.8)
        with store.lock:
            taken = store.leases["l"]
            thief = {**taken["spec"], "holderIdentity": "thief"}
            annotations = {**taken["metadata"]["annotations"], EPOCH_ANNOTATION: "2"}
            store._store({**taken, "spec": thief, "metadata": {**taken["metadata"], "annotations": annotations}})
        store.down = False
        with pytest.raises(LeaseLostError, match="somebody else took it"):
            lock.check()


def test_writing_stops_when_somebody_took_it() -> None:
    store = Store()
    with holding(store, "a", duration=1) as lock:
        taken = store.leases["l"]
        spec = {**taken["spec"], "holderIdentity": "thief"}
        store.replace(None, {**taken, "spec": spec})
        time.sleep(0.7)
        with pytest.raises(LeaseLostError, match="somebody else took it"):
            lock.check()
    assert store.leases["l"]["spec"]["holderIdentity"] == "thief"


def test_a_renewal_whose_answer_was_lost_is_no_loss() -> None:
    store = Store()
    with holding(store, "a", duration=1) as lock:
        store.replace(None, store.leases["l"])
        time.sleep(0.7)
        lock.check()


def test_an_interrupted_play_lets_others_in_at_once_though_more_tasks_were_to_follow() -> None:
    store = Store()
    with pytest.raises(KeyboardInterrupt), holding(store, "a", afterwards=Afterwards.KEEP):
        raise KeyboardInterrupt
    with holding(store, "b", wait=0):
        pass


def test_a_failed_task_keeps_the_lease_for_the_next_one_of_its_play() -> None:
    store = Store()
    with pytest.raises(UnreachableError), holding(store, "a", afterwards=Afterwards.KEEP):
        raise UnreachableError("down")
    with pytest.raises(LeaseHeldError), holding(store, "b", wait=0):
        pass


@pytest.mark.parametrize("afterwards", Afterwards)
def test_nothing_is_written_under_a_lease_whose_work_has_ended(afterwards: Afterwards) -> None:
    with holding(Store(), "a", afterwards=afterwards) as lock:
        lock.check()
    with pytest.raises(LeaseLostError, match="its work has ended"):
        lock.check()
