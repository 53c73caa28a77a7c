# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The members with facts that are fresh enough to decide by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from .._registry.hub import Hub
from .._registry.probe import observed_member, probe_sessions
from .._registry.probe import record as record_members
from .application import Actor
from .prepare import Fleet, open_fleet

FACTS_OLDER_THAN = 60.0
"""Seconds after which what is known of a candidate is looked up again before a decision."""


def fresh_fleet(hub: Hub, actor: Actor, *, check: bool) -> Fleet:
    """The members with facts that are not older than a minute; in check mode they are read and not recorded."""
    fleet = open_fleet(hub)
    now = datetime.now(UTC)
    old = {
        name: member for name, member in fleet.members.items() if member.observed_seconds_ago(now) > FACTS_OLDER_THAN
    }
    if not old:
        return fleet
    sessions = {name: session for name, session in fleet.sessions.items() if name in old}
    failed = {name: error for name, error in fleet.failed.items() if name in old}
    seen = probe_sessions(sessions, failed, old, observer=actor.where or actor.holder)
    fresh = (
        {name: observed_member(member, seen[name]) for name, member in old.items()}
        if check
        else record_members(hub, old, seen)
    )
    return replace(fleet, members={**fleet.members, **fresh})
