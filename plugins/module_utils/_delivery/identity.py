# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells one Kubernetes object from another: group, kind, namespace and name, never the version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Manifest = dict[str, Any]
"""An object as the API knows it. Manifests are shared between clusters: nobody changes one in place."""


# A tuple and not a dataclass: every object of every member is looked up by it, and a tuple is compared in C.
class Identity(NamedTuple):
    """One object in one cluster. `namespace` is empty for cluster-scoped objects."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.group}/{self.kind}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"

    @property
    def label(self) -> str:
        """The form for people, without the group: ``Deployment shop/frontend``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @classmethod
    def parse(cls, text: str) -> Identity:
        """The identity whose `str()` is the text."""
        qualified_kind, _space, place = text.partition(" ")
        group, _slash, kind = qualified_kind.rpartition("/")
        namespace, _slash, name = place.rpartition("/")
        return cls(group, kind, namespace, name)

    def to_dict(self) -> dict[str, str]:
        """The form in records and results."""
        return {"group": self.group, "kind": self.kind, "namespace": self.namespace, "name": self.name}

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> Identity:
        """The reverse of :meth:`to_dict`."""
        return cls(data.get("group", ""), data["kind"], data.get("namespace", ""), data["name"])


def identify(manifest: Manifest) -> Identity:
    """The identity of a manifest that has passed the checks of `sources`."""
    metadata = manifest["metadata"]
    return Identity(
        group_of(manifest["apiVersion"]), manifest["kind"], metadata.get("namespace") or "", metadata["name"]
    )


def group_of(api_version: str) -> str:
    """``apps`` of ``apps/v1``, empty for the core group."""
    return api_version.rpartition("/")[0]
