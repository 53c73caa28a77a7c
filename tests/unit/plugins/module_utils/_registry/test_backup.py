# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.backup import (
    Backup,
    moved,
    read_backup,
    write_backup,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.errors import SchemaError

CLUSTER: dict[str, Any] = {
    "kind": "Cluster",
    "metadata": {"name": "m1"},
    "spec": {"secretRef": {"namespace": "navarch-system", "name": "cluster-m1"}},
}
SECRET: dict[str, Any] = {"kind": "Secret", "metadata": {"name": "cluster-m1", "namespace": "navarch-system"}}
BACKUP = Backup("id", "2026-01-01T00:00:00Z", "navarch-system", (CLUSTER, SECRET))


def test_what_is_written_is_read_again_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    path.write_text("something old that anybody reads")
    path.chmod(0o644)
    write_backup(BACKUP, str(path))
    assert read_backup(str(path)) == BACKUP
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["token: geheim", '{"format": "geheim"}', "[]", ""])
def test_what_is_no_backup_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_backup(str(path))
    assert "geheim" not in str(raised.value)


def test_a_newer_backup_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    write_backup(BACKUP, str(path))
    path.write_text(json.dumps({**json.loads(path.read_text()), "schemaVersion": 99}))
    with pytest.raises(SchemaError):
        read_backup(str(path))


def test_a_registry_can_come_back_in_another_namespace() -> None:
    found = moved(BACKUP, "elsewhere")
    assert found.objects[0]["spec"]["secretRef"]["namespace"] == "elsewhere"
    assert found.objects[1]["metadata"]["namespace"] == "elsewhere"
    assert moved(found, "navarch-system") == BACKUP


def test_its_text_shows_no_object() -> None:
    assert "cluster-m1" not in repr(BACKUP)
    assert BACKUP.counts == {"Cluster": 1, "Secret": 1}
