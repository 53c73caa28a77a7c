# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields of an object are not as they were applied, and who changed them: read off ``managedFields``. Pure.

A field that is still ours by ``managedFields`` is as we applied it, whatever form the server gave it (`0.5` became
`500m`): whoever sets another value takes the field. So only fields that are not ours any more are compared.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.session import FIELD_MANAGER
from .changes import value_text
from .fields import MISSING, owned_fields
from .identity import Identity, Manifest, identify
from .ignoring import Ignore, Tokens
from .manifests import as_kept
from .redact import masked


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote last, as ``managedFields`` says."""

    manager: str
    operation: str
    time: str

    def to_dict(self) -> dict[str, str]:
        """The form in results."""
        return {"manager": self.manager, "operation": self.operation, "time": self.time}


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One field that is not as it was applied."""

    field: str
    tokens: Tokens
    """The same as a JSON pointer into the manifest."""
    wanted: str
    found: str
    writer: Writer | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        writer = self.writer.to_dict() if self.writer else None
        return {"field": self.field, "wanted": self.wanted, "found": self.found, "by": writer}


def field_drifts(manifest: Manifest, live: Manifest) -> tuple[FieldDrift, ...]:
    """The fields of a manifest that somebody else has changed or removed. Values of Secrets are masked."""
    wanted = _comparable(manifest)
    # No entry at all is no ownership; an empty one further down is a whole value.
    ours = owned_fields(live) or None
    hidden_wanted, hidden_live = masked(wanted), masked(live)
    found = []
    for path, tokens in _walk("", (), wanted, live, ours):
        found.append(
            FieldDrift(
                field=path,
                tokens=tokens,
                wanted=value_text(_at(hidden_wanted, tokens)),
                found=value_text(_live_at(hidden_live, wanted, tokens)),
                writer=_writer(wanted, live, tokens),
            )
        )
    return tuple(found)


def without_ignored(manifest: Manifest, live: Manifest | None, rules: Collection[Ignore]) -> Manifest:
    """The manifest without the fields that others have changed and that the rules leave to them."""
    if live is None or not rules:
        return manifest
    identity = identify(manifest)
    for drift in field_drifts(manifest, live):
        if is_ignored(identity, drift, rules):
            manifest = _without(manifest, drift.tokens)
    return manifest


def is_ignored(identity: Identity, drift: FieldDrift, rules: Collection[Ignore]) -> bool:
    """Whether some rule leaves a difference alone."""
    manager = drift.writer.manager if drift.writer else None
    return any(rule.covers(identity, drift.tokens, manager) for rule in rules)


def last_writer(live: Manifest) -> Writer | None:
    """Who wrote an object last, but for us and for its status."""
    entries = [entry for entry in _others(live) if entry.get("time")]
    return _as_writer(max(entries, key=lambda entry: str(entry["time"]))) if entries else None


def _walk(
    path: str, tokens: Tokens, wanted: Any, live: Any, ours: Mapping[str, Any] | None
) -> Iterator[tuple[str, Tokens]]:
    if ours is not None and not ours:
        return
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            if value is None or (not tokens and key in ("apiVersion", "kind")):
                continue
            below = ours.get(f"f:{key}") if ours else None
            inside = live.get(key, MISSING) if isinstance(live, dict) else MISSING
            yield from _walk(f"{path}.{key}", (*tokens, key), value, inside, below)
        return
    if isinstance(wanted, list) and all(isinstance(item, dict) for item in wanted) and wanted:
        for index, item in enumerate(wanted):
            below = _below(ours, item)
            inside = _counterpart(live, item, index, len(wanted))
            label = json.dumps(item["name"]) if isinstance(item.get("name"), str) else ""
            step = f"[name={label}]" if label else f"[{index}]"
            yield from _walk(f"{path}{step}", (*tokens, str(index)), item, inside, below)
        return
    if isinstance(wanted, list) and ours:
        have = live if isinstance(live, list) else []
        if all(f"v:{json.dumps(item)}" in ours or item in have for item in wanted):
            return
        yield path, tokens
        return
    if wanted != live and str(wanted) != str(live):
        yield path, tokens


def _below(ours: Mapping[str, Any] | None, item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is ours of a list's item: lists that merge name their items by keys."""
    for key, fields in (ours or {}).items():
        form, _colon, text = key.partition(":")
        if form == "k" and all(item.get(name, value) == value for name, value in json.loads(text).items()):
            return fields
    return None


def _counterpart(live: Any, item: Mapping[str, Any], index: int, length: int) -> Any:
    if not isinstance(live, list):
        return MISSING
    if "name" in item:
        return next((one for one in live if isinstance(one, dict) and one.get("name") == item["name"]), MISSING)
    for one in live:
        if isinstance(one, dict) and all(one.get(key) == value for key, value in item.items()):
            return one
    return live[index] if len(live) == length else MISSING


def _writer(wanted: Manifest, live: Manifest, tokens: Tokens) -> Writer | None:
    """Who has the field now; of one that was removed, who wrote the object last."""
    for entry in sorted(_others(live), key=lambda entry: str(entry.get("time") or ""), reverse=True):
        if _has(entry.get("fieldsV1") or {}, wanted, tokens):
            return _as_writer(entry)
    return last_writer(live)


def _has(fields: Mapping[str, Any], value: Any, tokens: Tokens) -> bool:
    if not tokens or not fields:
        return True
    if isinstance(value, list):
        item = value[int(tokens[0])]
        below = _below(fields, item) if isinstance(item, dict) else None
        return below is not None and _has(below, item, tokens[1:])
    below = fields.get(f"f:{tokens[0]}")
    return below is not None and _has(below, value.get(tokens[0]) if isinstance(value, dict) else None, tokens[1:])


def _others(live: Manifest) -> list[Mapping[str, Any]]:
    entries = (live.get("metadata") or {}).get("managedFields") or []
    return [
        entry for entry in entries if entry.get("manager") != FIELD_MANAGER and entry.get("subresource") != "status"
    ]


def _as_writer(entry: Mapping[str, Any]) -> Writer:
    return Writer(str(entry.get("manager")), str(entry.get("operation")), str(entry.get("time") or ""))


def _comparable(manifest: Manifest) -> Manifest:
    """What a manifest sets, as a server keeps it: names apart, and texts of Secrets encoded."""
    metadata = {key: manifest["metadata"][key] for key in ("labels", "annotations") if manifest["metadata"].get(key)}
    found = {key: value for key, value in as_kept(manifest).items() if key != "status"}
    return {**found, "metadata": metadata}


def _at(value: Any, tokens: Tokens) -> Any:
    for token in tokens:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def _live_at(live: Any, wanted: Any, tokens: Tokens) -> Any:
    for token in tokens:
        if isinstance(wanted, list):
            item = wanted[int(token)]
            live = _counterpart(live, item, int(token), len(wanted)) if isinstance(item, dict) else MISSING
            wanted = item
        else:
            live = live.get(token, MISSING) if isinstance(live, dict) else MISSING
            wanted = wanted.get(token)
    return live


def _without(value: Any, tokens: Tokens) -> Any:
    """A copy without one field."""
    head, *rest = tokens
    if isinstance(value, list):
        index = int(head)
        if not rest:
            return [*value[:index], *value[index + 1 :]]
        return [*value[:index], _without(value[index], tuple(rest)), *value[index + 1 :]]
    if head not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != head}
    return {**value, head: _without(value[head], tuple(rest))}
