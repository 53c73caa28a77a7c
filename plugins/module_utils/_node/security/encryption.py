# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that encrypt what lies in etcd, and how one follows the other without a moment in which something can't be read. Pure.

A new key is first known to all API servers, then written with, then everything is written again, then the old key goes.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

_KEY_BYTES = 32
_NAME = "key-"


class Stage(Enum):
    """How far a change of keys has come on one API server."""

    STEADY = "steady"
    """One key."""
    INTRODUCED = "introduced"
    """The new key can be read with."""
    PROMOTED = "promoted"
    """The new key is written with; the old one can be read with."""


@dataclass(frozen=True)
class Key:
    """One key."""

    provider: str
    """`secretbox` or `aesgcm`."""
    name: str
    secret: str
    """Base64. Never shown."""

    @property
    def number(self) -> int:
        digits = self.name[len(_NAME) :]
        return int(digits) if self.name.startswith(_NAME) and digits.isdigit() else 0

    @property
    def mark(self) -> str:
        """What a value in etcd begins with that was written with it."""
        return f"k8s:enc:{self.provider}:v1:{self.name}:"


@dataclass(frozen=True)
class Configuration:
    """What an API server encrypts, and with which keys; the first one is written with."""

    resources: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def stage(self) -> Stage:
        if len(self.keys) < 2:
            return Stage.STEADY
        return Stage.PROMOTED if self.keys[0] == newest(self.keys) else Stage.INTRODUCED


def begun(provider: str, resources: Iterable[str]) -> Configuration:
    """The configuration of a new cluster."""
    return Configuration(tuple(resources), (_new_key(provider, 1),))


def introduced(there: Configuration, provider: str, resources: Iterable[str]) -> Configuration:
    """With a new key to read with, and with resources that are to be encrypted as well; what is on its way already stays."""
    every = tuple(dict.fromkeys([*there.resources, *resources]))
    if there.stage is not Stage.STEADY:
        return replace(there, resources=every)
    key = _new_key(provider, newest(there.keys).number + 1 if there.keys else 1)
    return Configuration(every, (*there.keys, key))


def promoted(there: Configuration) -> Configuration:
    """With the newest key to write with."""
    last = newest(there.keys)
    return replace(there, keys=(last, *(key for key in there.keys if key != last)))


def retired(there: Configuration) -> Configuration:
    """With the key alone that is written with."""
    return replace(there, keys=there.keys[:1])


def newest(keys: Sequence[Key]) -> Key:
    return max(keys, key=lambda key: key.number)


def to_text(configuration: Configuration) -> str:
    """The file that the API server reads."""
    providers: list[dict[str, dict[str, list[dict[str, str]]]]] = []
    for key in configuration.keys:
        if not providers or key.provider not in providers[-1]:
            providers.append({key.provider: {"keys": []}})
        providers[-1][key.provider]["keys"].append({"name": key.name, "secret": key.secret})
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        # What was written before there were keys can still be read.
        "resources": [{"resources": list(configuration.resources), "providers": [*providers, {"identity": {}}]}],
    }
    return json.dumps(document, indent=2) + "\n"


def from_text(text: str) -> Configuration:
    """What a file says that `to_text` wrote.

    Raises:
        ValueError: somebody else wrote it.
    """
    try:
        (group,) = json.loads(text)["resources"]
        keys = tuple(
            Key(provider, key["name"], key["secret"])
            for entry in group["providers"]
            for provider, given in entry.items()
            for key in given.get("keys") or ()
        )
        return Configuration(tuple(group["resources"]), keys)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"it is not as this collection writes it ({type(problem).__name__})") from None


def _new_key(provider: str, number: int) -> Key:
    return Key(provider, f"{_NAME}{number}", base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii"))
