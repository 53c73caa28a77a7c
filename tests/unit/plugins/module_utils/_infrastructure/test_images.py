# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of images: made of files, and pulled from a server that answers as a registry."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import images, oci, registry
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import Source
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.download import UnreachableError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import Machine

MACHINE = Machine("linux", "amd64")


def silent(text: str) -> None:
    pass


def made(folder: Path, reference: str = "registry.example.com/tools/thing:1") -> Path:
    """An image with one program."""
    folder.mkdir(parents=True)
    (folder / "program").write_bytes(b"#!/bin/sh\n")
    content = oci.Content(
        ("/bin/program",), {"/bin/program": folder / "program"}, ("/tmp",), "65535:65535", {"/etc/names": "one 1\n"}
    )
    oci.build(folder / "image.tar", reference, content, MACHINE, folder)
    return folder / "image.tar"


def blobs(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: stream.read() for entry in tar.getmembers() if (stream := tar.extractfile(entry))}


def test_the_same_files_give_the_same_archive(tmp_path):
    assert made(tmp_path / "one").read_bytes() == made(tmp_path / "two").read_bytes()


def test_an_archive_names_its_image_and_every_blob_is_its_digest(tmp_path):
    found = blobs(made(tmp_path / "image"))
    index = json.loads(found["index.json"])
    assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "registry.example.com/tools/thing:1"
    for name, content in found.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
    manifest = json.loads(found[f"blobs/{index['manifests'][0]['digest'].replace(':', '/')}"])
    config = json.loads(found[f"blobs/{manifest['config']['digest'].replace(':', '/')}"])
    assert config["config"] == {
        "Entrypoint": ["/bin/program"],
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "User": "65535:65535",
    }
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    with tarfile.open(fileobj=io.BytesIO(found[f"blobs/{manifest['layers'][0]['digest'].replace(':', '/')}"])) as layer:
        assert [(entry.name, oct(entry.mode)) for entry in layer] == [
            ("bin", "0o755"),
            ("etc", "0o755"),
            ("tmp", "0o1777"),
            ("bin/program", "0o755"),
            ("etc/names", "0o644"),
        ]


@pytest.mark.parametrize(
    "name", ["pause", "pause:1", "registry.example.com/pause", "registry.example.com/:1", "a b/c:1"]
)
def test_a_name_that_is_not_full_is_refused(name):
    with pytest.raises(InfrastructureError, match="is no full name of an image"):
        images.parse(name)


def test_an_image_keeps_its_name_in_a_mirror_with_folders():
    assert images.parse("mirror:5000/k8s/coredns/coredns:v1.14.6").name == "coredns"


@pytest.fixture
def hub(tmp_path):
    """A registry that wants a token, as public ones do; files in `root` are what it has."""
    root = tmp_path / "registry"
    root.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/token?"):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"token": "for everybody"}).encode())
            elif self.headers.get("Authorization") != "Bearer for everybody":
                self.send_response(401)
                realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
                self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="hub",scope="pull"')
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield root, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def publish(root: Path, archive: Path) -> Path:
    """What a registry has of an archive; returns the folder of its repository."""
    repository = root / "v2" / "tools" / "thing"
    (repository / "blobs").mkdir(parents=True)
    (repository / "manifests").mkdir()
    found = blobs(archive)
    digest = json.loads(found["index.json"])["manifests"][0]["digest"]
    for name, content in found.items():
        if name.startswith("blobs/"):
            (repository / "blobs" / name.removeprefix("blobs/").replace("/", ":")).write_bytes(content)
    (repository / "blobs" / digest).rename(repository / "manifests" / "1")
    return repository


def pull(tmp_path: Path, address: str, tag: str = "1") -> Path:
    place = tmp_path / "pulled"
    place.mkdir()
    repository = registry.Repository(address, "tools/thing", 5, {})
    registry.pull(place / "image.tar", "registry.example.com/tools/thing:1", repository, tag, MACHINE, silent)
    return place / "image.tar"


def test_what_is_pulled_with_everybodys_token_is_what_was_published(tmp_path, hub):
    root, address = hub
    archive = made(tmp_path / "image")
    publish(root, archive)
    assert blobs(pull(tmp_path, address)) == blobs(archive)


def test_a_damaged_part_is_refused(tmp_path, hub):
    root, address = hub
    repository = publish(root, made(tmp_path / "image"))
    largest = max((repository / "blobs").iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(b"damaged")
    with pytest.raises(InfrastructureError, match=r"/blobs/sha256:\w+ is sha256:"):
        pull(tmp_path, address)


def test_an_image_that_is_not_there_can_come_another_way(tmp_path, hub):
    root, address = hub
    publish(root, made(tmp_path / "image"))
    with pytest.raises(UnreachableError, match="HTTP status 404"):
        pull(tmp_path, address, "2")


def test_an_image_that_nobody_gives_and_that_cannot_be_made_is_one_error(request_of):
    reference = "registry.example.com/tools/thing:1"
    request = request_of([], source=Source.AUTO)
    with pytest.raises(InfrastructureError, match="cannot be made here"):
        images.ensure([reference], request, {"registry.example.com": "http://127.0.0.1:9"}, silent)
    assert images.missing([reference], request) == [reference]
