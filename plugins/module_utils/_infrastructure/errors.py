# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with machines and the files they run, as types of our own."""

from __future__ import annotations


class InfrastructureError(Exception):
    """Something about a machine, a process or a file; says what to do next where we know it."""

    def __init__(self, message: str, *, cluster: str | None = None, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cluster = cluster
        self.next_step = next_step

    def __str__(self) -> str:
        subject = f"{self.cluster}: " if self.cluster else ""
        advice = f" {self.next_step}" if self.next_step else ""
        return f"{subject}{self.message}{advice}"


class PortTakenError(InfrastructureError):
    """A process could not listen because somebody else does; other ports would help."""
