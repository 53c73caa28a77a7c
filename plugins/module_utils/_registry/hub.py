# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hub, opened: the API server that holds the registry, its namespace and its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.credential import Credential
from .._kube.session import Session
from .._kube.transport import Retries
from .errors import RegistryMissingError, SchemaError
from .names import CONFIGMAPS, HUB_CONFIGMAP, SCHEMA_VERSION, SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from typing import Any

HUB = "hub"
"""The hub's name in errors."""
PATIENCE = Retries(silences=4)
"""Nothing can be done without the hub, and nothing fails over from it: silence is believed later than a member's."""


@dataclass(frozen=True, slots=True)
class Hub:
    """An API server whose registry this collection understands."""

    session: Session
    namespace: str
    id: str
    """Made once when the registry is installed; each member carries it."""


def open_hub(credential: Credential, *, namespace: str = SYSTEM_NAMESPACE) -> Hub:
    """Connect, and check that there is a registry that we understand. One request.

    :raises RegistryMissingError: there is none.
    :raises SchemaError: it was written by a newer collection.
    """
    session = open_session(credential)
    configuration = session.get(CONFIGMAPS, HUB_CONFIGMAP, namespace)
    if configuration is None:
        raise RegistryMissingError(
            f"no registry in namespace {namespace}",
            cluster=HUB,
            object=f"ConfigMap {namespace}/{HUB_CONFIGMAP}",
            next_step="Install it with the playbook navarch.fleet.registry, or correct hub_namespace",
        )
    return Hub(session, namespace, read_hub_id(configuration))


def open_session(credential: Credential) -> Session:
    """A session with the hub, whether or not it has a registry; nothing is sent yet."""
    return Session(HUB, credential, retries=PATIENCE)


def read_hub_id(configuration: Mapping[str, Any]) -> str:
    """The hub's id out of its ConfigMap, when its schema is one we understand."""
    data = configuration.get("data") or {}
    version = str(data.get("schemaVersion") or "0")
    if not version.isdigit() or int(version) > SCHEMA_VERSION:
        raise SchemaError(
            f"the hub's schemaVersion is {version[:20]}, this collection understands up to {SCHEMA_VERSION}",
            cluster=HUB,
            next_step="Update the collection navarch.fleet",
        )
    return str(data.get("id") or "")
