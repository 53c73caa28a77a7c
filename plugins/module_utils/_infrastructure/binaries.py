# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of binaries: what is asked for is there, whole, and from where its publisher says it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from . import download, gobuild
from .errors import InfrastructureError
from .files import locked
from .receipts import install, is_whole, receipt_of, workplace
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


def paths(request: Request) -> dict[str, str]:
    """Where each binary is, or will be."""
    return {name: str(_folder(request, product_of(name)) / name) for name in request.names}


def digests(request: Request) -> dict[str, str]:
    """The SHA-256 of each binary that is there, as it was installed."""
    receipts = {name: receipt_of(Path(path)) for name, path in paths(request).items()}
    return {name: receipt.sha256 for name, receipt in receipts.items() if receipt}


def missing(request: Request) -> dict[str, list[str]]:
    """Binaries, by product, that are not in the cache as they were installed."""
    lacking: dict[str, list[str]] = {}
    for name in dict.fromkeys(request.names):
        product = product_of(name)
        path = _folder(request, product) / name
        if not (is_whole(path) and os.access(path, os.X_OK)):
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
    with workplace(folder) as place:
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
            install(place / name, folder / name, source.value, 0o755)
    seconds = round(time.monotonic() - began, 1)
    say(f"{_title(request, product)}: {', '.join(names)} ready after {seconds:.0f} s")
    return Origin(source.value, tuple(names), seconds, way.reason)


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
