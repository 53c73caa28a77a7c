# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user says about the security of a cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .measures import switches

_PATHS_OF_ANONYMOUS = 32
"""Minor version since which an API server can be open to anonymous requests for chosen paths only, without a feature gate."""
_STABLE_AUTHENTICATION = 34
"""Minor version since which that configuration is stable."""


@dataclass(frozen=True)
class Settings:
    """Measures and what they may be told."""

    switches: Mapping[str, bool]
    minor: int
    """Of Kubernetes 1."""
    audit_policy: Mapping[str, Any]
    """Replaces ours; empty: ours."""
    encryption_provider: str
    """`secretbox` or `aesgcm`."""
    encrypted: tuple[str, ...]
    """Resources as in EncryptionConfiguration: `secrets`, `configmaps`, `widgets.example.org`."""
    pod_security: str
    """`privileged`, `baseline` or `restricted`."""
    exempt_namespaces: tuple[str, ...]

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Settings:
        """From the variables of role `cluster`, by their names."""
        return cls(
            switches=switches(given.get("cluster_security") or {}),
            minor=_minor(str(given["cluster_kubernetes_version"])),
            audit_policy=given.get("cluster_audit_policy") or {},
            encryption_provider=given.get("cluster_encryption_provider") or "secretbox",
            encrypted=tuple(given.get("cluster_encryption_resources") or ("secrets",)),
            pod_security=given.get("cluster_pod_security") or "baseline",
            exempt_namespaces=tuple(given.get("cluster_pod_security_exempt") or ()),
        )

    def on(self, measure: str) -> bool:
        return self.switches[measure]

    @property
    def restricts_anonymous(self) -> bool:
        return self.on("anonymous") and self.minor >= _PATHS_OF_ANONYMOUS

    @property
    def authentication_version(self) -> str:
        return "v1" if self.minor >= _STABLE_AUTHENTICATION else "v1beta1"


def _minor(version: str) -> int:
    """37 of v1.37.2."""
    return int(version.split(".")[1])
