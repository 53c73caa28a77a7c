# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files put aside before a change, so that there is a way back. One set at a time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable

from . import files

_FOLDER = "/var/lib/navarch/saved"
_LIST = f"{_FOLDER}/list.json"


def keep(name: str, paths: Iterable[str]) -> None:
    """Put these files aside under a name, unless that was done before; folders stand for the files in them."""
    if name_kept() == name:
        return
    files.remove(_FOLDER)
    os.makedirs(_FOLDER, mode=0o700)
    listed = sorted({path for given in paths for path in _files_of(given)})
    folders = sorted({given for given in paths if os.path.isdir(given)})
    for number, path in enumerate(listed):
        if os.path.exists(path):
            _copy(path, _copy_of(number))
    # Written last: a set without a list is none.
    files.write(_LIST, json.dumps({"name": name, "paths": listed, "folders": folders}), 0o600)


def name_kept() -> str:
    """The name of the set that is kept; empty if there is none."""
    return str(_read().get("name", ""))


def bring_back() -> list[str]:
    """Put everything back as it was; the paths that differed. What was not there before goes."""
    kept = _read()
    changed = []
    for number, path in enumerate(kept.get("paths", ())):
        if not path:
            continue
        copy = _copy_of(number)
        if os.path.exists(copy):
            if not _same(copy, path):
                _copy(copy, path)
                changed.append(path)
        elif os.path.exists(path):
            files.remove(path)
            changed.append(path)
    for folder in kept.get("folders", ()):
        for path in set(_files_of(folder)) - set(kept["paths"]):
            files.remove(path)
            changed.append(path)
    return changed


def forget(folder: str) -> None:
    """Leave a folder and its files as they are now."""
    kept = _read()
    if not kept:
        return
    for number, path in enumerate(kept["paths"]):
        if os.path.dirname(path) == folder:
            files.remove(_copy_of(number))
            kept["paths"][number] = ""
    kept["folders"] = [each for each in kept["folders"] if each != folder]
    files.write(_LIST, json.dumps(kept), 0o600)


def drop() -> None:
    """Keep nothing any more."""
    files.remove(_FOLDER)


def _read() -> dict:
    try:
        found = json.loads(files.read(_LIST) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _files_of(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(path, name) for name in os.listdir(path) if os.path.isfile(os.path.join(path, name))]


def _copy_of(number: int) -> str:
    return os.path.join(_FOLDER, str(number))


def _copy(source: str, target: str) -> None:
    """A copy in one move. What is replaced by a move later may share its content with the copy."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    # A leading dot: the kubelet does not take it for a static pod.
    temporary = os.path.join(os.path.dirname(target), f".navarch-{os.path.basename(target)}")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    shutil.copy2(source, temporary)
    os.replace(temporary, target)


def _same(one: str, other: str) -> bool:
    try:
        first, second = os.stat(one), os.stat(other)
    except FileNotFoundError:
        return False
    return (first.st_size, first.st_mtime_ns, first.st_mode) == (second.st_size, second.st_mtime_ns, second.st_mode)
