# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with the registry itself, beside what the API server says."""

from __future__ import annotations

from .._kube.errors import FleetError


class RegistryMissingError(FleetError):
    """The API server is no hub: no registry is installed there."""


class SchemaError(FleetError):
    """The hub was written by a newer collection than this one."""


class IdentityError(FleetError):
    """The cluster is known already: under another name, or to another hub."""


class InUseError(FleetError):
    """Applications have copies there, or members are still joined."""
