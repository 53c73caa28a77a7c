# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages of a distribution with all that they depend on, as a folder that a host's apt installs from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import InfrastructureError
from .files import locked, write_atomically
from .receipts import sha256_of

Say = Callable[[str], None]

_OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of the Debian family, in the words of its os-release."""

    id: str
    version: str
    """VERSION_ID: `12`, `24.04`."""
    architecture: str
    """In Go's words, which are dpkg's too."""

    def __str__(self) -> str:
        return f"{self.id}-{self.version}-{self.architecture}"


def this_distribution(architecture: str, os_release: Path = _OS_RELEASE) -> Distribution:
    """The distribution that we run on."""
    try:
        lines = os_release.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    fields = {name: value.strip().strip('"') for name, _sign, value in (line.partition("=") for line in lines)}
    return Distribution(fields.get("ID", ""), fields.get("VERSION_ID", ""), architecture)


def download(
    names: Sequence[str], distribution: Distribution, sources: Sequence[str], cache: Path, say: Say
) -> list[Path]:
    """The packages, and all that they need on a host that has none; downloaded into the cache.

    `sources` are lines of a sources.list; without any, this machine's own sources are asked, and have to be the distribution's.
    """
    if shutil.which("apt-get") is None:
        raise InfrastructureError(
            f"Packages of {distribution} cannot be downloaded: there is no apt-get here.",
            next_step="Make the bundle on a machine of the Debian family, or without packages.",
        )
    if not sources and this_distribution(distribution.architecture) != distribution:
        raise InfrastructureError(
            f"Packages of {distribution} cannot be downloaded: this machine's apt has those of "
            f"{this_distribution(distribution.architecture)}.",
            next_step="Name the distribution's own sources in package_sources.",
        )
    folder = cache / "packages" / str(distribution)
    with locked(folder.with_suffix(".lock")):
        options = _options(folder, sources, distribution)
        install = ("-y", "--no-install-recommends", "install", *names)
        say(f"packages of {distribution}: {', '.join(names)}")
        _apt("-q", *options, "update")
        # What is listed is what lies nowhere yet: with an empty folder that is everything.
        listed = _apt("-q", *options, f"-oDir::Cache::Archives={folder / 'none'}", "--print-uris", *install)
        _apt("-q", *options, "--download-only", *install)
    files = [folder / "archives" / line.split()[1] for line in listed.splitlines() if line.startswith("'")]
    say(f"packages of {distribution}: {len(files)} files, {sum(file.stat().st_size for file in files) >> 20} MB")
    return sorted(files)


def write_index(packages: Sequence[Path], distribution: Distribution, cache: Path) -> Path:
    """The file `Packages` of a flat repository that holds these."""
    path = cache / "packages" / str(distribution) / "Packages"
    write_atomically(path, "\n".join(_entry(package) for package in packages), 0o644)
    return path


def _options(folder: Path, sources: Sequence[str], distribution: Distribution) -> list[str]:
    """An apt of our own, for which nothing is installed."""
    for name in ("lists/partial", "cache", "archives/partial", "none/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text("", encoding="utf-8")
    settings: dict[str, object] = {
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::Archives": folder / "archives",
        "APT::Architecture": distribution.architecture,
        "APT::Architectures": distribution.architecture,
        "APT::Sandbox::User": "root",
    }
    if sources:
        (folder / "sources.list").write_text("".join(f"{line}\n" for line in sources), encoding="utf-8")
        settings |= {"Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "/dev/null"}
    return [f"-o{name}={value}" for name, value in settings.items()]


def _apt(*words: str) -> str:
    done = subprocess.run(
        ["apt-get", *words], env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = "; ".join(line for line in done.stderr.splitlines() if line.startswith("E:")) or done.stderr.strip()
        raise InfrastructureError(f"apt-get: {reason[-600:]}")
    return done.stdout


def _entry(package: Path) -> str:
    done = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfrastructureError(f"{package.name} is no package: {done.stderr.strip()}")
    size = package.stat().st_size
    return f"{done.stdout.rstrip()}\nFilename: ./{package.name}\nSize: {size}\nSHA256: {sha256_of(package)}\n"
