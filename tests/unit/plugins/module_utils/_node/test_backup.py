# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import backup
from ansible_collections.navarch.fleet.plugins.module_utils._node.backup import Found, Part, Wanted
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError

CONTENT = {
    "snapshot.db": "data",
    "pki/ca.crt": "cert",
    "pki/ca.key": "key",
    "about.json": json.dumps({"cluster": "north"}),
}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr(backup, "_WORK", str(folder))
    return folder


def archive(tmp_path: Path, content: dict[str, str], sums: dict[str, str] | None = None) -> Wanted:
    """A backup with these files, and checksums of those in `sums`."""
    listed = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  ./{name}\n" for name, text in (sums or content).items()
    )
    path = tmp_path / "north.tar"
    with tarfile.open(path, "w") as tar:
        for name, text in {**content, "SHA256SUMS": listed}.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return Wanted(frozenset(Part), str(path), "north", "n1", "10.0.0.1")


def read(wanted: Wanted) -> dict[str, str]:
    backup._unpack(wanted.archive)
    return dict(backup._checked(wanted))


def test_a_backup_says_of_which_cluster_it_is(tmp_path: Path) -> None:
    assert read(archive(tmp_path, CONTENT))["cluster"] == "north"


def test_a_backup_of_another_cluster_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="south"):
        read(archive(tmp_path, {**CONTENT, "about.json": json.dumps({"cluster": "south"})}))


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"snapshot\.db"):
        read(archive(tmp_path, {**CONTENT, "snapshot.db": "dama"}, CONTENT))


def test_a_backup_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"pki/ca\.key"):
        read(archive(tmp_path, {name: text for name, text in CONTENT.items() if name != "pki/ca.key"}))


def test_a_backup_writes_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="evil"):
        read(archive(tmp_path, {**CONTENT, "../evil": "x"}))
    assert not (tmp_path / "evil").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "north.tar"
    file.write_text("no archive")
    with pytest.raises(NodeError, match="no backup"):
        backup._unpack(str(file))


def test_a_host_with_parts_of_a_cluster_is_refused_and_one_that_was_prepared_goes_on() -> None:
    wanted = Wanted(frozenset(Part), "/root/north.tar", "north", "n1", "10.0.0.1")
    assert [step.action for step in backup.plan(wanted, Found((), False))] == ["restore"]
    assert backup.plan(wanted, Found(("/var/lib/etcd/member",), True)) == []
    with pytest.raises(NodeError, match="reset"):
        backup.plan(wanted, Found(("/etc/kubernetes/kubelet.conf",), False))
