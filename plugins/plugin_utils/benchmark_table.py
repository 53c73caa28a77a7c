# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of the benchmark on many hosts as one table. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

_TITLE_WIDTH = 62
_EVIDENCE_WIDTH = 110

Items = Sequence[Mapping[str, Any]]


def table(judged: Mapping[str, Items], shown: Collection[str]) -> list[str]:
    """Lines of a table. What is the same on several hosts is one line.

    Args:
        judged: items by host.
        shown: results to show.
    """
    rows: dict[tuple[str, ...], list[str]] = {}
    for host, items in judged.items():
        for item in items:
            if item["result"] in shown:
                key = tuple(str(item[name]) for name in ("number", "result", "title", "evidence", "remedy"))
                rows.setdefault(key, []).append(host)
    lines = []
    for (number, result, title, evidence, remedy), hosts in sorted(rows.items(), key=lambda row: _order(row[0][0])):
        lines.append(f"{result.upper():4}  {number:7} {title[:_TITLE_WIDTH]:{_TITLE_WIDTH}}  {', '.join(hosts)}")
        lines.append(f"              {evidence[:_EVIDENCE_WIDTH]}")
        if remedy and result == "fail":
            lines.append(f"              mend: {remedy}")
    return lines


def summary(judged: Mapping[str, Items]) -> str:
    """How many items ended how, on all hosts."""
    results = [item["result"] for items in judged.values() for item in items]
    counted = ", ".join(f"{results.count(result)} {result}" for result in ("pass", "fail", "off"))
    return f"{len(judged)} hosts: {counted}"


def _order(number: str) -> tuple[tuple[int, int], ...]:
    return tuple((0, int(part)) if part.isdigit() else (1, 0) for part in number.split("."))
