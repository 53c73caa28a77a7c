"""Lays the checkout out as Ansible wants to find a collection, and builds its tarball."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from .paths import COLLECTION, Paths
from .steps import Log, StepError

# What a collection must still work with when everything else is deleted.
ESSENTIAL = ("meta", "plugins", "roles", "playbooks", "MANIFEST.json", "FILES.json")
OUTPUTS = ("tests/output", "tests/integration/inventory", ".ansible")


def lay_out(paths: Paths, log: Log) -> None:
    """Copy the checkout to ``.../ansible_collections/navarch/fleet``; what left the one leaves the other."""
    wanted = {name for name in _files(paths.repository) if (paths.repository / name).is_file()}
    target = paths.collection
    target.mkdir(parents=True, exist_ok=True)
    for output in OUTPUTS:
        shutil.rmtree(target / output, ignore_errors=True)
    changed = sum(_copy(paths.repository / name, target / name) for name in sorted(wanted))
    stale = [file for file in target.rglob("*") if file.is_file() and str(file.relative_to(target)) not in wanted]
    for file in stale:
        file.unlink()
    _drop_empty_folders(target)
    log.say(f"{len(wanted)} files, {changed} copied, {len(stale)} removed in {target}")


def build(paths: Paths, log: Log) -> Path:
    """The tarball, as users get it."""
    folder = paths.checkout / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    log.run("ansible-galaxy", "collection", "build", "--output-path", folder, directory=paths.collection)
    tarballs = list(folder.glob("*.tar.gz"))
    if len(tarballs) != 1:
        raise StepError(f"expected one tarball in {folder}, found {len(tarballs)}")
    return tarballs[0]


def install_stripped(paths: Paths, tarball: Path, log: Log) -> Path:
    """Unpack the tarball in a folder of its own and delete all that a collection must work without."""
    root = paths.checkout / "stripped"
    shutil.rmtree(root, ignore_errors=True)
    target = root / COLLECTION
    target.mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        archive.extractall(target, filter="data")
    gone = [entry for entry in target.iterdir() if entry.name not in ESSENTIAL]
    for entry in gone:
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    log.say(f"deleted from the installed collection: {', '.join(sorted(entry.name for entry in gone))}")
    return root


def _files(repository: Path) -> list[str]:
    """What git knows or would add; a checkout without git is taken whole."""
    if shutil.which("git") and (repository / ".git").exists():
        command = ["git", "-c", f"safe.directory={repository}", "ls-files", "-z", "--cached", "--others"]
        listing = subprocess.run([*command, "--exclude-standard"], cwd=repository, capture_output=True, check=False)
        if listing.returncode == 0:
            return [name for name in listing.stdout.decode().split("\0") if name]
    found = []
    for folder, folders, names in os.walk(repository):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__", ".ansible")]
        found += [os.path.relpath(os.path.join(folder, name), repository) for name in names]
    return found


def _copy(source: Path, target: Path) -> bool:
    if target.is_file() and filecmp.cmp(source, target) and source.stat().st_mode == target.stat().st_mode:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    return True


def _drop_empty_folders(root: Path) -> None:
    for folder, _folders, _names in os.walk(root, topdown=False):
        if not os.listdir(folder) and Path(folder) != root:
            os.rmdir(folder)
