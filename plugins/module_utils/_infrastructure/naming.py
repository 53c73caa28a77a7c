# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of new machines, and which ones go: the same for every provider that names its machines. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count, islice

from .errors import InfrastructureError
from .provider import Machine, MachineSet, Phase


def free_names(machine_set: MachineSet, taken: Collection[str], wanted: int) -> tuple[str, ...]:
    """The next names: cluster, set and the lowest free numbers."""
    stem = machine_set.name
    if stem != machine_set.cluster and not stem.startswith(f"{machine_set.cluster}-"):
        stem = f"{machine_set.cluster}-{stem}"
    free = (name for number in count(1) if (name := f"{stem}-{number}") not in taken)
    return tuple(islice(free, max(wanted, 0)))


def surplus(
    machine_set: MachineSet, machines: Sequence[Machine], replicas: int, remove: Sequence[str]
) -> tuple[str, ...]:
    """The machines that go: those that are named, and of what is too many still, failed ones first, then the newest.

    :raises InfrastructureError: a named one is no machine of the set.
    """
    known = {machine.name for machine in machines}
    strangers = sorted(set(remove) - known)
    if strangers:
        raise InfrastructureError(
            f"{', '.join(strangers)} can't be removed from machine set {machine_set.name}: it has "
            f"{', '.join(sorted(known)) or 'no machine'}.",
            cluster=machine_set.cluster,
            next_step="Name machines of the set.",
        )
    rest = [machine for machine in machines if machine.name not in set(remove)]
    by_worth = sorted(rest, key=lambda each: (each.phase is not Phase.FAILED, _reversed(each.created), each.name))
    more = [machine.name for machine in by_worth[: max(len(rest) - replicas, 0)]]
    return (*remove, *more)


def _reversed(moment: str) -> tuple[int, ...]:
    """Newest first; of equal age, by name."""
    return tuple(-ord(character) for character in moment)
