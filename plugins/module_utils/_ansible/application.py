# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that change an application have in common: which one, and who changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._delivery.application import Actor
from .hub import play_identity

APPLICATION_ARGUMENTS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "tenant": {"type": "str", "default": "default"},
    "lock_holder": {"type": "str"},
}
"""Argument spec of the application; documented in the fragment ``navarch.fleet.application``."""


def actor_of(params: Mapping[str, Any]) -> Actor:
    """Who changes the application: the play that shares a lease over several tasks, or this task alone."""
    identity = play_identity(params["lock_holder"])
    return Actor(identity.holder, identity.who, identity.where)
