# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to one API server: TLS from the credential, a pool of kept connections, retries.

The transport is urllib3 itself, which is what the Kubernetes client stands on: importing that client costs 0.3 s more
in every task, and its typed models drop fields that they do not know.
"""

from __future__ import annotations

import json
import os
import random
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from . import library
from .credential import Credential
from .errors import BusyError, CredentialError, FleetError, UnreachableError, api_error

if TYPE_CHECKING:
    from typing import Any

    import urllib3

POOL_SIZE = 32
"""Connections kept per server: as many as one call's threads use."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a temporary failure is tried again."""

    attempts: int = 5
    """Tries in all for 429 and 5xx."""
    silences: int = 2
    """Tries in all that end without an answer, before that is believed."""
    pause: float = 0.2
    """Seconds before the second try; doubled each time, with jitter, and never below the server's ``Retry-After``."""
    longest_pause: float = 10.0
    """Seconds: a server that asks for more than this is reported as busy."""


ONE_TRY = Retries(attempts=1, silences=1)
"""For probes: the first answer, or the first silence, counts."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a value, before it is sent."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None
    accept: str = "application/json"
    subject: str = ""
    """The object, for errors: ``Deployment shop/frontend``."""

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does the same as sending it once."""
        return self.method != "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: status 2xx and the bytes."""

    code: int
    data: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object."""
        return json.loads(self.data)


class Transport:
    """Thread-safe; one per cluster; shared by all sessions of that cluster."""

    def __init__(self, cluster: str, credential: Credential, *, timeout: float, retries: Retries) -> None:
        library.require("urllib3")
        self._cluster = cluster
        self._timeout = timeout
        self._retries = retries
        parts = urlsplit(credential.server)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise CredentialError(f"{credential.server} is not the URL of an API server", cluster=cluster)
        self._server = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.rstrip("/")
        self._headers = _authorization(credential)
        self._pool = _pool(credential, parts.scheme, parts.hostname, cluster)

    def send(self, request: Request, *, timeout: float | None = None) -> Answer:
        """Send, and try again what may succeed later.

        :param timeout: seconds for one try; the default is the transport's.
        :raises UnreachableError: no answer.
        :raises ApiError: an answer other than 2xx.
        """
        pause = self._retries.pause
        tries = 0
        while True:
            tries += 1
            try:
                return self._once(request, timeout or self._timeout)
            except UnreachableError:
                if tries >= self._retries.silences or not request.repeatable:
                    raise
                wait = pause
            except _Busy as busy:
                if tries >= self._retries.attempts or busy.retry_after > self._retries.longest_pause:
                    raise busy.error from None
                wait = max(busy.retry_after, pause)
            # Jitter keeps the threads of one call from coming back all at once.
            time.sleep(wait * (1 + random.random() / 2))
            pause = min(pause * 2, self._retries.longest_pause)

    def _once(self, request: Request, timeout: float) -> Answer:
        exceptions = library.urllib3.exceptions
        headers = {**self._headers, "Accept": request.accept, "User-Agent": "navarch.fleet"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        query = f"?{urlencode(request.query)}" if request.query else ""
        try:
            answer = self._pool.request(
                request.method,
                f"{self._server}{self._prefix}{request.path}{query}",
                body=request.body,
                headers=headers,
                timeout=library.urllib3.Timeout(connect=timeout, read=timeout),
                retries=False,
                redirect=False,
            )
        except (exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        data = answer.data
        if 200 <= answer.status < 300:
            return Answer(answer.status, data)
        failure = api_error(answer.status, _status(data), cluster=self._cluster, object=request.subject or request.path)
        if isinstance(failure, BusyError) and (request.repeatable or answer.status in (429, 503)):
            raise _Busy(failure, _retry_after(answer.headers))
        raise failure

    def _unreachable(self, error: Exception) -> UnreachableError:
        cause = _cause(error)
        step = "Check that the server runs and that this machine can reach it"
        if isinstance(cause, ssl.SSLError):
            step = "Check the certificate authority and the server's name in the credential"
        return UnreachableError(
            f"no answer from {self._server}: {_words(cause)}", cluster=self._cluster, next_step=step
        )


class _Busy(Exception):
    def __init__(self, error: FleetError, retry_after: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


def _pool(credential: Credential, scheme: str, host: str, cluster: str) -> urllib3.PoolManager:
    settings: dict[str, Any] = {"maxsize": POOL_SIZE, "num_pools": 1}
    if scheme == "https":
        settings["ssl_context"] = _context(credential, cluster)
        if credential.tls_server_name:
            settings.update(server_hostname=credential.tls_server_name, assert_hostname=credential.tls_server_name)
        if credential.verification == "none":
            settings.update(cert_reqs="CERT_NONE", assert_hostname=False)
    proxy = credential.proxy_url or (None if proxy_bypass(host) else getproxies().get(scheme))
    if proxy:
        return library.urllib3.ProxyManager(proxy, **settings)
    return library.urllib3.PoolManager(**settings)


def _context(credential: Credential, cluster: str) -> ssl.SSLContext:
    try:
        authority = credential.ca_data.decode("ascii") if credential.ca_data else None
        context = ssl.create_default_context(cadata=authority)
        # Kubernetes' own authorities lack extensions that Python 3.13 asks for by default.
        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        if credential.verification == "none":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if credential.client_certificate_data and credential.client_key_data:
            _load_pair(context, credential.client_certificate_data, credential.client_key_data)
    except (ssl.SSLError, ValueError) as error:
        raise CredentialError(
            f"its certificates or key can't be used: {type(error).__name__}", cluster=cluster
        ) from None
    return context


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Python loads a key only from a file; an anonymous one in memory keeps it off the disk."""
    content = certificate + b"\n" + key
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("navarch")
        try:
            os.write(descriptor, content)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as handle:
        handle.write(content)
        handle.flush()
        context.load_cert_chain(handle.name)


def _authorization(credential: Credential) -> Mapping[str, str]:
    if credential.token:
        return {"Authorization": f"Bearer {credential.token}"}
    if credential.username:
        basic = f"{credential.username}:{credential.password or ''}"
        return dict(library.urllib3.make_headers(basic_auth=basic))
    return {}


def _status(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError:
        return {"message": data[:200].decode("utf-8", "replace").strip()} if data else {}
    return document if isinstance(document, dict) else {}


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", 0))
    except ValueError:
        return 0.0


def _cause(error: BaseException) -> BaseException:
    """The innermost reason: urllib3 wraps the socket's error several times."""
    seen = error
    while True:
        inner = getattr(seen, "reason", None)
        inner = inner if isinstance(inner, BaseException) else seen.__cause__ or seen.__context__
        if inner is None or inner is seen:
            return seen
        seen = inner


def _words(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ConnectionResetError):
        return "connection reset"
    if isinstance(cause, TimeoutError):
        return "timed out"
    return str(getattr(cause, "strerror", None) or cause)[:200]
