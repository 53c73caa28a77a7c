# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks between waves, against a real HTTP server of this test: a stand-in for the application and for Prometheus."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.gates import failed_checks
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.waves import Check, RolloutPolicy

FACTS = {
    "eu": {"cluster": {"name": "eu", "region": "eu"}, "application": {"name": "shop"}, "values": {}},
    "us": {"cluster": {"name": "us", "region": "us"}, "application": {"name": "shop"}, "values": {}},
}


class StandIn(BaseHTTPRequestHandler):
    """Answers what the test says for a path; a list is answered one after the other."""

    answers: dict[str, list[tuple[int, str]]]
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        address = urlsplit(self.path)
        key = parse_qs(address.query).get("query", [address.path])[0]
        known = self.answers.get(key, [(404, "")])
        code, text = known.pop(0) if len(known) > 1 else known[0]
        self.send_response(code)
        if code == 302:
            self.send_header("Location", text)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    StandIn.answers, StandIn.seen = {}, []
    found = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def check(**options: Any) -> tuple[Check, ...]:
    return RolloutPolicy.from_dict({"checks": [{"interval": 0, **options}]}).checks


def url(server: ThreadingHTTPServer, path: str = "") -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def vector(*values: str) -> str:
    result = [{"metric": {}, "value": [1, value]} for value in values]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


def reasons(checks: tuple[Check, ...]) -> dict[str, str]:
    return {failure.cluster: failure.reason for failure in failed_checks(checks, FACTS)}


def test_a_probe_asks_each_cluster_for_itself(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/eu": [(200, "fine")], "/us": [(503, "down")]}
    found = reasons(check(http={"url": url(server, "/[[ cluster.region ]]")}))
    assert list(found) == ["us"]
    assert "503" in found["us"]


def test_a_probe_that_names_no_cluster_is_made_once_and_counts_for_all(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(500, "")]}
    assert list(reasons(check(http={"url": url(server, "/")}))) == [""]
    assert StandIn.seen == ["/"]


def test_a_probe_takes_the_status_that_was_named_and_looks_into_the_answer(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(418, '{"ready": false}')]}
    assert reasons(check(http={"url": url(server, "/"), "status": [200, 418]})) == {}
    found = reasons(check(http={"url": url(server, "/"), "status": 418, "successCondition": "result.ready"}))
    assert "result.ready does not hold" in found[""]


def test_a_redirect_is_not_followed(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(302, "/elsewhere")], "/elsewhere": [(200, "")]}
    assert "302" in reasons(check(http={"url": url(server, "/")}))[""]
    assert StandIn.seen == ["/"]


def test_a_failure_within_the_limit_is_forgiven(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(500, ""), (200, "")]}
    assert reasons(check(count=3, failureLimit=1, http={"url": url(server, "/")})) == {}
    assert len(StandIn.seen) == 3


def test_beyond_the_limit_it_is_not_and_nothing_more_is_measured(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(500, "")]}
    found = reasons(check(count=9, failureLimit=1, http={"url": url(server, "/")}))
    assert "2 of 2 measurements failed" in found[""]
    assert len(StandIn.seen) == 2


@pytest.mark.parametrize(
    ("answer", "condition", "words"),
    [
        (vector("0.99"), "result >= 0.95", None),
        (vector("0.5"), "result >= 0.95", "0.5, and result >= 0.95 does not hold"),
        (vector("1", "0.2"), "results | min > 0.5", "1, 0.2"),
        (vector(), "result >= 0.95", "no data"),
        (vector("NaN"), "result >= 0", "not a number"),
        (vector("1"), "result.nothing > 1", "result.nothing"),
        (json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}}), "result == 7", None),
        (json.dumps({"status": "error", "error": "parse error"}), "result > 1", "parse error"),
        ("<html>", "result > 1", "html"),
    ],
)
def test_a_query_passes_by_its_condition_and_never_without_data(
    server: ThreadingHTTPServer, answer: str, condition: str, words: str | None
) -> None:
    StandIn.answers = {"ratio": [(200, answer)]}
    found = reasons(check(prometheus={"address": url(server), "query": "ratio", "successCondition": condition}))
    assert found == {} if words is None else words in found[""]


def test_a_query_is_templated_per_cluster(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {'up{cluster="eu"}': [(200, vector("1"))], 'up{cluster="us"}': [(200, vector("0"))]}
    query = 'up{cluster="[[ cluster.name ]]"}'
    found = reasons(check(prometheus={"address": url(server), "query": query, "successCondition": "result == 1"}))
    assert list(found) == ["us"]


def test_a_server_that_is_not_there_fails_the_check_with_its_address() -> None:
    found = reasons(check(http={"url": "http://127.0.0.1:9/", "timeout": "1s"}))
    assert "http://127.0.0.1:9/ does not answer" in found[""]


def test_a_name_that_is_none_of_ours_fails_the_check_and_asks_nobody(server: ThreadingHTTPServer) -> None:
    found = reasons(check(http={"url": url(server, "/[[ cluster.regoin ]]")}))
    assert "regoin" in found["eu"]
    assert StandIn.seen == []


def test_checks_of_the_play_are_left_to_the_play() -> None:
    assert reasons(check(tasks="smoke.yml")) == {}


def test_somebody_who_has_enough_ends_the_measurements(server: ThreadingHTTPServer) -> None:
    StandIn.answers = {"/": [(200, "")]}
    checks = RolloutPolicy.from_dict(
        {"checks": [{"count": 50, "interval": 60, "http": {"url": url(server, "/")}}]}
    ).checks
    assert failed_checks(checks, FACTS, stopped=lambda: True) == []
    assert len(StandIn.seen) == 1
