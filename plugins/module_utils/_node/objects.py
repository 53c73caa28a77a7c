# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that belong to a cluster itself: manifests that are applied, and patches to what kubeadm made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .commands import Completed, attempt
from .errors import NodeError
from .kubeadm import ADMIN
from .kubectl import KUBECTL, get, kubectl, try_kubectl
from .steps import Step

MANIFESTS, PATCHES = "manifests", "patches"
_MANAGER = ("--server-side", "--field-manager", "navarch-provision")
_UNSTABLE = ("managedFields", "generation", "resourceVersion")


@dataclass(frozen=True)
class Patch:
    """A strategic merge patch to one object."""

    kind: str
    name: str
    namespace: str
    patch: Mapping[str, Any]

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Patch:
        return cls(given["kind"], given["name"], given.get("namespace") or "", given["patch"])

    @property
    def title(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


def plan(manifests: Mapping[str, str], patches: Sequence[Patch]) -> list[Step]:
    """What the API server says would change. `manifests` are texts by a name of their own."""
    if not os.path.exists(ADMIN):
        why = "the cluster is not there yet"
        steps = [Step(MANIFESTS, "apply", name, why, after=text) for name, text in manifests.items()]
        return steps + [Step(PATCHES, "patch", patch.title, why, after=_text(patch.patch)) for patch in patches]
    steps = [step for name, text in manifests.items() if (step := _of_manifest(name, text)) is not None]
    return steps + [step for patch in patches if (step := _of_patch(patch)) is not None]


def act(step: Step, manifests: Mapping[str, str], patches: Sequence[Patch]) -> None:
    """Carry out one step."""
    if step.topic == MANIFESTS:
        kubectl(["apply", *_MANAGER, "--force-conflicts", "--filename", "-"], text=manifests[step.subject])
        return
    patch = next(each for each in patches if each.title == step.subject)
    kubectl(_words(patch))


def _of_manifest(name: str, text: str) -> Step | None:
    # Its exit code 1 means a difference, which is no reason to ask again.
    said = attempt([*KUBECTL, "diff", *_MANAGER, "--force-conflicts", "--filename", "-"], text=text)
    if said.code == 0:
        return None
    # One that needs a kind which an earlier part of it brings can't be compared before it is there.
    after = said.output if said.code == 1 else text
    return Step(MANIFESTS, "apply", name, "it differs from what is there", after=after)


def _of_patch(patch: Patch) -> Step | None:
    before = get(patch.kind, patch.name, patch.namespace)
    if before is None:
        raise NodeError(f"There is no {patch.title} to patch.", "See cluster_patches.")
    said = try_kubectl([*_words(patch), "--dry-run=server", "--output", "json"])
    after = _stable(json.loads(_checked(said, patch)))
    if after == _stable(before):
        return None
    return Step(PATCHES, "patch", patch.title, before=_text(_stable(before)), after=_text(after))


def _checked(said: Completed, patch: Patch) -> str:
    if said.code != 0:
        raise NodeError(f"The patch to {patch.title} is refused: {said.errors.strip()}", "See cluster_patches.")
    return said.output


def _words(patch: Patch) -> list[str]:
    place = ["--namespace", patch.namespace] if patch.namespace else []
    return ["patch", patch.kind, patch.name, *place, "--type", "strategic", "--patch", json.dumps(patch.patch)]


def _stable(given: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in given["metadata"].items() if key not in _UNSTABLE}
    return {key: value for key, value in given.items() if key != "status"} | {"metadata": metadata}


def _text(given: Mapping[str, Any]) -> str:
    return json.dumps(given, indent=2, sort_keys=True) + "\n"
