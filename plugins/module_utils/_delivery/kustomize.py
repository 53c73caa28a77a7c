# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kustomizations, built by kubectl."""

from __future__ import annotations

from pathlib import Path

from .._kube.errors import InputError
from .programs import find_program, run_program

_DEADLINE = 120.0
"""Seconds for one build: a base may be fetched from afar."""


def build_kustomization(folder: Path, kubectl: str | None) -> tuple[str, str]:
    """The YAML that `kubectl kustomize` makes of a folder, and the name for it in errors."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a directory", next_step="Name the folder that holds the kustomization.yaml")
    program = find_program("kubectl", kubectl, "kubernetes", "a kustomization")
    name = f"kustomization {folder}"
    text = run_program(
        [program, "kustomize", str(folder)],
        name,
        deadline=_DEADLINE,
        advice="Correct the kustomization, and check its remote bases",
    )
    return text, name
