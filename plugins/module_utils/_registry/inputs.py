# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user asks of a member: read from input, checked before anything is touched. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.credential import REFUSALS
from .._kube.errors import InputError
from .._scheduling.errors import RequestError
from .._scheduling.maintenance import parse_windows
from .access import JoinProfile
from .member import Taint
from .names import PREFIX

if TYPE_CHECKING:
    from typing import Any

TOKEN_SECONDS = 30 * 24 * 3600
"""How long our token in a member is asked to live. Every probe renews it past half of that."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class MemberInput:
    """One member as the user wants it. ``None`` leaves what is recorded as it is."""

    name: str
    kubeconfig: str | Mapping[str, Any] | None = None
    context: str | None = None
    allow: frozenset[str] = frozenset()
    """What its kubeconfig may use although it is refused by default."""
    profile: JoinProfile | None = None
    namespaces: tuple[str, ...] = ()
    """Where the profile ``namespaced`` works."""
    token_seconds: int = TOKEN_SECONDS
    from_hub: str | None = None
    """The id of the hub that it may be taken over from."""
    provider: str | None = None
    region: str | None = None
    zones: tuple[str, ...] | None = None
    labels: Mapping[str, str] | None = None
    taints: tuple[Taint, ...] | None = None
    cordoned: str | None = None
    """``yes`` or ``no``."""
    cost: float | None = None
    infrastructure: Mapping[str, Any] | None = None
    maintenance_windows: tuple[Mapping[str, Any], ...] | None = None

    def __repr__(self) -> str:
        # The kubeconfig is the user's own credential.
        return f"MemberInput(name={self.name!r})"


def read_inputs(documents: Iterable[Mapping[str, Any]]) -> tuple[MemberInput, ...]:
    """Read the list of members. Wrong input is refused as a whole, before anything is done.

    :raises InputError: a name twice, a bad name, label, taint or profile.
    """
    found = tuple(_read(document) for document in documents)
    seen: set[str] = set()
    for wanted in found:
        if wanted.name in seen:
            raise InputError(
                "the name is given twice", cluster=wanted.name, next_step="Name each cluster once; nothing was done"
            )
        seen.add(wanted.name)
    return found


def _read(document: Mapping[str, Any]) -> MemberInput:
    name = str(document.get("name") or "")
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} can't be a member's name",
            next_step="Use at most 63 lower case letters, digits and dashes, with a letter or digit at both ends",
        )
    taints, cost, cordoned = document.get("taints"), document.get("cost"), document.get("cordoned")
    zones, windows = document.get("zones"), document.get("maintenance_windows")
    return MemberInput(
        name=name,
        kubeconfig=document.get("kubeconfig") or None,
        context=document.get("context") or None,
        allow=_allowed(document.get("allow") or (), name),
        profile=_profile(document.get("profile"), name),
        namespaces=tuple(document.get("namespaces") or ()),
        token_seconds=_token_seconds(document.get("token_seconds"), name),
        from_hub=document.get("from_hub") or None,
        provider=document.get("provider"),
        region=document.get("region"),
        zones=None if zones is None else tuple(str(zone) for zone in zones),
        labels=_labels(document.get("labels"), name),
        taints=None if taints is None else tuple(_taint(taint, name) for taint in taints),
        cordoned=None if cordoned is None else ("yes" if cordoned else "no"),
        cost=None if cost is None else _cost(cost, name),
        infrastructure=document.get("infrastructure"),
        maintenance_windows=None if windows is None else _windows(windows, name),
    )


def _cost(cost: float | str, name: str) -> float:
    try:
        found = float(cost)
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf"):
        raise InputError(f"cost is {str(cost)[:40]}", cluster=name, next_step="Give a number from 0, per core and hour")
    return found


def _windows(windows: Iterable[Mapping[str, Any]], name: str) -> tuple[Mapping[str, Any], ...]:
    """Windows are read when work is placed; what can't be read then is refused now."""
    found = tuple(windows)
    try:
        parse_windows(found, path="maintenance_windows")
    except RequestError as error:
        raise InputError(
            str(error), cluster=name, next_step="Give start and end, or cron and duration (and timezone, leadTime)"
        ) from error
    return found


def _allowed(words: Iterable[str], name: str) -> frozenset[str]:
    for word in words:
        if word not in REFUSALS:
            raise InputError(
                f"allow knows no {word!r}", cluster=name, next_step=f"Choose among: {', '.join(sorted(REFUSALS))}"
            )
    return frozenset(words)


def _profile(word: str | None, name: str) -> JoinProfile | None:
    if not word:
        return None
    try:
        return JoinProfile(word)
    except ValueError:
        known = ", ".join(profile.value for profile in JoinProfile)
        raise InputError(
            f"there is no join profile {word!r}", cluster=name, next_step=f"Choose among: {known}"
        ) from None


def _token_seconds(seconds: int | None, name: str) -> int:
    if seconds is None:
        return TOKEN_SECONDS
    if int(seconds) < 600:
        raise InputError("a token lives 600 seconds at least", cluster=name, next_step="Raise token_seconds")
    return int(seconds)


def _labels(labels: Mapping[str, Any] | None, name: str) -> dict[str, str] | None:
    if labels is None:
        return None
    found = {str(key): "" if value is None else str(value) for key, value in labels.items()}
    for key, value in found.items():
        if key.startswith(PREFIX):
            raise InputError(f"labels that begin with {PREFIX} are ours: {key}", cluster=name)
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise InputError(
                f"{key}={value} is no label",
                cluster=name,
                next_step="Use at most 63 letters, digits, dashes, underscores and dots",
            )
    return found


def _taint(document: Mapping[str, Any], name: str) -> Taint:
    key, effect = str(document.get("key") or ""), str(document.get("effect") or "")
    if not _LABEL_KEY.fullmatch(key) or effect not in _EFFECTS:
        raise InputError(
            f"{key or 'a taint without key'}:{effect or 'without effect'} is no taint",
            cluster=name,
            next_step=f"Give key, and effect as one of: {', '.join(_EFFECTS)}",
        )
    if key.startswith(PREFIX):
        raise InputError(
            f"taints that begin with {PREFIX} are ours: {key}",
            cluster=name,
            next_step="Use cordoned to keep replicas away",
        )
    return Taint(key, effect, str(document.get("value") or ""), document.get("timeAdded"))
