# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of binaries: from a publisher, from Go, and when neither works."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import (
    Source,
    ensure,
    missing,
    paths,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError

ALL = ["kubectl", "kube-apiserver", "kwok", "etcd", "etcdctl"]
FAKE_GO = """#!/bin/sh
case "$1" in
env) echo {version} ;;
list) echo "go: downloading example.com/module v1.0.0" >&2; echo fmt; echo main ;;
build) echo fmt >&2; while [ "$1" != -o ]; do shift; done; printf 'built' > "$2/server"; printf 'built' > "$2/etcdctl" ;;
esac
"""


def silent(text: str) -> None:
    pass


@pytest.fixture
def go(tmp_path, monkeypatch):
    """Puts a Go of a version on the path, or none."""

    def install(version: str | None) -> None:
        folder = tmp_path / "path"
        folder.mkdir(exist_ok=True)
        if version:
            (folder / "go").write_text(FAKE_GO.format(version=version))
            (folder / "go").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin" if version else str(folder))
        monkeypatch.setattr(
            "ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.gobuild._USUAL_PLACES", ""
        )

    return install


def test_every_publishers_layout_is_understood(request_of):
    request = request_of(ALL)
    origins = ensure(request, silent)
    assert {product: origin.source for product, origin in origins.items()} == dict.fromkeys(
        ("kubernetes", "kwok", "etcd"), "release"
    )
    for name, path in paths(request).items():
        assert Path(path).read_text().startswith(f"this is {name}")
        assert os.access(path, os.X_OK)
    assert paths(request)["etcd"].endswith("/cache/binaries/etcd-v3.6.16-linux-amd64/etcd")


def test_a_second_run_asks_nobody(request_of, publisher):
    ensure(request_of(ALL), silent)
    publisher.asked.clear()
    assert ensure(request_of(ALL), silent) == {}
    assert publisher.asked == []


def test_a_file_that_was_cut_short_is_fetched_again(request_of):
    request = request_of(["kubectl", "kube-apiserver"])
    ensure(request, silent)
    path = Path(paths(request)["kubectl"])
    path.write_bytes(path.read_bytes()[:100])
    assert missing(request) == {"kubernetes": ["kubectl"]}
    ensure(request, silent)
    assert missing(request) == {}


def test_a_file_that_was_changed_is_fetched_again(request_of):
    request = request_of(["kubectl"])
    ensure(request, silent)
    path = Path(paths(request)["kubectl"])
    path.write_bytes(path.read_bytes().replace(b"this", b"that"))
    assert missing(request) == {"kubernetes": ["kubectl"]}


def test_a_file_that_was_only_copied_counts(request_of):
    request = request_of(["kubectl"])
    ensure(request, silent)
    os.utime(paths(request)["kubectl"])
    assert missing(request) == {}


def test_a_file_without_receipt_is_not_trusted(request_of):
    request = request_of(["kubectl"])
    path = Path(paths(request)["kubectl"])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"who knows")
    path.chmod(0o755)
    assert missing(request) == {"kubernetes": ["kubectl"]}


def test_what_a_killed_run_left_is_removed(request_of):
    request = request_of(["kubectl"])
    folder = Path(paths(request)["kubectl"]).parent
    (folder / ".making-old").mkdir(parents=True)
    ensure(request, silent)
    assert sorted(entry.name for entry in folder.iterdir()) == [".kubectl.receipt", "kubectl"]


@pytest.mark.parametrize("source", [Source.RELEASE, Source.AUTO])
def test_a_wrong_checksum_is_one_clear_error_and_installs_nothing(request_of, publisher, source):
    publisher.put("release/v1.37.2/bin/linux/amd64/kubectl", b"somebody else's")
    request = request_of(["kubectl"], source=source)
    with pytest.raises(InfrastructureError, match=r"kubectl has SHA-256 \w{64}, but http.*kubectl.sha256 says \w{64}"):
        ensure(request, silent)
    assert not Path(paths(request)["kubectl"]).exists()
    assert list(Path(paths(request)["kubectl"]).parent.glob(".making-*")) == []


def test_a_file_that_the_release_does_not_have_is_named(request_of):
    with pytest.raises(InfrastructureError, match=r"kwok v0.8.0.*|names no SHA-256 for kwokctl-linux-amd64"):
        ensure(request_of(["kwokctl"]), silent)


def test_runs_side_by_side_download_once(request_of, publisher):
    request = request_of(["etcd", "etcdctl"])
    threads = [threading.Thread(target=ensure, args=(request, silent)) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([path for path in publisher.asked if path.endswith(".tar.gz")]) == 1
    assert missing(request) == {}


def test_an_unknown_binary_is_named_with_those_there_are(request_of):
    with pytest.raises(InfrastructureError, match="no binary named 'kubctl'; there are bandwidth, bridge, "):
        ensure(request_of(["kubctl"]), silent)


def test_without_the_publisher_it_is_built_and_says_how_far_it_is(request_of, publisher, go):
    go("go1.26.1")
    said: list[str] = []
    request = request_of(
        ["etcd", "etcdctl"], source=Source.AUTO, urls={**publisher.urls, "etcd": "http://127.0.0.1:9/download"}
    )
    origins = ensure(request, said.append)
    assert origins["etcd"].source == "build"
    assert "Connection refused" in origins["etcd"].reason
    assert Path(paths(request)["etcd"]).read_text() == "built"
    assert any("building etcd, etcdctl from 2 packages" in line for line in said)


def test_a_publisher_that_never_answers_is_given_up_soon(request_of, publisher, go):
    go("go1.26.1")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silence:
        url = f"http://127.0.0.1:{silence.getsockname()[1]}/download"
        began = time.monotonic()
        request = request_of(["etcd"], source=Source.AUTO, urls={**publisher.urls, "etcd": url}, patience=0.5)
        assert ensure(request, silent)["etcd"].source == "build"
        assert time.monotonic() - began < 20


def test_without_publisher_and_go_one_error_says_what_to_install(request_of, publisher, go):
    go(None)
    request = request_of(["etcd"], source=Source.AUTO, urls={**publisher.urls, "etcd": "http://127.0.0.1:9/x"})
    with pytest.raises(InfrastructureError) as caught:
        ensure(request, silent)
    assert str(caught.value) == (
        "etcd v3.6.16 can neither be downloaded (127.0.0.1:9: Connection refused) nor built: Go is not installed. "
        "Install Go 1.26.0 or newer (https://go.dev/dl)."
    )


def test_a_go_that_is_too_old_is_named(request_of, go):
    go("go1.19.8")
    with pytest.raises(InfrastructureError, match=r"Go is too old \(1.19.8\); 1.26.0 is needed. Install Go"):
        ensure(request_of(["etcd"], source=Source.BUILD), silent)


def test_a_version_that_cannot_be_built_is_refused_before_anything_is_done(request_of, go):
    go("go1.26.1")
    versions = {"kubernetes": "v1.29.0", "kwok": "v0.8.0", "etcd": "v3.6.16"}
    request = request_of(["etcd", "kubectl"], source=Source.BUILD, versions=versions)
    with pytest.raises(
        InfrastructureError, match="kubernetes v1.29.0 cannot be built: .* modules for v1.36.3, v1.37.2"
    ):
        ensure(request, silent)
    assert not Path(paths(request)["etcd"]).exists()


def test_source_release_never_builds(request_of, publisher, go):
    go("go1.26.1")
    request = request_of(["etcd"], urls={**publisher.urls, "etcd": "http://127.0.0.1:9/x"})
    with pytest.raises(InfrastructureError, match="etcd v3.6.16 cannot be downloaded: 127.0.0.1:9: Connection refused"):
        ensure(request, silent)
