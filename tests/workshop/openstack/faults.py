"""A proxy between a client and the OpenStack lab that answers badly now and then.

    python -m workshop.openstack.faults FOLDER EVERY    # every EVERY-th request fails; FOLDER/clouds.yaml leads through it

Ways to fail, in turn: 500, 503 with Retry-After, 429, a connection dropped before the request reached the cloud, and one dropped
after the cloud has answered, so that nobody but the cloud knows what was done. FOLDER/faults.log says what happened to which request.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ..paths import find_paths
from .places import ADDRESS, PORTS, find_lab

WAYS = ("500", "503", "429", "before", "after")
# First word of the path, and the service behind it.
SERVICES = {
    "keystone": "keystone",
    "compute": "nova",
    "network": "neutron",
    "image": "glance",
    "load-balancer": "octavia",
}


class Faults:
    """Decides which request fails, and how."""

    def __init__(self, folder: Path, every: int) -> None:
        self._log = folder / "faults.log"
        self._every = every
        self._guard = threading.Lock()
        self._requests = itertools.count(1)
        self._ways = itertools.cycle(WAYS)

    def next(self, request: str) -> str:
        """The way in which this request fails; empty when it passes. Logging in always passes."""
        with self._guard:
            if "/auth/tokens" in request or next(self._requests) % self._every:
                return ""
            way = next(self._ways)
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{way} {request}\n")
            return way


def serve(folder: Path, every: int) -> None:
    """Listen on a free port of loopback; clouds.yaml is written when it does."""
    faults = Faults(folder, every)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            way = faults.next(f"{self.command} {self.path}")
            if way in ("500", "503", "429"):
                self.answer(int(way), [("Retry-After", "1")] if way == "503" else [], b'{"error": "as ordered"}')
                return
            if way == "before":
                self.drop()
                return
            status, headers, answer = self.forward(body)
            if way == "after":
                self.drop()
            else:
                self.answer(status, headers, answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do

        def forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            first, _slash, rest = self.path.lstrip("/").partition("/")
            port = PORTS[SERVICES[first.partition("?")[0]]]
            connection = http.client.HTTPConnection(ADDRESS, port, timeout=120)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            connection.request(self.command, f"/{rest}", body or None, kept)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            left = ("transfer-encoding", "connection", "content-length")
            headers = [pair for pair in response.getheaders() if pair[0].lower() not in left]
            here = server.server_port
            through = [(name, _through(value, here)) for name, value in headers]
            return response.status, through, _through(content.decode(), here).encode()

        def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def drop(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *_words: object) -> None:
            """faults.log says enough."""

    server = ThreadingHTTPServer((ADDRESS, 0), Handler)
    (folder / "pid").write_text(str(os.getpid()), encoding="ascii")
    _write_clouds(folder, server.server_port)
    server.serve_forever()


def _through(text: str, port: int) -> str:
    """With the addresses of services, which the catalogue and versions tell, led through the proxy."""
    for word, service in SERVICES.items():
        text = text.replace(f"http://{ADDRESS}:{PORTS[service]}", f"http://{ADDRESS}:{port}/{word}")
    return text


def _write_clouds(folder: Path, port: int) -> None:
    document = json.loads(find_lab(find_paths()).clouds.read_text(encoding="utf-8"))
    for cloud in document["clouds"].values():
        cloud["auth"]["auth_url"] = f"http://{ADDRESS}:{port}/keystone/v3"
    part = folder / "clouds.part"
    part.write_text(json.dumps(document, indent=2), encoding="utf-8")
    part.replace(folder / "clouds.yaml")


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
