# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file comes to the host whole or not at all, and whoever waits for it hears why."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import binaries
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError

CONTENT = b"a program" * 10_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ACCESS = binaries.Access("", 5.0)


class Mirror(BaseHTTPRequestHandler):
    """Ends the connection early as often as `ends` says, then serves the whole."""

    ends = 0
    chunked = False

    def do_GET(self) -> None:
        kind = type(self)
        part = CONTENT[: len(CONTENT) // 2] if kind.ends else CONTENT
        kind.ends = max(0, kind.ends - 1)
        self.send_response(200)
        if kind.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) + (b"0\r\n\r\n" if part is CONTENT else b""))
        else:
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(part)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Mirror], str]]:
    handler = type("OfThisTest", (Mirror,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    monkeypatch.setattr(binaries, "_DOWNLOADS", str(tmp_path / "downloads"))
    monkeypatch.setattr(binaries.time, "sleep", lambda _seconds: None)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield handler, f"http://127.0.0.1:{server.server_port}/program"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_download_that_broke_off_is_begun_again(mirror: tuple[type[Mirror], str], chunked: bool) -> None:
    handler, url = mirror
    handler.ends, handler.chunked = 1, chunked
    handler.protocol_version = "HTTP/1.1" if chunked else "HTTP/1.0"
    with binaries.fetched(DIGEST, url, ACCESS) as path:
        assert Path(path).read_bytes() == CONTENT


def test_one_that_breaks_off_every_time_is_told_as_such(mirror: tuple[type[Mirror], str], tmp_path: Path) -> None:
    handler, url = mirror
    handler.ends = 1_000
    with (
        pytest.raises(NodeError, match="can't be downloaded: the connection ended 45000 bytes early"),
        binaries.fetched(DIGEST, url, ACCESS),
    ):
        pass
    assert list((tmp_path / "downloads").iterdir()) == []


def test_another_content_is_refused(mirror: tuple[type[Mirror], str]) -> None:
    with pytest.raises(NodeError, match="changed or damaged"), binaries.fetched("0" * 64, mirror[1], ACCESS):
        pass


def test_a_mirror_of_files_that_lacks_one_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(NodeError, match=f"file://{tmp_path}/program is not on this host"),
        binaries.fetched(DIGEST, f"file://{tmp_path}/program", ACCESS),
    ):
        pass
