# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A publisher on this machine, laid out as the real ones are."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import Request, Source
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import Machine

VERSIONS = {"kubernetes": "v1.37.2", "kwok": "v0.8.0", "etcd": "v3.6.16"}
MACHINE = Machine("linux", "amd64")


@dataclass(frozen=True)
class Publisher:
    """Files on a server; `asked` has the path of every request."""

    root: Path
    url: str
    asked: list[str]

    @property
    def urls(self) -> Mapping[str, str]:
        return {
            "kubernetes": f"{self.url}/release",
            "kwok": f"{self.url}/kwok/download",
            "kwok_checksums": f"{self.url}/kwok/tags",
            "etcd": f"{self.url}/etcd/download",
        }

    def put(self, path: str, content: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    root = tmp_path / "published"
    root.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    publisher = Publisher(root, f"http://127.0.0.1:{server.server_address[1]}", asked)
    _publish(publisher)
    yield publisher
    server.shutdown()
    server.server_close()


@pytest.fixture
def request_of(tmp_path: Path, publisher: Publisher) -> functools.partial[Request]:
    modules = Path(__file__).resolve().parents[5] / "roles" / "binaries" / "files"
    return functools.partial(
        Request,
        versions=VERSIONS,
        urls=publisher.urls,
        source=Source.RELEASE,
        machine=MACHINE,
        cache=tmp_path / "cache",
        modules=modules,
    )


def _publish(publisher: Publisher) -> None:
    for name in ("kubectl", "kube-apiserver"):
        content = f"this is {name}".encode() * 1000
        publisher.put(f"release/v1.37.2/bin/linux/amd64/{name}", content)
        publisher.put(f"release/v1.37.2/bin/linux/amd64/{name}.sha256", sha256(content).encode())
    kwok = b"this is kwok"
    publisher.put("kwok/download/v0.8.0/kwok-linux-amd64", kwok)
    release = {"tag_name": "v0.8.0", "assets": [{"name": "kwok-linux-amd64", "digest": f"sha256:{sha256(kwok)}"}]}
    publisher.put("kwok/tags/v0.8.0", json.dumps(release).encode())
    folder = "etcd-v3.6.16-linux-amd64"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name in ("etcd", "etcdctl"):
            content = f"this is {name}".encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    publisher.put(f"etcd/download/v3.6.16/{folder}.tar.gz", archive.getvalue())
    publisher.put("etcd/download/v3.6.16/SHA256SUMS", f"{sha256(archive.getvalue())}  {folder}.tar.gz\n".encode())
