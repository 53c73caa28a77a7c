# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two deliveries at the same instant never promise the same room.

Each writes down what its plan takes before it looks what others wrote. So of two one at least sees the other, and the
one that wrote later, in the order of the hub, gives way: it takes its reservation back and plans anew with less room.
"""

from __future__ import annotations

from .._registry.hub import Hub
from .._registry.lease import Lock
from .._registry.scheduling import scheduling_cluster
from .._scheduling.request import parse_clusters
from .prepare import Fleet, Prepared
from .promises import crowded_out, firm, known_records, reserved, those_before, unseen
from .publish import timestamp
from .record import ApplicationRecord, delete_record, write_spec, write_status


def reserve(hub: Hub, fleet: Fleet, prepared: Prepared, former: ApplicationRecord | None, lock: Lock) -> bool:
    """Whether the room that a plan counts on is its own. Where it is not, all is as it was before.

    A plan that takes nothing more, or rests on a decision that was made elsewhere, has nothing to compare.

    :param former: the application as it stands in the hub, if it does; its lease is held since it was read.
    """
    if prepared.promises is None or not prepared.gains:
        return True
    tenant, name = prepared.spec.tenant, prepared.spec.name
    lock.check()
    if former is None:
        write_spec(hub, prepared.spec)
    now = timestamp()
    mine = write_status(hub, tenant, name, lambda status: {**status, "promises": reserved(status, prepared.gains, now)})
    members = {gain.cluster: fleet.members[gain.cluster] for gain in prepared.gains if gain.cluster in fleet.members}
    clusters = parse_clusters([scheduling_cluster(member) for member in members.values()])
    others = unseen(those_before(known_records(hub, tenant), mine), members)
    if not crowded_out(prepared.gains, clusters, prepared.promises, others):
        return True
    lock.check()
    _withdraw(hub, mine, former)
    return False


def _withdraw(hub: Hub, mine: ApplicationRecord, former: ApplicationRecord | None) -> None:
    if former is None:
        delete_record(hub, mine)
    else:
        write_status(hub, mine.tenant, mine.name, lambda status: {**status, "promises": firm(status)})
