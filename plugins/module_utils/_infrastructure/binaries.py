# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of binaries: what is asked for is there, whole, and from where its publisher says it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from . import download, gobuild
from .errors import InfrastructureError
from .files import locked, write_atomically
from .releases import Asset, Machine, Product, assets, product_of

Say = Callable[[str], None]


class Source(StrEnum):
    """Where binaries may come from."""

    AUTO = "auto"
    RELEASE = "release"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    names: Sequence[str]
    versions: Mapping[str, str]
    """By product."""
    urls: Mapping[str, str]
    source: Source
    machine: Machine
    cache: Path
    modules: Path
    """Folder with one Go module per product."""
    patience: float = 4.0
    """Seconds after which a publisher counts as not reachable."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a product's binaries came to be in the cache, in one call."""

    source: str
    names: tuple[str, ...]
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What a file was when it was installed."""

    size: int
    modified: int
    sha256: str
    source: str


def paths(request: Request) -> dict[str, str]:
    """Where each binary is, or will be."""
    return {name: str(_folder(request, product_of(name)) / name) for name in request.names}


def missing(request: Request) -> dict[str, list[str]]:
    """Binaries, by product, that are not in the cache as they were installed."""
    lacking: dict[str, list[str]] = {}
    for name in dict.fromkeys(request.names):
        product = product_of(name)
        if not _is_whole(_folder(request, product), name):
            lacking.setdefault(product.name, []).append(name)
    return lacking


def ensure(request: Request, say: Say) -> dict[str, Origin]:
    """Get what is missing. Runs side by side wait for each other and use what the first one got."""
    origins = {}
    lacking = missing(request)
    products = {name: product_of(names[0]) for name, names in lacking.items()}
    # Everything that can't work is said before the first long step begins.
    ways = {name: _way(request, product, lacking[name]) for name, product in products.items()}
    for name, product in products.items():
        with locked(_lock_path(request, product), _waiting(product, say)):
            still = missing(request).get(name)
            if still:
                origins[name] = _get(request, product, still, ways[name], say)
    return origins


@dataclass(frozen=True, slots=True)
class _Way:
    """How to get a product: assets with their checksums, or none of them where it is to be built."""

    downloads: tuple[tuple[Asset, str], ...]
    reason: str


def _way(request: Request, product: Product, names: Sequence[str]) -> _Way:
    if request.source is Source.BUILD:
        gobuild.check(product, request.versions[product.name], request.modules / product.name, _go_caches(request))
        return _Way((), "asked for")
    wanted = assets(product, request.versions[product.name], request.machine, names, request.urls)
    try:
        with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
            digests = list(pool.map(lambda asset: download.checksum(asset, request.patience), wanted))
    except download.UnreachableError as unreachable:
        if request.source is Source.RELEASE:
            raise InfrastructureError(f"{_title(request, product)} cannot be downloaded: {unreachable}.") from None
        try:
            gobuild.check(product, request.versions[product.name], request.modules / product.name, _go_caches(request))
        except InfrastructureError as unbuildable:
            raise InfrastructureError(
                f"{_title(request, product)} can neither be downloaded ({unreachable}) nor built: {unbuildable.message}",
                next_step=unbuildable.next_step,
            ) from None
        return _Way((), str(unreachable))
    return _Way(tuple(zip(wanted, digests, strict=True)), "the publisher answers")


def _get(request: Request, product: Product, names: Sequence[str], way: _Way, say: Say) -> Origin:
    began = time.monotonic()
    folder = _folder(request, product)
    with _workplace(folder) as place:
        if way.downloads:
            say(f"{_title(request, product)}: downloading {', '.join(names)}")
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(lambda pair: download.fetch(pair[0], pair[1], place, say), way.downloads))
        else:
            say(f"{_title(request, product)}: to be built ({way.reason})")
            gobuild.build(
                product,
                request.versions[product.name],
                names,
                request.machine,
                request.modules / product.name,
                place,
                _go_caches(request),
                say,
            )
        source = Source.RELEASE if way.downloads else Source.BUILD
        for name in names:
            _install(place / name, folder / name, source)
    seconds = round(time.monotonic() - began, 1)
    say(f"{_title(request, product)}: {', '.join(names)} ready after {seconds:.0f} s")
    return Origin(source.value, tuple(names), seconds, way.reason)


@contextlib.contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, so that a finished file moves in one step. What a killed run left there goes first."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".making-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _install(made: Path, target: Path, source: Source) -> None:
    made.chmod(0o755)
    status = made.stat()
    receipt = _Receipt(status.st_size, status.st_mtime_ns, _sha256(made), source.value)
    # The receipt of the file that goes must not vouch for the one that comes.
    _receipt_path(target).unlink(missing_ok=True)
    made.replace(target)
    write_atomically(_receipt_path(target), json.dumps(asdict(receipt)), 0o644)


def _is_whole(folder: Path, name: str) -> bool:
    """Whether a file is what was installed; its content is read again only where its dates differ."""
    path = folder / name
    try:
        receipt = _Receipt(**json.loads(_receipt_path(path).read_text(encoding="utf-8")))
        status = path.stat()
    except (OSError, ValueError, TypeError):
        return False
    if status.st_size != receipt.size or not os.access(path, os.X_OK):
        return False
    return status.st_mtime_ns == receipt.modified or _sha256(path) == receipt.sha256


def _receipt_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.receipt")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder(request: Request, product: Product) -> Path:
    return request.cache / "binaries" / f"{product.name}-{request.versions[product.name]}-{request.machine}"


def _lock_path(request: Request, product: Product) -> Path:
    folder = _folder(request, product)
    return folder.with_name(f".{folder.name}.lock")


def _go_caches(request: Request) -> Path:
    return request.cache / "go"


def _title(request: Request, product: Product) -> str:
    return f"{product.name} {request.versions[product.name]}"


def _waiting(product: Product, say: Say) -> Callable[[float], None]:
    told = [0.0]

    def waiting(seconds: float) -> None:
        if seconds >= told[0]:
            told[0] = seconds + 10
            say(f"{product.name}: another run is getting it; waiting ({seconds:.0f} s)")

    return waiting
