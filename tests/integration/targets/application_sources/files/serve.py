# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve a folder by HTTP until it is gone, and the charts in it as an OCI registry too: just enough of both for a pull.

A chart `<name>-<version>.tgz` in the folder `charts` is `oci://127.0.0.1:<port>/charts/<name>`. With SERVE_LOGIN in the
environment (`user:password`) nothing is given without that login.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import os
import sys
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
LOGIN = os.environ.get("SERVE_LOGIN")
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files as they are, and below `/v2/` what a registry answers."""

    def do_HEAD(self) -> None:
        self.answer(super().do_HEAD)

    def do_GET(self) -> None:
        self.answer(super().do_GET)

    def answer(self, as_file) -> None:
        parts = self.path.strip("/").split("/")
        if LOGIN and self.headers.get("Authorization") != f"Basic {base64.b64encode(LOGIN.encode()).decode()}":
            self.refuse()
        elif parts[0] != "v2":
            as_file()
        elif len(parts) == 1:
            self.reply("application/json", b"{}")
        elif parts[1] == "charts" and len(parts) >= 5:
            self.registry(parts[2], parts[3], parts[4])
        else:
            self.send_error(404)

    def refuse(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def registry(self, name: str, kind: str, reference: str) -> None:
        charts = {
            chart.stem.removeprefix(f"{name}-"): chart for chart in Path(self.directory, "charts").glob(f"{name}-*.tgz")
        }
        if kind == "tags":
            self.reply("application/json", json.dumps({"name": f"charts/{name}", "tags": sorted(charts)}).encode())
            return
        for version, chart in charts.items():
            layer = chart.read_bytes()
            config = json.dumps({"name": name, "version": version, "apiVersion": "v2"}).encode()
            manifest = self.manifest(config, layer)
            if kind == "manifests" and reference in (version, digest_of(manifest)):
                self.reply(MANIFEST, manifest)
                return
            for blob in (config, layer):
                if kind == "blobs" and reference == digest_of(blob):
                    self.reply("application/octet-stream", blob)
                    return
        self.send_error(404)

    def manifest(self, config: bytes, layer: bytes) -> bytes:
        described = [
            {"mediaType": media, "digest": digest_of(content), "size": len(content)}
            for media, content in ((CONFIG, config), (LAYER, layer))
        ]
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        return json.dumps(document).encode()

    def reply(self, content_type: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", digest_of(content))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


if __name__ == "__main__":
    port, folder = int(sys.argv[1]), sys.argv[2]
    with http.server.HTTPServer(("127.0.0.1", port), functools.partial(Handler, directory=folder)) as server:
        server.timeout = 0.2
        while Path(folder).is_dir():
            server.handle_request()
