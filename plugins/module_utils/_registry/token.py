# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token of our account in a member: asked for, kept in the hub, renewed in good time."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .._kube.credential import Credential
from .._kube.errors import ConflictError
from .._kube.session import Session
from .hub import Hub
from .member import Condition, format_time, parse_time
from .members import read_secret
from .names import (
    ACCOUNT,
    ACCOUNTS,
    CREDENTIAL_EXPIRING,
    CREDENTIAL_LABEL,
    EXPIRES_ANNOTATION,
    ISSUED_ANNOTATION,
    MANAGED_BY_LABEL,
    MANAGER,
    SECRETS,
    SYSTEM_NAMESPACE,
    secret_name,
)

if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how long it lives."""

    text: str
    issued: datetime
    expires: datetime

    def __repr__(self) -> str:
        return f"Token(expires={format_time(self.expires)})"


def request_token(session: Session, seconds: int) -> Token:
    """Ask a member for a token of our account; the server may give it a shorter life, so what it says counts."""
    begin = datetime.now(UTC)
    answer = session.request(
        "POST",
        ACCOUNTS.path(SYSTEM_NAMESPACE, ACCOUNT, "token"),
        body={
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        },
        subject=f"ServiceAccount {SYSTEM_NAMESPACE}/{ACCOUNT}",
    )
    status = answer.get("status") or {}
    return Token(str(status.get("token") or ""), begin, parse_time(status.get("expirationTimestamp")))


def credential_secret(hub: Hub, name: str, credential: Credential, token: Token) -> dict[str, Any]:
    """The hub's Secret for a member: where it is, whom to trust, and our token; never the user's own credential."""
    ours = replace(
        credential,
        token=token.text, client_certificate_data=None, client_key_data=None, username=None, password=None,
    )  # fmt: skip
    kubeconfig = json.dumps(ours.kubeconfig(name), sort_keys=True)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "navarch.dev/credential.v1",
        "metadata": {
            "name": secret_name(name),
            "namespace": hub.namespace,
            "labels": {CREDENTIAL_LABEL: name, MANAGED_BY_LABEL: MANAGER},
            "annotations": {
                EXPIRES_ANNOTATION: format_time(token.expires),
                ISSUED_ANNOTATION: format_time(token.issued),
            },
        },
        "data": {"kubeconfig": base64.b64encode(kubeconfig.encode()).decode("ascii")},
    }


def lifetime(secret: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When the token in a Secret was issued and when it expires."""
    annotations = secret["metadata"].get("annotations") or {}
    return parse_time(annotations.get(ISSUED_ANNOTATION)), parse_time(annotations.get(EXPIRES_ANNOTATION))


def past_half(secret: Mapping[str, Any], now: datetime) -> bool:
    """Whether it is time to renew."""
    issued, expires = lifetime(secret)
    return now >= issued + (expires - issued) / 2


def whole_life(secret: Mapping[str, Any]) -> int:
    """Seconds that the token was given; what its successor asks for."""
    issued, expires = lifetime(secret)
    return max(600, int((expires - issued) / timedelta(seconds=1)))


def renew(hub: Hub, name: str) -> dict[str, Any]:
    """Get a fresh token with the present one, and keep it; the hub's Secret as it is afterwards.

    Somebody else's renewal at the same moment is as good as ours.
    """
    secret = hub.session.get(SECRETS, secret_name(name), hub.namespace)
    credential = read_secret(secret, name)
    if secret is None or not past_half(secret, datetime.now(UTC)):
        return secret or {}
    token = request_token(Session(name, credential), whole_life(secret))
    wanted = credential_secret(hub, name, credential, token)
    wanted["metadata"]["resourceVersion"] = secret["metadata"]["resourceVersion"]
    try:
        return hub.session.replace(SECRETS, wanted)
    except ConflictError:
        return hub.session.get(SECRETS, secret_name(name), hub.namespace) or {}


def expiry_condition(secret: Mapping[str, Any], now: datetime) -> Condition:
    """CredentialExpiring: True when three quarters of its life are over, so that somebody should have renewed it."""
    issued, expires = lifetime(secret)
    when = format_time(expires)
    if now >= expires:
        return Condition(CREDENTIAL_EXPIRING, "True", "Expired", f"the token expired at {when}; join it again")
    if now >= issued + (expires - issued) * 0.75:
        message = f"the token expires at {when}; probe it, or join it again"
        return Condition(CREDENTIAL_EXPIRING, "True", "NotRenewed", message)
    return Condition(CREDENTIAL_EXPIRING, "False", "Valid", f"the token is valid until {when}")
