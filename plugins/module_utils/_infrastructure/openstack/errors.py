# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between us and an OpenStack cloud, as types of our own.

Each names the cloud, the object and the next step. Temporary and permanent are types, so that nobody reads texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InfrastructureError


class CloudError(InfrastructureError):
    """Something about a cloud or an object in it."""


class CredentialRefusedError(CloudError):
    """Keystone takes the credential no more, or never did."""


class UnavailableError(CloudError):
    """The cloud gave no usable answer, however often it was asked: it may the next time."""


class RefusedError(CloudError):
    """The cloud understood the request and said no: asking again does not help."""

    def __init__(self, message: str, *, status: int, cluster: str | None = None, next_step: str | None = None) -> None:
        super().__init__(message, cluster=cluster, next_step=next_step)
        self.status = status
        """HTTP status of the answer."""


class LockTakenError(CloudError):
    """Another play works on the same cluster, or has taken over from us."""


class BuildError(CloudError):
    """A server could not be built, however often it was replaced."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a plan can't be carried out, known before anything is made."""

    subject: str
    message: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}. {self.next_step}."


class NotPossibleError(CloudError):
    """The cloud can't give what is wanted; all reasons at once, and nothing was made."""

    def __init__(self, cluster: str, findings: Sequence[Finding]) -> None:
        listed = "\n".join(f"- {finding}" for finding in findings)
        super().__init__(f"nothing was made, because\n{listed}", cluster=cluster)
        self.findings = tuple(findings)
