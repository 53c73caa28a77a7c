# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which a workload cannot be placed, and in which a question cannot be understood."""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """What sort of failure it was; Karmada distinguishes the same three."""

    FIT = "fit"
    """No cluster passed the filters."""

    UNSCHEDULABLE = "unschedulable"
    """Clusters passed, but they do not have the capacity."""

    OTHER = "other"
    """The constraints cannot be met by the clusters that passed, or are not supported."""


class Unplaceable(Exception):
    """One attempt to place a workload failed; the next affinity group may still succeed."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class RequestError(ValueError):
    """The question itself is wrong: a field has the wrong form."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
