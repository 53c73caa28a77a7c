# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages of the distribution: apt on Debian and Ubuntu, dnf on the RHEL family."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .commands import attempt, run
from .errors import NodeError
from .steps import Step

TOPIC = "packages"
APT, DNF = "apt", "dnf"
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
_APT_OPTIONS = ("-q", "-y", "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120")


@dataclass(frozen=True)
class Package:
    """A package by the name that this distribution gives it, with a version where it is pinned."""

    name: str
    version: str

    @classmethod
    def from_text(cls, text: str) -> Package:
        name, _sign, version = text.partition("=")
        return cls(name, version)


@dataclass(frozen=True)
class Source:
    """Where apt gets packages, if not from the host's own sources."""

    line: str = ""
    """One line of a sources.list."""
    archive: str = ""
    """A tar of packages and their index, whose checksum was found right; taken before the line."""


def manager() -> str:
    """The package manager of this host."""
    for name, program in ((APT, "apt-get"), (DNF, "dnf")):
        if shutil.which(program, path="/usr/bin:/bin:/usr/sbin"):
            return name
    raise NodeError("This host has neither apt-get nor dnf.", "Supported are Debian, Ubuntu and the RHEL family.")


def named(entries: Sequence[Any], by: str) -> list[Package]:
    """The packages that these entries mean for one manager, each once.

    An entry is a name that is the same everywhere, or a dictionary of names by manager; a manager that it does not name needs
    no package.
    """
    names = [entry if isinstance(entry, str) else entry.get(by, "") for entry in entries]
    return [Package.from_text(name) for name in dict.fromkeys(names) if name]


def observe(by: str) -> dict[str, str]:
    """All installed packages with their versions."""
    if by == APT:
        lines = run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n"]).splitlines()
        fields = [line.split("\t") for line in lines]
        return {name: version for status, name, version in fields if status.startswith("ii")}
    lines = run(["rpm", "-qa", "--qf", "%{NAME}\t%{VERSION}-%{RELEASE}\n"]).splitlines()
    fields = [line.split("\t") for line in lines]
    return {each[0]: each[1] for each in fields}


def plan(wanted: Sequence[Package], installed: Mapping[str, str]) -> list[Step]:
    """What has to be installed."""
    steps = []
    for package in wanted:
        there = installed.get(package.name)
        if there is None:
            steps.append(Step(TOPIC, "install", package.name, after=package.version or "installed"))
        elif package.version and there != package.version:
            steps.append(Step(TOPIC, "install", package.name, f"it is {there}", there, package.version))
    return steps


def act(steps: Sequence[Step], wanted: Sequence[Package], by: str, source: Source, deadline: float) -> None:
    """Install all of them in one go."""
    pins = {package.name: package.version for package in wanted}
    names = [step.subject for step in steps]
    if by == DNF:
        versions = [f"{name}-{pins[name]}" if pins[name] else name for name in names]
        run(["dnf", "-q", "-y", "install", *versions], deadline=deadline)
        return
    versions = [f"{name}={pins[name]}" if pins[name] else name for name in names]
    with tempfile.TemporaryDirectory(prefix="navarch-apt-") as folder:
        line = _unpacked(source.archive, os.path.join(folder, "packages")) if source.archive else source.line
        options = [*_APT_OPTIONS, *(_only(line, folder) if line else ())]
        # What an interrupted installation left half done blocks every later one.
        if attempt(["dpkg", "--audit"]).output.strip():
            run(["dpkg", "--configure", "-a"], deadline=deadline, environment=_QUIET)
        run(["apt-get", *options, "update"], deadline=deadline, environment=_QUIET)
        run(
            ["apt-get", *options, "install", "--no-install-recommends", "--allow-downgrades", *versions],
            deadline=deadline,
            environment=_QUIET,
        )


def _unpacked(archive: str, folder: str) -> str:
    """The source that a bundle's packages are, for as long as the folder is there."""
    os.mkdir(folder)
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content and os.path.basename(member.name) == member.name:
                with open(os.path.join(folder, member.name), "wb") as file:
                    shutil.copyfileobj(content, file)
    return f"deb [trusted=yes] file:{folder} ./"


def purge(names: Sequence[str], deadline: float) -> None:
    """Remove packages with their configuration; nothing else goes with them."""
    by = manager()
    if by == DNF:
        run(["dnf", "-q", "-y", "remove", "--noautoremove", *names], deadline=deadline)
        return
    run(["apt-get", *_APT_OPTIONS, "purge", *names], deadline=deadline, environment=_QUIET)


def _only(source: str, folder: str) -> list[str]:
    """Options that let apt see this source and no other, and leave its own lists alone."""
    path = os.path.join(folder, "navarch.list")
    with open(path, "w", encoding="utf-8") as file:
        file.write(source + "\n")
    os.makedirs(os.path.join(folder, "lists", "partial"))
    os.chmod(folder, 0o755)
    places = {"sourcelist": path, "sourceparts": "-", "::Dir::State::lists": os.path.join(folder, "lists")}
    return [
        "-o",
        f"Dir::Etc::sourcelist={places['sourcelist']}",
        "-o",
        f"Dir::Etc::sourceparts={places['sourceparts']}",
        "-o",
        f"Dir::State::lists={places['::Dir::State::lists']}",
        "-o",
        "APT::Sandbox::User=root",
    ]
