# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A slow line to an API server: what it answers comes a second late. Ends when its folder is gone.

Usage: slow.py FOLDER PORT=KUBECONFIG ...; writes a kubeconfig beside each, `<name>.slow`, that leads through the line.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

LATE = 1.0


async def main() -> None:
    folder = Path(sys.argv[1])
    for argument in sys.argv[2:]:
        port, path = argument.split("=", 1)
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        cluster = document["clusters"][0]["cluster"]
        target = urlsplit(cluster["server"]).port
        await asyncio.start_server(line_to(target), "127.0.0.1", int(port))
        cluster["server"] = f"https://127.0.0.1:{port}"
        slow = Path(path).with_suffix(".slow")
        slow.touch(mode=0o600)
        slow.write_text(yaml.safe_dump(document), encoding="utf-8")
    while folder.is_dir():
        await asyncio.sleep(0.2)


def line_to(port: int):
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, questions, 0), carry(answers, writer, LATE), return_exceptions=True)

    return connected


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, late: float) -> None:
    try:
        while data := await source.read(65536):
            await asyncio.sleep(late)
            target.write(data)
            await target.drain()
    finally:
        target.close()


if __name__ == "__main__":
    asyncio.run(main())
