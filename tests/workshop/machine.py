"""Says what machine this is, so that figures can be compared."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor, cores, memory, load and versions on a few lines."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return "\n".join(
        (
            f"processor: {_first('/proc/cpuinfo', 'model name')} ({os.cpu_count()} cores), load {load}",
            f"memory: {_first('/proc/meminfo', 'MemTotal')}",
            f"system: {platform.platform()}",
            f"python: {platform.python_version()}",
        )
    )


def _first(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")
