# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloads that are worth something only when they have the publisher's checksum."""

from __future__ import annotations

import hashlib
import http.client
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .errors import InfrastructureError
from .releases import Asset, digest_in

_AGENT = {"User-Agent": "navarch.fleet"}
_BLOCK = 1 << 20
_FAILURES = (OSError, http.client.HTTPException, ValueError)


class UnreachableError(InfrastructureError):
    """The publisher does not answer, or not with the file; another way to the binaries may be open."""


class RefusedError(UnreachableError):
    """A server answers, with another status than success."""

    def __init__(self, message: str, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class ChecksumError(InfrastructureError):
    """What came is not what the publisher released."""


def checksum(asset: Asset, seconds: float) -> str:
    """The publisher's SHA-256 of a file. Ends within `seconds`, whatever the network and the resolver do."""
    document = answer(asset.checksum_url, {}, seconds).decode("utf-8", "replace")
    digest = digest_in(document, asset.file)
    if digest is None:
        raise ChecksumError(f"{asset.checksum_url} names no SHA-256 for {asset.file}.")
    return digest


def answer(url: str, headers: Mapping[str, str], seconds: float) -> bytes:
    """A short document. Ends within `seconds`, whatever the network and the resolver do; a :class:`RefusedError` where a server says no."""
    document: list[bytes] = []
    failure: list[Exception] = []

    def read() -> None:
        try:
            with _open(url, seconds, headers) as response:
                document.append(response.read(_BLOCK * 4))
        except _FAILURES as error:
            failure.append(error)

    # Looking a name up has no time limit of its own, so the whole request gets one from outside.
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(seconds)
    if document:
        return document[0]
    if failure and isinstance(failure[0], urllib.error.HTTPError):
        raise RefusedError(
            f"{urlsplit(url).netloc}: {_why(failure[0])}", failure[0].code, dict(failure[0].headers.items())
        )
    raise UnreachableError(
        f"{urlsplit(url).netloc}: {_why(failure[0]) if failure else f'no answer within {seconds:g} s'}"
    )


def save(url: str, headers: Mapping[str, str], path: Path, say: Callable[[str], None]) -> str:
    """Write what is at an address to a file; return its SHA-256."""
    try:
        return _save(url, headers, path, say)
    except _FAILURES as error:
        raise UnreachableError(f"{url}: {_why(error)}") from None


def fetch(asset: Asset, digest: str, folder: Path, say: Callable[[str], None]) -> None:
    """Put the asset's binaries into `folder`, after its checksum was found right."""
    path = folder / f".{asset.file}.part"
    actual = save(asset.url, {}, path, say)
    if actual != digest:
        path.unlink()
        raise ChecksumError(
            f"{asset.url} has SHA-256 {actual}, but {asset.checksum_url} says {digest}.",
            next_step="Nothing was installed. Try again; if it stays so, the file was changed on its way or at its source.",
        )
    for name, member in asset.members.items():
        if member:
            _extract(path, member, folder / name)
        else:
            path.replace(folder / name)
    path.unlink(missing_ok=True)


def _save(url: str, headers: Mapping[str, str], path: Path, say: Callable[[str], None]) -> str:
    digest = hashlib.sha256()
    name = url.rpartition("/")[2]
    with _open(url, 30, headers) as response, path.open("wb") as file:
        expected = int(response.headers.get("Content-Length") or 0)
        size, told = 0, time.monotonic()
        while block := response.read(_BLOCK):
            file.write(block)
            digest.update(block)
            size += len(block)
            if time.monotonic() - told >= 10:
                told = time.monotonic()
                say(f"{name}: {size >> 20} of {expected >> 20} MB" if expected else f"{name}: {size >> 20} MB")
    if expected and size != expected:
        raise OSError(f"the connection ended after {size} of {expected} bytes")
    return digest.hexdigest()


def _extract(archive: Path, member: str, target: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            # Some publishers' archives begin each name with `./`.
            entry = next((entry for entry in tar if entry.name.removeprefix("./") == member), None)
            source = tar.extractfile(entry) if entry else None
            if source is None:
                raise KeyError(member)
            with target.open("wb") as file:
                while block := source.read(_BLOCK):
                    file.write(block)
    except (KeyError, tarfile.TarError) as error:
        raise InfrastructureError(f"{archive.name} does not hold {member}: {error}") from None


def _open(url: str, seconds: float, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{url} is no http or https address")
    request = urllib.request.Request(url)
    for name, value in {**_AGENT, **headers}.items():
        # What is said to one server is not said to where it sends us.
        request.add_unredirected_header(name, value)
    response: http.client.HTTPResponse = urllib.request.build_opener().open(request, timeout=seconds)
    return response


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)
