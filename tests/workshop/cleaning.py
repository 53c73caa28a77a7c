"""`make clean` and `make distclean`: what the doors started is stopped and removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import docker, hosts, venvs
from .openstack import lab as openstack_lab
from .openstack.places import find_lab
from .paths import Paths
from .quickstart import user_lab_folder
from .steps import Log, Show, Step

# Slow to make again, and shared by all checkouts.
KEPT = ("binaries", "images", "hosts", "openstack", "venvs", "go", "pip", "wheels", "home", "pycache")


def clean(paths: Paths) -> list[Step]:
    """Labs first, because their programs still run; then this checkout's own folder."""

    def labs(log: Log) -> None:
        found = [folder for folder in (user_lab_folder(paths), paths.lab, paths.roles_lab) if folder.exists()]
        if not found:
            log.say("no lab is there")
        elif not venvs.describe(paths, "dev").ready:
            venvs.make(venvs.describe(paths, "dev"), log)
        for folder in found:
            log.run("ansible-playbook", "navarch.fleet.lab", "-e", f"lab_directory={folder}", "-e", "lab_state=absent")
            remove(folder)
            log.say(f"removed {folder}")

    def machines(log: Log) -> None:
        if docker.answers():
            for place in hosts.down_below(paths.checkout):
                log.say(f"removed the hosts of {place}")

    def openstack(log: Log) -> None:
        place = find_lab(paths)
        user = openstack_lab.user(place)
        if user not in (None, paths.repository):
            log.say(f"OpenStack in {place.folder} stays: the checkout {user} uses it")
        elif place.folder.exists():
            openstack_lab.down(place)
            log.say(f"OpenStack in {place.folder} is stopped")

    def folders(log: Log) -> None:
        for name in (
            "lab",
            "tree",
            "dist",
            "plays",
            "molecule",
            "stripped",
            "homes",
            "reference",
            "ruff",
            "mypy",
            "hypothesis",
        ):
            remove(paths.checkout / name)
        kept = [paths.cache / name for name in KEPT if (paths.cache / name).exists()]
        log.say(f"removed what belongs to this checkout in {paths.checkout} (but its logs)")
        log.say(f"kept, because it is slow to make again: {', '.join(str(folder) for folder in kept) or 'nothing'}")
        log.say("`make distclean` removes that too")

    return [
        Step("labs", labs, show=Show.PLAIN),
        Step("machines", machines, show=Show.PLAIN),
        Step("openstack", openstack, show=Show.PLAIN),
        Step("folders", folders, ("labs", "machines", "openstack"), Show.PLAIN),
    ]


def distclean(paths: Paths) -> list[Step]:
    """Clean, and drop the caches; only folders that the doors made."""

    def caches(log: Log) -> None:
        docker.end(paths.cache / "hosts", log.say)
        for name in (*KEPT, "checkouts"):
            if (paths.cache / name).exists():
                remove(paths.cache / name)
                log.say(f"removed {paths.cache / name}")

    return [*clean(paths), Step("caches", caches, ("folders",), Show.PLAIN)]


def remove(folder: Path) -> None:
    """Go keeps its modules read-only: folders are made writable on the way."""
    for path, folders, _files in os.walk(folder):
        for name in folders:
            inner = Path(path, name)
            if not inner.is_symlink() and not os.access(inner, os.W_OK):
                inner.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
