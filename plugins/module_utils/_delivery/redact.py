# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets as they may be shown: that a value changed is visible, the value is not.

The marks come from a key that is made anew in each process, so that nobody can find a weak password by hashing guesses.
Within one run the same value has the same mark, in all clusters.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from .identity import Manifest, group_of
from .wellformed import LAST_APPLIED

_KEY = os.urandom(32)
_HIDDEN_FIELDS = ("data", "stringData")


def masked(manifest: Manifest) -> Manifest:
    """The manifest as it may be shown; anything but a Secret comes back as it is."""
    if manifest.get("kind") != "Secret" or group_of(str(manifest.get("apiVersion"))) != "":
        return manifest
    shown = {key: _masked_values(value) if key in _HIDDEN_FIELDS else value for key, value in manifest.items()}
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    if LAST_APPLIED in annotations:
        shown["metadata"] = {
            **manifest["metadata"],
            "annotations": {**annotations, LAST_APPLIED: mask(annotations[LAST_APPLIED])},
        }
    return shown


def mask(value: Any) -> str:
    """A mark that stands for a value in this process."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return f"hidden ({hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), key=_KEY, digest_size=4).hexdigest()})"


def _masked_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: mask(item) for key, item in value.items()}
    return value if value is None else mask(value)
