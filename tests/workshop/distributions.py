"""The distributions that hosts are made of: who publishes them, and the keys that their archives are signed with."""

from __future__ import annotations

import hashlib
import subprocess
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .docker import UnavailableError

_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a distribution's pool."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """What all releases of a distribution have in common."""

    origin: str
    """As its archives name it."""
    mirror: str
    """Where this machine's apt has no source of it; empty: apt has to have one."""
    components: tuple[str, ...]
    script: str
    """Of debootstrap, whose versions don't know releases that are newer than they are."""
    keyring: Path
    """In the package of keys, and on machines that have it installed."""
    keys: Package | None
    """None: its keys have to be on this machine."""


DEBIAN = Distribution("Debian", "", ("main",), "sid", Path("/usr/share/keyrings/debian-archive-keyring.gpg"), None)
UBUNTU = Distribution(
    "Ubuntu",
    "http://archive.ubuntu.com/ubuntu",
    ("main", "universe"),
    "gutsy",
    Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
    Package(
        "pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb",
        "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8",
    ),
)
SUITES: Mapping[str, Distribution] = {"bookworm": DEBIAN, "trixie": DEBIAN, "jammy": UBUNTU, "noble": UBUNTU}


def of(suite: str) -> Distribution:
    """The distribution that a suite belongs to."""
    if suite not in SUITES:
        raise UnavailableError(f"hosts can be of {', '.join(sorted(SUITES))}, not of {suite}")
    return SUITES[suite]


def mirror(distribution: Distribution) -> str:
    """The first mirror that this machine's apt is set up with, or its publisher's."""
    words = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(SITE)"]
    for line in subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines():
        origin, _sign, site = line.partition("|")
        if origin == distribution.origin:
            return site
    if not distribution.mirror:
        raise UnavailableError(f"apt on this machine has no source of {distribution.origin}, which hosts are made of")
    return distribution.mirror


def script(distribution: Distribution) -> Path:
    """What debootstrap makes all its releases with."""
    return _SCRIPTS / distribution.script


def keyring(distribution: Distribution, place: Path) -> Path:
    """The keys that sign its archive: this machine's, or out of the package of them."""
    if distribution.keyring.exists():
        return distribution.keyring
    if distribution.keys is None:
        raise UnavailableError(f"{distribution.keyring} is not there, and hosts are made of {distribution.origin}")
    address = f"{mirror(distribution)}/{distribution.keys.path}"
    with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != distribution.keys.sha256:
        raise UnavailableError(f"{address} is not the package of keys that is expected")
    package = place / "keys.deb"
    package.write_bytes(content)
    subprocess.run(["dpkg-deb", "--extract", package, place / "keys"], check=True, capture_output=True)
    return place / "keys" / distribution.keyring.relative_to("/")
