# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would change, object by object, for people to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._kube import library
from .digest import digest
from .identity import Identity, Manifest, identify
from .redact import masked

_SERVER_METADATA = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
SHOWN = 60_000
"""Characters of all differences together."""
_MOST_LINES = 400
"""Of one object's diff; a CRD can have ten thousand."""
_LONGEST_LINE = 1_000
_BEGINNING = 200
"""Characters of a longer line that are shown."""
_MOST_CLUSTERS = 8
"""Named in a header; the rest is counted."""


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """How one object would change in one cluster. Secrets are masked."""

    identity: Identity
    operation: str
    """`create`, `change` or `delete`."""
    before: str
    after: str
    """The object as YAML, empty where it is not there."""
    unverified: str | None = None
    """Why no server has confirmed it."""

    @property
    def text(self) -> str:
        """The unified diff without headers, and of very long lines only the beginning."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=3)
        return "\n".join(_shortened(line) for number, line in enumerate(lines) if number > 1)

    def because(self, reason: str | None) -> ObjectDiff:
        """The same diff, marked as unverified for that reason."""
        return replace(self, unverified=reason)


@dataclass(frozen=True, slots=True)
class FoldedDiff:
    """One diff and all clusters in which it is the same."""

    diff: ObjectDiff
    clusters: tuple[str, ...]


def difference(before: Manifest | None, after: Manifest | None) -> ObjectDiff | None:
    """How an object changes, or None where nothing that a user decides does."""
    present = after if after is not None else before
    if present is None:
        return None
    old = None if before is None else comparable(before)
    new = None if after is None else comparable(after)
    if old == new:
        return None
    return ObjectDiff(identify(present), _operation(old, new), _shown(old), _shown(new))


class Differences:
    """The differences of many objects, each content written out once, and none that would not be shown any more.

    To write an object as YAML costs more than everything else that is done for it.
    """

    def __init__(self, limit: int = SHOWN) -> None:
        self._left = limit
        self._known: dict[tuple[Identity, str, str], ObjectDiff] = {}

    def of(self, before: Manifest | None, after: Manifest | None) -> ObjectDiff | None:
        """How an object changes, or None where nothing that a user decides does."""
        present = after if after is not None else before
        if present is None:
            return None
        old, new = (None if item is None else comparable(item) for item in (before, after))
        if old == new:
            return None
        key = (identify(present), digest(old), digest(new))
        if key not in self._known:
            self._known[key] = self._made(before, after) or ObjectDiff(key[0], _operation(old, new), "", "")
        return self._known[key]

    def _made(self, before: Manifest | None, after: Manifest | None) -> ObjectDiff | None:
        if self._left < 0:
            return None
        found = difference(before, after)
        if found is not None:
            self._left -= sum(len(line) + 1 for line in found.text.splitlines()[:_MOST_LINES])
        return found


def comparable(manifest: Manifest) -> Manifest:
    """The manifest without its status and without what a server counts and dates."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SERVER_METADATA}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def fold(diffs: Mapping[str, Iterable[ObjectDiff]]) -> tuple[FoldedDiff, ...]:
    """The diffs of all clusters, each once with the clusters it holds for, in the order they come in."""
    clusters: dict[ObjectDiff, list[str]] = {}
    for cluster, members in diffs.items():
        for diff in members:
            clusters.setdefault(diff, []).append(cluster)
    return tuple(FoldedDiff(diff, tuple(names)) for diff, names in clusters.items())


def diff_output(folded: Sequence[FoldedDiff], *, limit: int = SHOWN) -> list[dict[str, str]]:
    """The diffs in the form that Ansible prints, not longer than `limit` characters, with a note on what was cut."""
    output: list[dict[str, str]] = []
    left_out: list[FoldedDiff] = []
    room = limit
    for item in folded:
        text = _prepared(item) if room > 0 else ""
        if 0 < len(text) <= room:
            output.append({"prepared": text})
            room -= len(text)
        else:
            left_out.append(item)
    return [*output, {"prepared": _cut_note(left_out)}] if left_out else output


def _prepared(item: FoldedDiff) -> str:
    """The diff under its header; nothing where it was not written out."""
    diff = item.diff
    lines = diff.text.splitlines()
    if not lines:
        return ""
    shown = lines[:_MOST_LINES]
    if len(lines) > len(shown):
        shown.append(f"... {len(lines) - len(shown)} more lines of {diff.identity.label}")
    header = f"{diff.operation} {diff.identity.label} in {_named(item.clusters)}"
    if diff.unverified:
        header += f" (unverified: {diff.unverified})"
    return "\n".join((header, *shown)) + "\n"


def _shortened(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    # Two long lines mostly begin alike.
    return f"{line[:_BEGINNING]}... ({len(line) - 1} characters, digest {digest(line[1:])[:8]})"


def _named(clusters: Sequence[str]) -> str:
    named = ", ".join(clusters[:_MOST_CLUSTERS])
    rest = len(clusters) - _MOST_CLUSTERS
    return f"{named} and {rest} more" if rest > 0 else named


def _cut_note(left: Sequence[FoldedDiff]) -> str:
    counts: dict[str, int] = {}
    for item in left:
        counts[item.diff.operation] = counts.get(item.diff.operation, 0) + 1
    kinds = ", ".join(f"{count} to {operation}" for operation, count in sorted(counts.items()))
    named = "\n".join(
        f"  {item.diff.operation} {item.diff.identity.label} in {_named(item.clusters)}" for item in left[:100]
    )
    more = f"\n  and {len(left) - 100} more" if len(left) > 100 else ""
    return f"... the diffs of {len(left)} more objects are not shown ({kinds}):\n{named}{more}\n"


def _operation(old: Manifest | None, new: Manifest | None) -> str:
    return "create" if old is None else "delete" if new is None else "change"


def _shown(manifest: Manifest | None) -> str:
    return "" if manifest is None else to_yaml(masked(manifest))


def to_yaml(value: Any) -> str:
    """Plain data as YAML for people: sorted keys, texts of several lines as blocks, no anchors."""
    library.require("PyYAML")
    return library.yaml.dump(
        value, Dumper=_dumper_class(), sort_keys=True, allow_unicode=True, default_flow_style=False, width=4096
    )


_dumper: type | None = None


def _dumper_class() -> Any:
    global _dumper
    if _dumper is None:
        base: Any = getattr(library.yaml, "CSafeDumper", library.yaml.SafeDumper)
        made: Any = type("_ReadableDumper", (base,), {"ignore_aliases": lambda _dumper, _value: True})
        made.add_representer(str, _represent_text)
        _dumper = made
    return _dumper


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
