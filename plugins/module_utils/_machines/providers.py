# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which provider a machine set names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._infrastructure.provider import Provider
from .._kube.errors import InputError
from .._kube.session import Session
from .record import Record

Sessions = Callable[[str], Session]
"""A session with a member, by its name."""


def provider_of(record: Record, sessions: Sessions) -> Provider:
    """The provider of a set, ready to be asked.

    :raises InputError: there is none of that name.
    """
    make = _PROVIDERS.get(record.provider)
    if make is None:
        raise InputError(
            f"there is no provider {record.provider!r}",
            object=f"MachineSet {record.name}",
            next_step=f"Choose among: {', '.join(sorted(_PROVIDERS))}",
        )
    return make(record, sessions)


def known_providers() -> tuple[str, ...]:
    """Their names."""
    return tuple(sorted(_PROVIDERS))


def _kwok(record: Record, sessions: Sessions) -> Provider:
    from .kwok import KwokProvider

    return KwokProvider(sessions(record.cluster))


def _idc(record: Record, sessions: Sessions) -> Provider:
    from .._infrastructure.idc import IdcProvider

    return IdcProvider()


def _openstack(record: Record, sessions: Sessions) -> Provider:
    from .._infrastructure.openstack.provider import OpenStackProvider

    return OpenStackProvider()


def _cluster_api(record: Record, sessions: Sessions) -> Provider:
    from .cluster_api import ClusterApiProvider

    management = record.settings.get("management_cluster")
    if not management:
        raise InputError(
            "settings.management_cluster names no member",
            object=f"MachineSet {record.name}",
            next_step="Name the member in which Cluster API runs; join it first if it is none",
        )
    return ClusterApiProvider(sessions(str(management)))


_PROVIDERS: Mapping[str, Callable[[Record, Sessions], Provider]] = {
    "cluster_api": _cluster_api,
    "idc": _idc,
    "kwok": _kwok,
    "openstack": _openstack,
}
