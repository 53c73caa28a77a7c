"""`python -m workshop DOOR`: what `make` calls."""

from __future__ import annotations

import sys

from .doors import DOORS, open_door
from .paths import find_paths


def main(words: list[str]) -> int:
    if len(words) != 1 or words[0] not in (*DOORS, "quickstart"):
        print(f"usage: python -m workshop {{quickstart|{'|'.join(DOORS)}}}", file=sys.stderr)
        return 2
    try:
        return open_door(words[0], find_paths())
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
