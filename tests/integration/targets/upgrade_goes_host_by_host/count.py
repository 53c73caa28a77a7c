"""Asks an address ten times a second, each time over a new connection, until it is told to end; says how often and how often in vain.

count.py URL
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

_PATIENCE = 5.0


def main(url: str) -> None:
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_given: end.set())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask() -> bool:
        began = time.strftime("%H:%M:%S")
        try:
            opener.open(url, timeout=_PATIENCE).close()
        except OSError as problem:
            print(began, "failed:", problem, flush=True)
            return False
        return True

    with ThreadPoolExecutor(64) as pool:
        asked = []
        while not end.wait(0.1):
            asked.append(pool.submit(ask))
        answered = sum(each.result() for each in asked)
    print(f"asked {len(asked)} failed {len(asked) - answered}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
