# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of image archives: from their registry, or made from binaries that are in the cache of binaries."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import binaries, oci, registry
from .binaries import Request, Source
from .download import UnreachableError
from .errors import InfrastructureError
from .files import locked
from .receipts import install, is_whole, receipt_of, workplace
from .releases import product_of

Say = Callable[[str], None]

_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
# Raised when what is made of the same binaries changes.
_RECIPE = 2
_MADE = "build "
# nft lists a protocol by its number where it does not find its name here. kube-proxy, started anew, then takes what it finds in its maps for
# somebody else's and deletes it, with what it just wrote: services have no rules any more.
_PROTOCOLS = {"/etc/protocols": "icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\nsctp 132 SCTP\n"}


@dataclass(frozen=True, slots=True)
class Archive:
    """An image in the cache."""

    reference: str
    path: str
    sha256: str
    size: int
    """Bytes."""
    source: str
    """`registry` or `build`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The parts of an image's name."""

    registry: str
    repository: str
    tag: str

    @property
    def name(self) -> str:
        """The last part of the repository: what the image is, in every mirror."""
        return self.repository.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"


def parse(reference: str) -> Reference:
    """Read `registry/repository:tag`; each part has to be there."""
    host, _sign, rest = reference.partition("/")
    repository, _sign, tag = rest.rpartition(":")
    if not (repository and tag and re.fullmatch(r"[\w.-]+(:\d+)?", host) and re.fullmatch(r"[\w.-]+", tag)):
        raise InfrastructureError(
            f"{reference!r} is no full name of an image.",
            next_step="Write it as registry/repository:tag, for example registry.k8s.io/pause:3.10.2.",
        )
    return Reference(host, repository, tag)


def etcd_version(reference: str) -> str:
    """The version of etcd in an image, whose tag has a number of the image behind it: 3.7.0-0 is v3.7.0."""
    return f"v{parse(reference).tag.partition('-')[0]}"


def missing(references: Sequence[str], request: Request) -> list[str]:
    """The images that are not in the cache. `request` says for which machine, and where the cache is."""
    return [name for name in references if not _there(parse(name), request)]


def found(references: Sequence[str], request: Request) -> list[Archive]:
    """The images that are in the cache."""
    archives = []
    for name in references:
        path = _there(parse(name), request)
        receipt = receipt_of(path) if path else None
        if path and receipt:
            archives.append(Archive(name, str(path), receipt.sha256, receipt.size, receipt.source.split()[0]))
    return archives


def ensure(references: Sequence[str], request: Request, mirrors: Mapping[str, str], say: Say) -> list[str]:
    """Get what is missing, return that.

    `mirrors` gives the address of a registry that stands in for another; one that is made of older binaries than are in the cache
    is made anew.
    """
    got = []
    for name in references:
        reference = parse(name)
        folder = _folder(request, reference)
        with locked(folder.with_name(f".{folder.name}.lock")):
            if not _there(reference, request):
                _get(reference, request, mirrors, folder, say)
                got.append(name)
    return got


def _get(reference: Reference, request: Request, mirrors: Mapping[str, str], folder: Path, say: Say) -> None:
    began = time.monotonic()
    with workplace(folder) as place:
        archive = place / "image.tar"
        source = _make(archive, reference, request, mirrors, place, say)
        install(archive, folder / "image.tar", source, 0o644)
    say(f"{reference}: ready after {time.monotonic() - began:.0f} s ({source.split()[0]})")


def _make(
    archive: Path, reference: Reference, request: Request, mirrors: Mapping[str, str], place: Path, say: Say
) -> str:
    if request.source is Source.BUILD:
        return _build(archive, reference, request, place, say)
    address = mirrors.get(reference.registry) or f"https://{reference.registry}"
    try:
        repository = registry.Repository(address, reference.repository, request.patience, {})
        registry.pull(archive, str(reference), repository, reference.tag, request.machine, say)
    except UnreachableError as unreachable:
        if request.source is Source.RELEASE:
            raise InfrastructureError(f"{reference} cannot be pulled: {unreachable}.") from None
        say(f"{reference}: to be built ({unreachable})")
        return _build(archive, reference, request, place, say)
    return "registry"


def _build(archive: Path, reference: Reference, request: Request, place: Path, say: Say) -> str:
    wanted = _wanted(reference, request)
    binaries.ensure(wanted, say)
    content = _content(reference, {name: Path(path) for name, path in binaries.paths(wanted).items()})
    oci.build(archive, str(reference), content, request.machine, place)
    return _origin(wanted)


def _wanted(reference: Reference, request: Request) -> Request:
    """The binaries of an image that is made here."""
    names, version = _binaries_of(reference)
    # Nobody publishes the program pause.
    source = Source.BUILD if reference.name == "pause" else request.source
    return replace(request, names=names, versions={product_of(names[0]).name: version}, source=source)


def _origin(wanted: Request) -> str:
    digests = sorted(binaries.digests(wanted).items())
    return f"{_MADE}{hashlib.sha256(json.dumps([_RECIPE, digests]).encode()).hexdigest()[:16]}"


def _binaries_of(reference: Reference) -> tuple[tuple[str, ...], str]:
    """The binaries that an image is made of, and their version."""
    if reference.name in _KUBERNETES:
        return (reference.name,), reference.tag
    if reference.name == "etcd":
        return ("etcd", "etcdctl", "etcdutl"), etcd_version(str(reference))
    if reference.name == "coredns":
        return ("coredns",), reference.tag
    if reference.name == "pause":
        return ("pause",), f"v{reference.tag}"
    raise InfrastructureError(
        f"{reference} cannot be made here: only Kubernetes' own, etcd, coredns and pause can.",
        next_step="Let this machine reach its registry or a mirror, or give an archive of it.",
    )


def _content(reference: Reference, paths: Mapping[str, Path]) -> oci.Content:
    if reference.name == "pause":
        return oci.Content(("/pause",), {"/pause": paths["pause"]}, user="65535:65535")
    folder = "/usr/local/bin"
    files = {f"{folder}/{name}": path for name, path in paths.items()}
    texts: Mapping[str, str] = {}
    if reference.name == "kube-proxy":
        files |= _nft()
        texts = _PROTOCOLS
    return oci.Content((f"{folder}/{reference.name}",), files, ("/etc", "/run", "/tmp"), texts=texts)


def _nft() -> dict[str, Path]:
    """What kube-proxy calls in mode `nftables`, with the libraries that it is linked to, as this machine has them."""
    program = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin")
    if program is None:
        raise InfrastructureError(
            "kube-proxy's image needs nft, and this machine has none.", next_step="Install the package nftables."
        )
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    libraries = re.findall(r"(?:=> |^\s*)(/\S+) \(0x", linked.stdout, re.MULTILINE)
    if linked.returncode or not libraries:
        raise InfrastructureError(f"{program} does not say what it is linked to: {linked.stderr.strip()}")
    return {"/usr/sbin/nft": Path(program), **{library: Path(library) for library in libraries}}


def _there(reference: Reference, request: Request) -> Path | None:
    path = _folder(request, reference) / "image.tar"
    receipt = receipt_of(path)
    if receipt is None or not is_whole(path):
        return None
    if not receipt.source.startswith(_MADE) or binaries.missing(_wanted(reference, request)):
        return path
    return path if receipt.source == _origin(_wanted(reference, request)) else None


def _folder(request: Request, reference: Reference) -> Path:
    name = re.sub(r"[^\w.-]", "_", f"{reference.registry}/{reference.repository}")
    return request.cache / "images" / f"{name}-{reference.tag}-{request.machine}"
