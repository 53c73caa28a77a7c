# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport against a local HTTP server, because a real API server can't be made to answer 429 or 500 at will."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import (
    Credential,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthorizedError,
    UnreachableError,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._kube.transport import (
    ONE_TRY,
    Retries,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import PATIENCE

SILENCE = 0
"""Instead of a code: the connection ends without an answer."""


class StandIn(ThreadingHTTPServer):
    """Answers with the queued (code, headers), then with 200; remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.queue: list[tuple[int, dict]] = []
        self.seen: list[tuple[str, str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        code, headers = self.server.queue.pop(0) if self.server.queue else (200, {})
        if code == SILENCE:
            self.close_connection = True
            return
        body = json.dumps({"kind": "Status", "reason": "Because", "message": "said so"}).encode()
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    thread = threading.Thread(target=stand_in.serve_forever, daemon=True)
    thread.start()
    yield stand_in
    stand_in.shutdown()
    stand_in.server_close()


def session(server: StandIn, prefix: str = "", retries: Retries | None = None) -> Session:
    credential = Credential(server=f"http://127.0.0.1:{server.server_port}{prefix}", token="t")
    return Session("edge", credential, retries=retries or Retries(pause=0.001))


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server, code):
    server.queue = [(code, {}), (code, {})]
    session(server).text("/readyz")
    assert len(server.seen) == 3


def test_a_server_that_stays_busy_is_reported(server):
    server.queue = [(503, {})] * 9
    with pytest.raises(BusyError, match="edge"):
        session(server).text("/readyz")
    assert len(server.seen) == Retries().attempts


def test_a_server_that_wants_more_time_than_we_have_is_reported_at_once(server):
    server.queue = [(429, {"Retry-After": "3600"})]
    with pytest.raises(BusyError):
        session(server).text("/readyz")
    assert len(server.seen) == 1


@pytest.mark.parametrize(("answers", "kind"), [((503, {}), BusyError), ((SILENCE, {}), UnreachableError)])
def test_a_probe_asks_once(server, answers, kind):
    server.queue = [answers]
    with pytest.raises(kind):
        session(server, retries=ONE_TRY).text("/readyz")
    assert len(server.seen) == 1


def test_a_member_that_gives_no_answer_twice_is_believed_to_be_gone(server):
    server.queue = [(SILENCE, {})] * 9
    with pytest.raises(UnreachableError):
        session(server).text("/readyz")
    assert len(server.seen) == 2


def test_a_hub_that_gives_no_answer_is_asked_longer(server):
    server.queue = [(SILENCE, {})] * 3
    session(server, retries=replace(PATIENCE, pause=0.001)).text("/readyz")
    assert len(server.seen) == 4


def test_a_create_is_not_repeated_where_it_may_have_happened(server):
    server.queue = [(500, {})]
    with pytest.raises(BusyError):
        session(server).request("POST", "/api/v1/namespaces", body={})
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidError),
    ],
)
def test_an_answer_that_is_final_is_not_repeated_and_names_cluster_and_object(server, code, kind):
    server.queue = [(code, {})]
    with pytest.raises(kind) as caught:
        session(server).request("GET", "/x", subject="Deployment shop/frontend")
    assert len(server.seen) == 1
    assert caught.value.code == code
    assert str(caught.value).startswith("cluster edge, Deployment shop/frontend: ")
    assert "said so" in str(caught.value)


def test_nobody_there_is_unreachable_and_temporary(server):
    port = server.server_port
    server.shutdown()
    server.server_close()
    with pytest.raises(UnreachableError, match="connection refused") as caught:
        Session("edge", Credential(server=f"http://127.0.0.1:{port}"), retries=ONE_TRY).text("/readyz")
    assert caught.value.temporary


def test_a_server_behind_a_path_is_asked_below_it(server):
    session(server, "/k8s/clusters/c-1").text("/readyz")
    assert server.seen == [("GET", "/k8s/clusters/c-1/readyz", "Bearer t")]
