# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong between us and a cluster, as one small tree.

Each error names the cluster, the object, what happened and what the operator does next. `temporary`
tells whether the same call may succeed later without anybody changing anything.
"""

from __future__ import annotations


class FleetError(Exception):
    """The root: catch this to catch all errors of the collection.

    :param message: what happened, one sentence, without the cluster and the object.
    :param cluster: the member (or ``hub``) it happened in.
    :param object: the object it happened to, as ``Kind namespace/name``.
    :param next_step: what the operator does about it, as an imperative sentence.
    """

    temporary = False

    def __init__(
        self,
        message: str,
        *,
        cluster: str | None = None,
        object: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cluster = cluster
        self.object = object
        self.next_step = next_step

    @property
    def kind(self) -> str:
        """The class name without ``Error``, as the modules return it: ``Forbidden``, ``Unreachable``, ..."""
        return type(self).__name__.removesuffix("Error")

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.cluster and f"cluster {self.cluster}", self.object) if part)
        text = f"{where}: {self.message}" if where else self.message
        text = text.rstrip(".")
        return f"{text}. {self.next_step}" if self.next_step else text

    def to_dict(self) -> dict[str, str | None]:
        """``{kind, message, cluster, object, next_step}``, as the modules return it."""
        return {
            "kind": self.kind,
            "message": self.message,
            "cluster": self.cluster,
            "object": self.object,
            "next_step": self.next_step,
        }


class InputError(FleetError):
    """What the user gave can't be right, whatever the clusters say."""


class CredentialError(FleetError):
    """A kubeconfig that is incomplete, contradictory, or holds what is refused."""


class LibraryError(FleetError):
    """A Python library that the call needs is not installed."""


class UnreachableError(FleetError):
    """No answer: refused, reset, no route, wrong name, a certificate that doesn't match, or too slow."""

    temporary = True


class DeadlineError(UnreachableError):
    """The work for one cluster took longer than it was given."""


class LeaseLostError(FleetError):
    """The lock we wrote under is gone: another play may hold it, so we stop writing."""


class LeaseHeldError(FleetError):
    """Another play holds the lock."""

    temporary = True


class ApiError(FleetError):
    """The API server answered with an error.

    :param code: HTTP status code.
    :param status: the parsed ``Status`` object, or an empty dict when the body was none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        status: dict | None = None,
        cluster: str | None = None,
        object: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, cluster=cluster, object=object, next_step=next_step)
        self.code = code
        self.status = status or {}

    @property
    def reason(self) -> str:
        """``Status.reason`` of the answer: ``NotFound``, ``AlreadyExists``, ``Conflict``, ..."""
        return str(self.status.get("reason") or "")

    @property
    def causes(self) -> list[dict]:
        """``Status.details.causes``: ``[{reason, message, field}]``."""
        return list((self.status.get("details") or {}).get("causes") or [])


class BusyError(ApiError):
    """429 or 5xx: the server can't answer now."""

    temporary = True


class NotFoundError(ApiError):
    """404."""


class UnauthorizedError(ApiError):
    """401: the token or certificate isn't accepted."""


class ForbiddenError(ApiError):
    """403: the credential may not do this."""


class ConflictError(ApiError):
    """409: a stale resourceVersion, an object that exists already, or a field another manager owns."""


class InvalidError(ApiError):
    """400, 413, 415, 422, and 500 for what is not of its schema: the server refuses the object itself."""


_BY_CODE: dict[int, type[ApiError]] = {
    400: InvalidError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: BusyError,
}

_NOT_OF_ITS_SCHEMA = "failed to create typed patch object"
"""What a server-side apply says, with code 500, of a field that is misspelt, doubled, or of a wrong type."""

_NEXT_STEPS: dict[int, str] = {
    401: "Its credential is expired or revoked: join the cluster again, or give the hub a fresh credential",
    403: "Grant the verb that is named, or join with a wider profile",
}


def api_error(code: int, status: dict, *, cluster: str, object: str) -> ApiError:
    """Build the error that fits an HTTP status code and the ``Status`` body that came with it."""
    message = str(status.get("message") or f"the API server answered {code}")
    default = BusyError if code >= 500 else ApiError
    if message.startswith(_NOT_OF_ITS_SCHEMA):
        default = InvalidError
    return _BY_CODE.get(code, default)(
        f"{code} {status.get('reason') or ''}: {message}".replace(" :", ":"),
        code=code,
        status=status,
        cluster=cluster,
        object=object,
        next_step=_NEXT_STEPS.get(code),
    )
