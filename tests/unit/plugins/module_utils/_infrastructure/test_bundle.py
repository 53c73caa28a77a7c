# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle gives what was put into it, or is refused as a whole."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.bundle import (
    PACKAGES,
    BundleError,
    Contents,
    Entry,
    describe,
    unpack,
    write,
    written,
)

FILES = {
    "binaries/kubelet": ("binary", b"#!/bin/sh\necho kubelet\n" * 40),
    "images/pause.tar": ("image", b"an image" * 500),
    "packages/runc_1_amd64.deb": ("package", b"a package" * 300),
    "packages/Packages": ("package", b"Package: runc\n"),
}


def silent(text: str) -> None:
    pass


def contents() -> Contents:
    return Contents(
        "v1.37.2",
        "debian-12-amd64",
        "linux-amd64",
        {"kubernetes": "v1.37.2"},
        tuple(
            Entry(
                path,
                kind,
                hashlib.sha256(content).hexdigest(),
                len(content),
                "/usr/local/bin/kubelet" * (kind == "binary"),
            )
            for path, (kind, content) in FILES.items()
        ),
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    sources = {}
    for path, (_kind, content) in FILES.items():
        sources[path] = folder / path.replace("/", "-")
        sources[path].write_bytes(content)
    digest = write(folder / "bundle.tar", contents(), sources, silent)
    assert digest == hashlib.sha256((folder / "bundle.tar").read_bytes()).hexdigest()
    return folder / "bundle.tar"


def changed(bundle: Path, folder: Path, content: bytes) -> Path:
    copy = folder / "copy.tar"
    copy.write_bytes(content)
    return copy


def test_what_comes_out_is_what_went_in(bundle, tmp_path):
    found, folder = unpack(bundle, "", tmp_path, silent)
    assert found == contents() == describe(bundle)
    for path, (_kind, content) in FILES.items():
        assert (folder / path).read_bytes() == content
    assert (folder / "binaries/kubelet").stat().st_mode & 0o777 == 0o755
    with tarfile.open(folder / PACKAGES) as tar:
        assert sorted(tar.getnames()) == ["Packages", "runc_1_amd64.deb"]


def test_it_is_unpacked_once(bundle, tmp_path):
    _contents, folder = unpack(bundle, "", tmp_path, silent)
    (folder / "mark").touch()
    assert (unpack(bundle, "", tmp_path, silent)[1] / "mark").exists()


def test_sha256sum_can_check_it(bundle):
    with tarfile.open(bundle) as tar:
        names = tar.getnames()
        sums = tar.extractfile("SHA256SUMS")
        assert sums is not None
        listed = dict(reversed(line.split("  ")) for line in sums.read().decode().splitlines())
        for name in names[:-1]:
            member = tar.extractfile(name)
            assert member is not None
            assert listed[name] == hashlib.sha256(member.read()).hexdigest()
    assert names[0] == "bundle.json"
    assert names[-1] == "SHA256SUMS"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_wherever_it_is_cut_nothing_of_it_is_used(bundle, tmp_path, data):
    content = bundle.read_bytes()
    # The archive ends with empty blocks behind the last file.
    end = content.rindex(b"Packages\n") + len(b"Packages\n")
    copy = changed(bundle, tmp_path, content[: data.draw(st.integers(0, end - 600))])
    with pytest.raises(BundleError, match=r"cut short|is no bundle|lacks"):
        unpack(copy, "", tmp_path / "cache", silent)
    assert list((tmp_path / "cache").glob("bundles/[!.]*")) in ([], list((tmp_path / "cache").glob("bundles/*.lock")))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_byte_is_found_or_changes_nothing(bundle, tmp_path, data):
    content = bytearray(bundle.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    copy = changed(bundle, tmp_path, bytes(content))
    try:
        _found, folder = unpack(copy, "", tmp_path / "cache", silent)
    except BundleError:
        return
    for path, (_kind, original) in FILES.items():
        if (folder / path).exists():
            assert (folder / path).read_bytes() == original


def test_a_bundle_of_somebody_else_is_refused_by_its_digest(bundle, tmp_path):
    with pytest.raises(BundleError, match=r"has SHA-256 \w{64}, but 00 is expected"):
        unpack(bundle, "00", tmp_path, silent)


def test_a_file_that_is_not_listed_is_refused(bundle, tmp_path):
    copy = changed(bundle, tmp_path, bundle.read_bytes())
    with tarfile.open(tmp_path / "more.tar", "w") as more, tarfile.open(copy) as tar:
        for member in tar:
            if member.name == "SHA256SUMS":
                extra = tarfile.TarInfo("../escaped")
                more.addfile(extra)
            more.addfile(member, tar.extractfile(member))
    with pytest.raises(BundleError, match=r"holds \.\./escaped, which its list of contents does not name"):
        unpack(tmp_path / "more.tar", "", tmp_path / "cache", silent)


def test_what_is_no_bundle_is_called_so(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BundleError, match="is no bundle"):
        describe(tmp_path / "text")
    with pytest.raises(BundleError, match="There is no bundle"):
        describe(tmp_path / "nothing")


def test_one_that_lost_its_end_is_written_anew(bundle, tmp_path):
    assert written(bundle) == contents()
    assert written(changed(bundle, tmp_path, bundle.read_bytes()[:6000])) is None
    assert written(tmp_path / "nothing") is None
