# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file with the keys of encryption, on a control plane."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .. import files
from ..errors import NodeError
from . import encryption
from .texts import ENCRYPTION


def read() -> encryption.Configuration | None:
    """What this control plane's API server is to encrypt with; None: nothing is configured."""
    text = files.read(ENCRYPTION)
    if text is None:
        return None
    try:
        return encryption.from_text(text)
    except ValueError as problem:
        raise NodeError(f"{ENCRYPTION} can't be read: {problem}.", "Whoever wrote it has to change its keys.") from None


def write(text: str) -> None:
    """Put the file in place, readable for root alone."""
    os.makedirs(os.path.dirname(ENCRYPTION), mode=0o700, exist_ok=True)
    files.write(ENCRYPTION, text, 0o600)


def begin(provider: str, resources: Iterable[str]) -> None:
    """Make the first key of a new cluster, unless an interrupted run made it already."""
    if files.read(ENCRYPTION) is None:
        write(encryption.to_text(encryption.begun(provider, resources)))
