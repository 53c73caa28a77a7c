# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The third-party libraries that the rooms stand on, imported in this one place.

A module must import on a machine that lacks them, so that `ansible-doc` and the first error message work. Callers
write ``from . import library``, call :func:`require` once at the edge, and use ``library.yaml`` afterwards.
"""

from __future__ import annotations

from .errors import LibraryError

_missing: list[str] = []

try:
    import urllib3
except ImportError:
    _missing.append("urllib3")
try:
    import yaml
except ImportError:
    _missing.append("PyYAML")
__all__ = ["require", "urllib3", "yaml"]


def require(*names: str) -> None:
    """Raise :class:`LibraryError` unless the named distributions (``urllib3``, ``PyYAML``) are there."""
    absent = [name for name in names if name in _missing]
    if absent:
        raise LibraryError(
            f"the Python library {' and '.join(absent)} is not installed where this runs",
            next_step=f"Install what this collection needs for that Python: pip install {' '.join(_missing)}",
        )
