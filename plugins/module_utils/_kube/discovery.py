# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API server serves: kinds, their paths and verbs.

Pure: :func:`read_aggregated` and :func:`read_plain` turn the server's documents into resources; the session fetches.
The aggregated form answers in two requests (KEP-3352).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from typing import Any

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
"""The ``Accept`` header that asks for the aggregated form and takes the plain one."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version, as a server serves it."""

    group: str
    """Empty for the core group."""
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The path of the group and version: ``/api/v1`` or ``/apis/apps/v1``."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of the collection (of one namespace, or of all), of one object, or of its subresource."""
        parts = [self.root]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


class Discovery:
    """The resources of one server, in the server's order of preference."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_kind: dict[tuple[str, str], Resource] = {}
        for resource in resources:
            self._by_kind.setdefault((resource.api_version, resource.kind), resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_kind.values())

    def get(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind, or ``None`` when the server doesn't serve it."""
        return self._by_kind.get((api_version, kind))

    def preferred(self, group: str, kind: str) -> Resource | None:
        """The kind in the version that the server prefers, or ``None``."""
        return next((known for known in self if known.group == group and known.kind == kind), None)

    def storable(self) -> list[Resource]:
        """Each kind once, in its preferred version, that can be listed and deleted: all that objects can live in."""
        chosen: dict[tuple[str, str], Resource] = {}
        for resource in self:
            if {"list", "delete"} <= resource.verbs:
                chosen.setdefault((resource.group, resource.kind), resource)
        return list(chosen.values())

    def enablements(self) -> list[dict[str, Any]]:
        """``[{groupVersion, resources: [{name, kind}]}]``, as Karmada's ``Cluster.status.apiEnablements``."""
        found: dict[str, list[dict[str, str]]] = {}
        for resource in self:
            entry = {"name": resource.plural, "kind": resource.kind}
            found.setdefault(resource.api_version, []).append(entry)
        return [
            {"groupVersion": version, "resources": sorted(found[version], key=lambda entry: entry["name"])}
            for version in sorted(found)
        ]


def read_aggregated(document: dict[str, Any]) -> list[Resource]:
    """Resources of an ``APIGroupDiscoveryList``; versions that the server marks stale are kept."""
    found = []
    for item in document.get("items") or []:
        group = (item.get("metadata") or {}).get("name") or ""
        for version in item.get("versions") or []:
            for entry in version.get("resources") or []:
                kind = (entry.get("responseKind") or {}).get("kind")
                if kind:
                    found.append(
                        Resource(
                            group=group,
                            version=version["version"],
                            kind=kind,
                            plural=entry["resource"],
                            namespaced=entry.get("scope") == "Namespaced",
                            verbs=frozenset(entry.get("verbs") or []),
                        )
                    )
    return found


def read_plain(group_version: str, document: dict[str, Any]) -> list[Resource]:
    """Resources of an ``APIResourceList``; subresources are left out."""
    group, _slash, version = group_version.rpartition("/")
    return [
        Resource(
            group=group,
            version=version,
            kind=entry["kind"],
            plural=entry["name"],
            namespaced=bool(entry.get("namespaced")),
            verbs=frozenset(entry.get("verbs") or []),
        )
        for entry in document.get("resources") or []
        if "/" not in entry["name"]
    ]
