# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How objects of ours are told from those of others.

A mark is written with the object itself, in the same request: its description, or for what has none a name that holds
the id of an object of ours. So no kill leaves behind what we would not know again, and a stranger's object
of the same name stays a stranger's. Tags and metadata say the same for people and their filters.
"""

from __future__ import annotations

PRODUCT = "navarch.fleet"
ANCHOR = "anchor"
"""The security group of all machines of a cluster: made first, removed last, and holds the lock."""

HOST_KEY = "navarch_host_key"
"""Metadata of a server: its SSH host key, once it is known."""

KEEPER = "navarch_keeper"
"""Metadata of a server: who says how many machines its set has, where that is not whoever lists the sets of its cluster."""


def mark(cluster: str, key: str) -> str:
    """The description of the object that is `key` (like ``port/north-worker-1``) for this cluster."""
    return f"{PRODUCT} {cluster} {key}"


def key_of(description: object, cluster: str) -> str | None:
    """Which object of the cluster this is; None for one that is not of this cluster."""
    words = str(description or "").split()
    return words[2] if len(words) >= 3 and words[:2] == [PRODUCT, cluster] else None


def cluster_of(description: object) -> str | None:
    """The cluster that an object belongs to; None for one that is not ours."""
    words = str(description or "").split()
    return words[1] if len(words) >= 3 and words[0] == PRODUCT else None


def tag(cluster: str) -> str:
    """The tag of everything that can have one."""
    return f"navarch-cluster={cluster}"


def unique_name(cluster: str, what: str, anchor: str) -> str:
    """A name for what has neither description nor tag; `anchor` is the id of the cluster's anchor."""
    return f"navarch-{cluster}-{what}-{anchor}"


def machine_name(cluster: str, machine_set: str, index: int) -> str:
    return f"{cluster}-{machine_set}-{index}"
