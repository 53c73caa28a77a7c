"""`python -m workshop DOOR`: what `make` calls."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from .doors import DOORS, open_door
from .paths import find_paths
from .steps import StepError


def main(words: list[str]) -> int:
    if len(words) != 1 or words[0] not in (*DOORS, "quickstart"):
        print(f"usage: python -m workshop {{quickstart|{'|'.join(DOORS)}}}", file=sys.stderr)
        return 2
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, _interrupt)
    try:
        return open_door(words[0], find_paths())
    except StepError as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A request to end stops the programs that run; left to itself it would orphan them."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
