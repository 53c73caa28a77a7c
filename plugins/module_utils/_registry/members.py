# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members and their credentials, read from and written to the hub."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.credential import Credential, read_kubeconfig
from .._kube.errors import ConflictError, CredentialError, FleetError, ForbiddenError, NotFoundError
from .._kube.session import Session
from .._kube.transport import Retries
from .hub import HUB, Hub
from .member import Member
from .names import CLUSTERS, CREDENTIAL_LABEL, SECRETS, secret_name

if TYPE_CHECKING:
    from typing import Any

    Change = Callable[[dict[str, Any]], dict[str, Any]]

_TRIES = 8
"""A conditional write that lost this often in a row is given up."""

_TRUSTED = frozenset({"proxy-url", "insecure-skip-tls-verify"})
"""What join let in by the user's word is let out again; credentials never name programs or files."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions of members, and why there is none for some."""

    ready: Mapping[str, Session]
    failed: Mapping[str, FleetError]


def list_members(
    hub: Hub, *, names: Collection[str] | None = None, label_selector: str | None = None
) -> dict[str, Member]:
    """Members by name, in order.

    :param names: only these; one that does not exist is an error.
    """
    found = {
        member.name: member
        for member in map(Member.from_object, hub.session.list(CLUSTERS, label_selector=label_selector))
        if names is None or member.name in names
    }
    for name in sorted(set(names or ()) - set(found)):
        raise _no_member(name)
    return dict(sorted(found.items()))


def get_member(hub: Hub, name: str) -> Member:
    """One member; NotFoundError when there is none of that name."""
    obj = hub.session.get(CLUSTERS, name)
    if obj is None:
        raise _no_member(name)
    return Member.from_object(obj)


def open_sessions(
    hub: Hub, names: Collection[str] | None = None, *, timeout: float = 10.0, retries: Retries | None = None
) -> Sessions:
    """Sessions for members, from all their Secrets in one list (or one by one where only some may be read).

    :param names: only these; by default every member that has a credential.
    """
    secrets = credential_secrets(hub, names)
    return sessions_of(secrets, sorted(secrets if names is None else names), timeout=timeout, retries=retries)


def sessions_of(
    secrets: Mapping[str, Mapping[str, Any]],
    names: Collection[str],
    *,
    timeout: float = 10.0,
    retries: Retries | None = None,
) -> Sessions:
    """Sessions from Secrets that were read already."""
    ready: dict[str, Session] = {}
    failed: dict[str, FleetError] = {}
    for name in names:
        try:
            ready[name] = Session(name, read_secret(secrets.get(name), name), timeout=timeout, retries=retries)
        except FleetError as error:
            failed[name] = error
    return Sessions(ready, failed)


def member_credential(hub: Hub, name: str) -> Credential:
    """The credential of one member."""
    return read_secret(hub.session.get(SECRETS, secret_name(name), hub.namespace), name)


def credential_secrets(hub: Hub, names: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The Secrets that hold credentials, by member."""
    try:
        found = hub.session.list(SECRETS, hub.namespace, label_selector=CREDENTIAL_LABEL)
    except ForbiddenError:
        # A deployer may be allowed some clusters by name only; then each is asked for.
        if names is None:
            raise
        got = (hub.session.get(SECRETS, secret_name(name), hub.namespace) for name in names)
        found = [secret for secret in got if secret]
    return {secret["metadata"]["labels"][CREDENTIAL_LABEL]: secret for secret in found}


def read_secret(secret: Mapping[str, Any] | None, name: str) -> Credential:
    """The credential inside a Secret of the hub."""
    if secret is None:
        raise CredentialError(
            "the hub holds no credential for it", cluster=name, next_step="Join it again with its kubeconfig"
        )
    try:
        document = json.loads(base64.b64decode((secret.get("data") or {}).get("kubeconfig") or ""))
    except ValueError:
        raise CredentialError(
            "its credential in the hub is damaged", cluster=name, next_step="Join it again with its kubeconfig"
        ) from None
    return read_kubeconfig(document, allowed=_TRUSTED, cluster=name)


def change_member(hub: Hub, name: str, change: Change) -> Member:
    """Change a Cluster (not its status) as it is when the write happens.

    :param change: gets a copy of the object and returns what it should be; called again when somebody else wrote.
        Nothing is written when nothing changes.
    """
    return _changed(hub, name, change, None)


def change_member_status(hub: Hub, name: str, change: Change) -> Member:
    """The same for ``status``; ``change`` gets and returns the whole object."""
    return _changed(hub, name, change, "status")


def _changed(hub: Hub, name: str, change: Change, subresource: str | None) -> Member:
    for attempt in range(_TRIES):
        before = hub.session.get(CLUSTERS, name)
        if before is None:
            raise _no_member(name)
        after = change(copy.deepcopy(before))
        if after == before:
            return Member.from_object(before)
        try:
            return Member.from_object(hub.session.replace(CLUSTERS, after, subresource=subresource))
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _no_member(name: str) -> NotFoundError:
    return NotFoundError(
        "there is no such member",
        code=404,
        cluster=HUB,
        object=f"Cluster {name}",
        next_step="Join it first, or correct the name; cluster_info lists the members",
    )
