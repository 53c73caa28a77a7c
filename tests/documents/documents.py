# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents that are made by the code itself."""

from __future__ import annotations

from pathlib import Path

from .application_schema import application_schema
from .security import security_measures
from .worked import worked_examples


def documents(collection: Path) -> dict[str, str]:
    """Their texts, by their place in the collection."""
    return {
        "docs/schema/application.json": application_schema(collection),
        "docs/guides/placement-examples.md": worked_examples(),
        "docs/guides/security-measures.md": security_measures(),
    }
