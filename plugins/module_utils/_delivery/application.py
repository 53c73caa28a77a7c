# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an application is to us: whose it is, what was asked for, and how it is to be delivered. Pure data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

PREFIX = "fleet.navarch.dev/"
"""Of all our labels and annotations."""

MEMBER_NAMESPACE = "navarch-system"
"""Where a member keeps what is ours."""


KEPT_REVISIONS = 10
"""How many revisions stay for looking back and rolling back, if nobody says otherwise."""


class Conflict(Enum):
    """What becomes of an object, or a field, that belongs to somebody else."""

    ABORT = "Abort"
    OVERWRITE = "Overwrite"


@dataclass(frozen=True, slots=True)
class Owner:
    """An application of one tenant of one hub: the owner that our objects name."""

    hub: str
    tenant: str
    application: str

    @property
    def text(self) -> str:
        """The value of the owner annotation."""
        return f"{self.hub}/{self.tenant}/{self.application}"

    @property
    def parent(self) -> str:
        """The name of the ApplySet's parent in a member."""
        return f"navarch-{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"

    @property
    def applyset(self) -> str:
        """The ApplySet's id (KEP-3659): made from name, namespace, kind and group of the parent."""
        parent = f"{self.parent}.{MEMBER_NAMESPACE}.Secret."
        encoded = base64.urlsafe_b64encode(hashlib.sha256(parent.encode()).digest()).decode().rstrip("=")
        return f"applyset-{encoded}-v1"

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """The owner that an annotation names; ``None`` when it is not of our form."""
        parts = text.split("/")
        return cls(*parts) if len(parts) == 3 and all(parts) else None


class AdoptedChanges(Enum):
    """What becomes of an adoption that would change what runs."""

    REFUSE = "refuse"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Adoption:
    """What may be taken over that runs already without us."""

    clusters: tuple[str, ...] = ()
    """Where; ``*`` is everywhere. The other clusters that hold something of it wait untouched."""
    owners: tuple[str, ...] = ()
    """Owners and field managers from whom it may be taken although it carries their mark."""
    changes: AdoptedChanges = AdoptedChanges.REFUSE

    def covers(self, cluster: str) -> bool:
        """Whether what runs in that cluster may be taken over."""
        return "*" in self.clusters or cluster in self.clusters


@dataclass(frozen=True, slots=True)
class Settings:
    """How one delivery is carried out."""

    wait: bool = True
    """Wait until everything is healthy, and remove old copies only then."""
    timeout: float = 300.0
    """Seconds to wait for health, counted from the last write."""
    conflict: Conflict = Conflict.ABORT
    prune_allow: tuple[str, ...] = ()
    """What may be deleted although it is protected: ``Kind`` or ``Kind/name``."""
    adoption: Adoption = field(default_factory=Adoption)
    start_allow: tuple[str, ...] = ()
    """What may start although an override had scaled it to zero: ``Kind`` or ``Kind/name``."""
    confirmed: str = ""
    """The name of the protected application that may be removed."""

    def starts(self, kind: str, name: str) -> bool:
        """Whether the user consented to the start of what an override had stopped."""
        return kind in self.start_allow or f"{kind}/{name}" in self.start_allow

    def allows(self, kind: str, name: str) -> bool:
        """Whether the user consented to the deletion of a protected object."""
        return kind in self.prune_allow or f"{kind}/{name}" in self.prune_allow


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes an application, from where; ``holder`` is the play's id and holds the lease."""

    holder: str
    who: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """What was asked for, as the hub keeps it. Never the manifests themselves."""

    tenant: str
    name: str
    namespace: str
    placement: Mapping[str, Any] = field(default_factory=dict)
    failover: Mapping[str, Any] = field(default_factory=dict)
    conflict: Conflict = Conflict.ABORT
    source_digest: str = ""
    overrides: tuple[Mapping[str, Any], ...] = ()
    """Rules per cluster, in the form that `overrides.rules.normalized` lets pass."""
    rollout: Mapping[str, Any] = field(default_factory=dict)
    """How a change goes over the clusters; empty is everywhere at once."""
    health: tuple[Mapping[str, Any], ...] = ()
    """The user's own rules of when an object is healthy."""
    ignore: tuple[Mapping[str, Any], ...] = ()
    """Fields that are left to whoever writes them, in the form of Argo CD's ``ignoreDifferences``."""
    protected: bool = False
    """It is not removed without a second word."""
    history_limit: int = KEPT_REVISIONS
    labels: Mapping[str, str] = field(default_factory=dict)
    """By which other applications speak of it."""
    scale: Mapping[str, int] = field(default_factory=dict)
    """Replicas by ``Kind/namespace/name`` that stand in for those of the manifests, until they are given back."""

    def to_dict(self) -> dict[str, Any]:
        """``Application.spec``."""
        found: dict[str, Any] = {
            "namespace": self.namespace,
            "placement": dict(self.placement),
            "failover": dict(self.failover),
            "conflictResolution": self.conflict.value,
            "sourceDigest": self.source_digest,
        }
        if self.overrides:
            found["overrides"] = [dict(rule) for rule in self.overrides]
        if self.rollout:
            found["rollout"] = dict(self.rollout)
        if self.health:
            found["health"] = [dict(rule) for rule in self.health]
        if self.ignore:
            found["ignoreDifferences"] = [dict(rule) for rule in self.ignore]
        if self.protected:
            found["deletionProtection"] = True
        if self.history_limit != KEPT_REVISIONS:
            found["revisionHistoryLimit"] = self.history_limit
        if self.labels:
            found["labels"] = dict(self.labels)
        if self.scale:
            found["scale"] = dict(self.scale)
        return found

    @classmethod
    def from_dict(cls, tenant: str, name: str, data: Mapping[str, Any]) -> Spec:
        """The reverse of :meth:`to_dict`."""
        return cls(
            tenant=tenant,
            name=name,
            namespace=str(data.get("namespace") or "default"),
            placement=data.get("placement") or {},
            failover=data.get("failover") or {},
            conflict=Conflict(data.get("conflictResolution") or Conflict.ABORT.value),
            source_digest=str(data.get("sourceDigest") or ""),
            overrides=tuple(data.get("overrides") or ()),
            rollout=data.get("rollout") or {},
            health=tuple(data.get("health") or ()),
            ignore=tuple(data.get("ignoreDifferences") or ()),
            protected=bool(data.get("deletionProtection")),
            history_limit=int(data.get("revisionHistoryLimit") or KEPT_REVISIONS),
            labels=data.get("labels") or {},
            scale=data.get("scale") or {},
        )
