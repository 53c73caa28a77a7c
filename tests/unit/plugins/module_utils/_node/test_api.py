# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server is asked again where it can't answer for the moment, and what it refuses is told."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import api, kubeadm
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[tuple[int, object]]]:
    """What a server without TLS answers, one after the other."""
    coming: list[tuple[int, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = coming.pop(0)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_PATCH = do_GET

        def log_message(self, *_words: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    nothing = base64.b64encode(b"-").decode()
    parts = ("certificate-authority-data", "client-certificate-data", "client-key-data")
    lines = [f"server: http://127.0.0.1:{listening.server_port}", *(f"{part}: {nothing}" for part in parts)]
    administrator = tmp_path / "admin.conf"
    administrator.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(kubeadm, "ADMIN", str(administrator))
    monkeypatch.setattr(api, "connections", lambda _authority, _credential: urllib.request.build_opener())
    monkeypatch.setattr(api, "_PAUSES", (0.0, 0.0))
    yield coming
    listening.shutdown()
    listening.server_close()


def test_what_is_not_there_is_nothing(server: list[tuple[int, object]]) -> None:
    server[:] = [(404, {"message": "not found"}), (404, {"message": "not found"})]
    assert api.get("/api/v1/nodes/n1") is None
    assert not api.merge("/api/v1/nodes/n1", {})


def test_a_server_that_is_not_ready_is_asked_again(server: list[tuple[int, object]]) -> None:
    server[:] = [(500, "etcd failed"), (503, {}), (200, {"kind": "Node"})]
    assert api.get("/api/v1/nodes/n1") == {"kind": "Node"}


def test_one_that_stays_so_is_an_error(server: list[tuple[int, object]]) -> None:
    server[:] = [(500, "etcd failed")] * 3
    with pytest.raises(NodeError, match="does not take GET /readyz"):
        api.text("/readyz")


def test_a_refusal_is_told_at_once(server: list[tuple[int, object]]) -> None:
    server[:] = [(403, {"message": "nodes is forbidden"}), (200, {})]
    with pytest.raises(NodeError, match="nodes is forbidden"):
        api.get("/api/v1/nodes/n1")
    assert len(server) == 1


def test_what_somebody_else_made_is_not_made_again(server: list[tuple[int, object]]) -> None:
    server[:] = [(409, {"message": "already exists"}), (201, {})]
    assert not api.create("/api/v1/nodes", {})
    assert api.create("/api/v1/nodes", {})


def test_who_is_no_control_plane_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kubeadm, "ADMIN", str(tmp_path / "absent"))
    with pytest.raises(NodeError, match="Ask a control plane"):
        api.get("/api/v1/nodes/n1")
