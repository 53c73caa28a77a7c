# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as the roles want it: what they list is compared with what is there, and only the difference is brought about."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from . import binaries, files, images, kernel, ledger, packages, permissions, units
from .errors import NodeError
from .steps import Step

_UNIT_FOLDERS = ("/etc/systemd/system/",)
_SYSTEMD = "systemd"
_TOGETHER = (packages.TOPIC, binaries.TOPIC)
"""They begin, side by side: both are mostly waiting for a network and a disk."""
_ORDER = (
    kernel.SWAP,
    kernel.MODULES,
    kernel.PARAMETERS,
    files.TOPIC,
    units.TOPIC,
    images.TOPIC,
    permissions.TOPIC,
)
"""Each stands on what is before it: images need containerd to run, which needs its program and its file."""


@dataclass(frozen=True)
class Resources:
    """All that is wanted of a host."""

    package_manager: str
    packages: tuple[packages.Package, ...]
    kernel_modules: tuple[str, ...]
    sysctls: Mapping[str, str]
    swap: str
    files: tuple[files.File, ...]
    binaries: tuple[binaries.Binary, ...]
    images: tuple[images.Archive, ...]
    units: tuple[units.Unit, ...]
    permissions: tuple[permissions.Permission, ...] = ()


@dataclass(frozen=True)
class Found:
    """All that was looked at."""

    packages: Mapping[str, str]
    kernel: kernel.Found
    files: Mapping[str, files.Found]
    binaries: Mapping[str, str]
    images: frozenset[str]
    units: Mapping[str, units.Found]
    permissions: Mapping[str, permissions.Found]


@dataclass(frozen=True)
class PackageArchive:
    """The packages of a bundle, and where they can be had."""

    sha256: str
    url: str
    """Empty: the controller brings it."""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> PackageArchive | None:
        """None where there is none."""
        return cls(given["sha256"], given.get("url") or "") if given.get("sha256") else None


@dataclass(frozen=True)
class Means:
    """How things are fetched and how long they may take."""

    package_source: str
    """One line of apt's sources; empty: the host's own."""
    package_archive: PackageArchive | None
    """Taken instead, where there is one."""
    access: binaries.Access
    deadline: float
    """Seconds for installing packages."""


def resources(given: Sequence[Mapping[str, Any]]) -> Resources:
    """Lists of several roles as one; the later one wins where two name the same path, parameter or unit."""
    manager = packages.manager()
    swap = [each["swap"] for each in given if each.get("swap")]
    return Resources(
        package_manager=manager,
        packages=tuple(packages.named(_all(given, "packages"), manager)),
        kernel_modules=tuple(dict.fromkeys(_all(given, "kernel_modules"))),
        sysctls={name: str(value) for each in given for name, value in (each.get("sysctls") or {}).items()},
        swap=swap[-1] if swap else "keep",
        files=_last((file.path, file) for file in map(files.File.from_dict, _all(given, "files"))),
        binaries=_last((each.path, each) for each in map(binaries.Binary.from_dict, _all(given, "binaries"))),
        images=_last((each.sha256, each) for each in map(images.Archive.from_dict, _all(given, "images"))),
        units=_last((unit.name, unit) for unit in map(units.Unit.from_dict, _all(given, "units"))),
        permissions=tuple(map(permissions.Permission.from_dict, _all(given, "permissions"))),
    )


def observe(wanted: Resources) -> Found:
    """Look at everything that is wanted, and change nothing."""
    return Found(
        packages=packages.observe(wanted.package_manager) if wanted.packages else {},
        kernel=kernel.observe(wanted.kernel_modules, wanted.sysctls),
        files=files.observe(wanted.files),
        binaries=binaries.observe(wanted.binaries),
        images=images.observe() if wanted.images else frozenset(),
        units=units.observe(wanted.units),
        permissions=permissions.observe(wanted.permissions),
    )


def plan(wanted: Resources, found: Found) -> list[Step]:
    """What has to be done, in this order."""
    steps = [
        *packages.plan(wanted.packages, found.packages),
        *kernel.plan(wanted.kernel_modules, wanted.sysctls, wanted.swap, found.kernel),
        *files.plan(wanted.files, found.files),
        *binaries.plan(wanted.binaries, found.binaries),
    ]
    changing = frozenset(step.subject for step in steps)
    unit_files = [path for path in sorted(changing) if path.startswith(_UNIT_FOLDERS)]
    if unit_files or any(unit.stale for unit in found.units.values()):
        steps.append(Step(units.TOPIC, "reload systemd", _SYSTEMD, ", ".join(unit_files), after="reloaded"))
    steps += units.plan(wanted.units, found.units, changing)
    steps += images.plan(wanted.images, found.images)
    return [*steps, *permissions.plan(wanted.permissions, found.permissions)]


def to_bring(wanted: Resources, steps: Sequence[Step], archive: PackageArchive | None) -> list[str]:
    """Checksums of the files that the controller has to bring before the steps can be carried out."""
    planned = {step.subject for step in steps if step.topic in (binaries.TOPIC, images.TOPIC)}
    digests = [each.sha256 for each in wanted.binaries if each.path in planned and not each.url]
    digests += [each.sha256 for each in wanted.images if each.sha256 in planned and not each.url]
    if archive and not archive.url and any(step.topic == packages.TOPIC for step in steps):
        digests.append(archive.sha256)
    return list(dict.fromkeys(digests))


def act(wanted: Resources, steps: Sequence[Step], found: Found, means: Means) -> dict[str, float]:
    """Carry out a plan, and no other. How many seconds each topic of it took."""
    ledger.note(steps, found.units)
    by_topic = {
        topic: [step for step in steps if step.topic == topic] for topic in dict.fromkeys(each.topic for each in steps)
    }
    acts = _acts(wanted, found, means)
    seconds = {}

    def carry_out(topic: str) -> None:
        began = time.monotonic()
        acts[topic](by_topic[topic])
        seconds[topic] = round(time.monotonic() - began, 1)

    with ThreadPoolExecutor() as pool:
        for _topic in pool.map(carry_out, [topic for topic in _TOGETHER if topic in by_topic]):
            pass
    for topic in _ORDER:
        if topic in by_topic:
            carry_out(topic)
    return seconds


def _acts(wanted: Resources, found: Found, means: Means) -> dict[str, Callable[[Sequence[Step]], None]]:
    """Who carries out the steps of a topic."""
    wanted_binaries = {each.path: each for each in wanted.binaries}
    wanted_files = {file.path: file for file in wanted.files}
    wanted_units = {unit.name: unit for unit in wanted.units}
    archives = {each.sha256: each for each in wanted.images}
    return {
        packages.TOPIC: lambda steps: _install(steps, wanted, found, means),
        binaries.TOPIC: lambda steps: binaries.act(steps, wanted_binaries, means.access),
        kernel.SWAP: _each(kernel.act),
        kernel.MODULES: _each(kernel.act),
        kernel.PARAMETERS: _each(kernel.act),
        files.TOPIC: _each(lambda step: files.act(step, wanted_files)),
        units.TOPIC: _each(lambda step: units.act(step, wanted_units)),
        images.TOPIC: _each(lambda step: images.act(step, archives, means.access)),
        permissions.TOPIC: _each(permissions.act),
    }


def _each(act: Callable[[Step], None]) -> Callable[[Sequence[Step]], None]:
    def carry_out(steps: Sequence[Step]) -> None:
        for step in steps:
            act(step)

    return carry_out


def _install(steps: Sequence[Step], wanted: Resources, found: Found, means: Means) -> None:
    with contextlib.ExitStack() as stack:
        source = _package_source(means, stack)
        packages.act(steps, wanted.packages, wanted.package_manager, source, means.deadline)
    ledger.note_packages(found.packages, packages.observe(wanted.package_manager))


def _package_source(means: Means, stack: contextlib.ExitStack) -> packages.Source:
    archive = means.package_archive
    if archive is None:
        return packages.Source(means.package_source)
    path = stack.enter_context(binaries.fetched(archive.sha256, archive.url, means.access))
    return packages.Source(means.package_source, path)


def verify(wanted: Resources) -> None:
    """Look again: what is still not right is an error."""
    left = plan(wanted, observe(wanted))
    if left:
        logs = "".join(f"\n{units.last_words(step.subject)}" for step in left if step.topic == units.TOPIC)
        raise NodeError(
            f"This was done, and yet is not so: {'; '.join(str(step) for step in left)}.{logs}",
            "Something else on the host changes it back; see `journalctl --since -5min` there.",
        )


def _all(given: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    return [item for each in given for item in each.get(kind) or ()]


def _last(pairs: Iterable[tuple[str, Any]]) -> tuple[Any, ...]:
    return tuple(dict(pairs).values())
