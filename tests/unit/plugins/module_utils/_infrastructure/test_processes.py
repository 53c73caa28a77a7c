# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of a lab are known by what they run; ports and locks by who holds them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import kwok, processes
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.files import holds, locked, write_atomically
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.ports import PortBook, is_free


@pytest.fixture
def etcd(tmp_path: Path):
    """A process that runs `<tmp_path>/clusters/m1/bin/etcd`."""
    binary = tmp_path / "clusters" / "m1" / "bin" / "etcd"
    binary.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "/bin/sleep", binary)
    process = subprocess.Popen([str(binary), "60"])
    soon(lambda: processes.find(tmp_path / "clusters"))
    yield process
    process.kill()
    process.wait()


def test_a_process_is_found_by_its_binary(etcd, tmp_path):
    assert processes.find(tmp_path / "clusters") == (processes.Process(etcd.pid, "m1", "etcd", False),)
    assert processes.find(tmp_path / "other") == ()


def test_a_frozen_process_is_seen_as_such(etcd, tmp_path):
    processes.send(processes.find(tmp_path / "clusters")[0], signal.SIGSTOP)
    assert soon(lambda: processes.find(tmp_path / "clusters")[0].frozen)


def test_a_process_whose_folder_is_gone_is_still_found_and_ended(etcd, tmp_path):
    shutil.rmtree(tmp_path / "clusters")
    processes.end(processes.find(tmp_path / "clusters"), tmp_path / "clusters", grace=0)
    assert etcd.wait(30) == -signal.SIGKILL


def test_a_process_is_asked_before_it_is_killed(etcd, tmp_path):
    processes.end(processes.find(tmp_path / "clusters"), tmp_path / "clusters", grace=5)
    assert etcd.wait(30) == -signal.SIGTERM


def test_a_zombie_is_dead(etcd):
    assert not processes.is_dead(etcd.pid)
    etcd.kill()
    assert soon(lambda: processes.is_dead(etcd.pid))


def test_a_port_somebody_listens_on_is_not_handed_out(tmp_path):
    first = PortBook(tmp_path, []).take(1)[0]
    with socket.create_server(("127.0.0.1", first)):
        assert not is_free(first)
        assert first not in PortBook(tmp_path, []).take(6)
    assert is_free(first)


def test_ports_are_handed_out_once(tmp_path):
    book = PortBook(tmp_path, [])
    taken = book.take(6) + book.take(6)
    assert len(set(taken)) == 12
    assert not set(PortBook(tmp_path, taken).take(6)) & set(taken)


def test_labs_in_different_folders_begin_at_different_ports():
    begins = {PortBook(Path(f"/lab/{number}"), []).take(1)[0] // 100 for number in range(10)}
    assert len(begins) > 5


def test_only_ports_are_renumbered():
    text = "etcdPort: 21001\n- --secure-port=21001\nhost: 127.0.0.1:21001\ndelay: 21001\nport: 210011\n"
    assert kwok._renumber(text, {21001: 9}) == (
        "etcdPort: 9\n- --secure-port=9\nhost: 127.0.0.1:9\ndelay: 21001\nport: 210011\n"
    )


def test_a_file_is_written_whole_with_its_mode(tmp_path):
    path = tmp_path / "folder" / "file"
    write_atomically(path, "content")
    assert path.stat().st_mode & 0o777 == 0o600
    assert holds(path, "content")
    assert not holds(path, "other")
    assert not holds(path, "content", 0o644)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_who_waits_for_a_lock_hears_it_and_goes_on_after(tmp_path):
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path / "lock", lambda seconds: order.append("waits")):
            order.append("second")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        soon(lambda: order)
        order.append("first ends")
    thread.join(30)
    assert order[0] == "waits"
    assert order[-1] == "second"


def test_a_lock_whose_file_was_removed_is_taken_on_the_new_one(tmp_path):
    with locked(tmp_path / "lock"):
        (tmp_path / "lock").unlink()
        with locked(tmp_path / "lock"):
            assert (tmp_path / "lock").exists()


def soon(look: Callable[[], object]) -> object:
    """What a look gives once it is true, or at the end of half a minute."""
    deadline = time.monotonic() + 30
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
