# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the documents that are made by the code itself: `make docs` calls it, a unit test fails when one is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from .documents import documents

COLLECTION = Path(__file__).absolute().parents[2]


def main(words: list[str]) -> int:
    root = Path(words[0]) if words else COLLECTION
    for name, text in documents(COLLECTION).items():
        file = root / name
        state = "is current"
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            state = "written"
        print(f"{name}: {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
