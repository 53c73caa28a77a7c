# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve a folder on a port of this machine until the folder is gone. Usage: serve.py PORT FOLDER."""

from __future__ import annotations

import functools
import http.server
import os
import sys


def main() -> None:
    port, folder = int(sys.argv[1]), sys.argv[2]
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.HTTPServer(("127.0.0.1", port), handler) as server:
        server.timeout = 0.2
        while os.path.isdir(folder):
            server.handle_request()


if __name__ == "__main__":
    main()
