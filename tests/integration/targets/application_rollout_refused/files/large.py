# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write objects that can't be compressed into a folder: of 1.2 MB, which a server takes, and one of 1.9 MB, which etcd doesn't.

Usage: large.py FOLDER
"""

from __future__ import annotations

import json
import random
import string
import sys
from pathlib import Path

SIZES = {"large": 1_200_000, "changed": 1_200_000, "too_large": 1_900_000}


def main() -> None:
    chance = random.Random(1)
    for name, size in SIZES.items():
        text = "".join(chance.choices(string.ascii_letters + string.digits, k=size))
        model = {"apiVersion": "refused.example.com/v1", "kind": "Model", "metadata": {"name": "model"}}
        Path(sys.argv[1], f"{name}.json").write_text(json.dumps({**model, "spec": {"weights": text}}), encoding="utf-8")


if __name__ == "__main__":
    main()
