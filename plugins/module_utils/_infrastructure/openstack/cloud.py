# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way to talk to a cloud: openstacksdk's calls, with retries that never create twice.

openstacksdk's own retries are switched off: they repeat a POST whose answer was lost, and then there are two.
Here a create whose end is unknown is looked up before it is tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import CloudError, CredentialRefusedError, RefusedError, UnavailableError

if TYPE_CHECKING:
    from openstack.connection import Connection

Result = TypeVar("Result")
Found = dict[str, Any]
"""An object as the cloud describes it, under openstacksdk's names."""

TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
DELAYS = (0.3, 0.6, 1.2, 2.4, 4.8, 8.0, 8.0)
"""Seconds between tries; a Retry-After of the cloud is a floor, up to :data:`LONGEST`."""
LONGEST = 30.0
OVERDUE = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between looks for what a create makes that was not answered in time: the cloud may still be at it."""


class Kind(Enum):
    """Kinds of objects: the service, and its noun in openstacksdk's calls (``create_<noun>``, ``<noun>s``)."""

    NETWORK = ("network", "network")
    SUBNET = ("network", "subnet")
    ROUTER = ("network", "router")
    PORT = ("network", "port")
    FLOATING_IP = ("network", "ip")
    SECURITY_GROUP = ("network", "security_group")
    SECURITY_GROUP_RULE = ("network", "security_group_rule")
    SERVER = ("compute", "server")
    SERVER_GROUP = ("compute", "server_group")
    KEYPAIR = ("compute", "keypair")
    FLAVOR = ("compute", "flavor")
    ZONE = ("compute", "availability_zone")
    IMAGE = ("image", "image")
    LOAD_BALANCER = ("load_balancer", "load_balancer")
    POOL = ("load_balancer", "pool")
    NODE = ("baremetal", "node")
    NODE_PORT = ("baremetal", "port")

    @property
    def service(self) -> str:
        return self.value[0]

    @property
    def noun(self) -> str:
        return self.value[1]

    @property
    def word(self) -> str:
        """For people."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a cloud: an entry of clouds.yaml, or the credential itself."""

    cloud: str = ""
    settings: Mapping[str, Any] | None = None
    """Further arguments of ``openstack.connect``: auth, auth_type, region_name, interface, verify, cacert ..."""
    timeout: float = 60.0
    """Seconds for one request."""


class Cloud:
    """A cloud that answers; every call is retried while that can help and can do no harm."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    def listing(self, kind: Kind, **query: Any) -> list[Found]:
        """All objects of a kind that match the query, all pages of them."""
        call = getattr(self._proxy(kind), f"{kind.noun}s")
        return self.retried(f"list {kind.word}s", lambda: [_plain(each) for each in call(**query)])

    def get(self, kind: Kind, object_id: str) -> Found | None:
        """One object; None when it is not there."""
        call = getattr(self._proxy(kind), f"get_{kind.noun}")
        try:
            return self.retried(f"get {kind.word} {object_id}", lambda: _plain(call(object_id)))
        except RefusedError as refusal:
            if refusal.status == 404:
                return None
            raise

    def create(self, kind: Kind, find: Callable[[], Found | None], **attributes: Any) -> Found:
        """Create one object; `find` looks for it when nobody knows whether an earlier try made it."""
        call = getattr(self._proxy(kind), f"create_{kind.noun}")
        what = f"create {kind.word} {attributes.get('name') or ''}".rstrip()
        return self.make(what, lambda: _plain(call(**attributes)), find)

    def make(self, what: str, call: Callable[[], Result], find: Callable[[], Result | None]) -> Result:
        """Carry out what must not happen twice."""
        problem: CloudError | None = None
        for delay in (*DELAYS, None):
            try:
                return call()
            except Exception as raised:
                problem = translate(raised, self.name, what)
                lasting = not isinstance(problem, UnavailableError)
                if lasting and not (isinstance(problem, RefusedError) and problem.status == 409):
                    raise problem from raised
                if lasting:
                    # Somebody else has it: perhaps we ourselves, in a try whose answer was lost.
                    delay = None
                pauses = (_pause(delay or 0.0, raised), *(OVERDUE if _is_overdue(raised) else ()))
            there = _found(find, pauses)
            if there is not None:
                return there
            if delay is None:
                break
        if problem is None:
            raise AssertionError("tries ended without an answer and without a problem")
        raise problem

    def delete(self, kind: Kind, object_id: str, **options: Any) -> None:
        """Delete one object; one that is gone already is no error."""
        call = getattr(self._proxy(kind), f"delete_{kind.noun}")
        self.retried(f"delete {kind.word} {object_id}", lambda: call(object_id, ignore_missing=True, **options))

    def send(self, service: str, method: str, path: str, **options: Any) -> Any:
        """A request that openstacksdk has no call for and that can be repeated; its answer as JSON, or None."""

        def call() -> Any:
            from openstack.exceptions import raise_from_response

            response = getattr(self.connection, service).request(path, method, **options)
            raise_from_response(response)
            return response.json() if response.content else None

        return self.retried(f"{method} {path}", call)

    def has(self, service_type: str) -> bool:
        """Whether the cloud's catalogue offers a service."""
        return bool(self.retried("read the catalogue", lambda: self.connection.endpoint_for(service_type)))

    def retried(self, what: str, call: Callable[[], Result], delays: Sequence[float] = DELAYS) -> Result:
        """Carry out what may happen twice."""
        for delay in (*delays, None):
            try:
                return call()
            except Exception as raised:
                problem = translate(raised, self.name, what)
                if delay is None or not isinstance(problem, UnavailableError):
                    raise problem from raised
                time.sleep(_pause(delay, raised))
        raise AssertionError("the last try returns or raises")

    def _proxy(self, kind: Kind) -> Any:
        return getattr(self.connection, kind.service)


def connect(access: Access, services: Sequence[str] = ("network", "compute", "image")) -> Cloud:
    """Log in, and find out what the services speak before many threads ask at once."""
    import openstack

    name = access.cloud or "the cloud"
    settings: dict[str, Any] = {"connect_retries": 0, "status_code_retries": 0, "image_status_code_retries": 0}
    settings |= {"baremetal_status_code_retries": 0, "api_timeout": access.timeout}

    def attempt() -> Connection:
        connection = openstack.connect(
            cloud=access.cloud or None, app_name="navarch.fleet", **{**settings, **(access.settings or {})}
        )
        connection.authorize()
        for service in services:
            getattr(connection, service).get_endpoint_data()
        return connection

    try:
        # A discovery that failed half-way shows as any kind of error, so nearly all are tried again.
        return Cloud(_eventually(attempt, name), name)
    except openstack.exceptions.ConfigException as error:
        raise CloudError(f"{name}: {error}", next_step="Look into clouds.yaml and the environment (OS_*).") from error


def _eventually(attempt: Callable[[], Connection], name: str) -> Connection:
    from openstack.exceptions import ConfigException

    for delay in (*DELAYS[:5], None):
        try:
            return attempt()
        except ConfigException:
            raise
        except Exception as raised:
            problem = translate(raised, name, "log in")
            if delay is None or isinstance(problem, CredentialRefusedError):
                raise problem from raised
            time.sleep(delay)
    raise AssertionError("the last try returns or raises")


def translate(raised: Exception, cloud: str, what: str) -> CloudError:
    """An error of openstacksdk, keystoneauth or the network as one of ours."""
    from keystoneauth1 import exceptions as auth
    from openstack import exceptions as sdk

    if isinstance(raised, CloudError):
        return raised
    met = _origin(raised)
    status = _status(met)
    text = _text(met)
    if status == 401 or isinstance(met, auth.AuthorizationFailure):
        return CredentialRefusedError(
            f"cloud {cloud}: Keystone refuses the credential ({text}).",
            next_step="It is wrong, expired or revoked: renew it in clouds.yaml or in what was given instead.",
        )
    temporary = (auth.ConnectionError, auth.DiscoveryFailure, sdk.ResourceTimeout, OSError)
    if status in TEMPORARY or (status is None and isinstance(met, temporary)):
        return UnavailableError(
            f"cloud {cloud}: can't {what}: {text}.", next_step="Run again; what was made is found and completed."
        )
    if status is not None:
        return RefusedError(f"cloud {cloud}: can't {what}: {text}.", status=status)
    return CloudError(f"cloud {cloud}: can't {what}: {type(met).__name__}: {text}.")


def _origin(raised: Exception) -> BaseException:
    """What openstacksdk met: it wraps some answers of Keystone, a refused login too, in an error that has no status."""
    cause = raised.__cause__ or raised.__context__
    return cause if _status(raised) is None and cause is not None and _status(cause) is not None else raised


def _status(raised: BaseException) -> int | None:
    for attribute in ("status_code", "http_status"):
        value = getattr(raised, attribute, None)
        if isinstance(value, int):
            return value
    return None


def _text(raised: BaseException) -> str:
    details = getattr(raised, "details", None) or str(raised)
    return " ".join(str(details).split())[:400].rstrip(".")


def _found(find: Callable[[], Result | None], pauses: Iterable[float]) -> Result | None:
    for pause in pauses:
        time.sleep(pause)
        there = find()
        if there is not None:
            return there
    return None


def _is_overdue(raised: Exception) -> bool:
    from keystoneauth1.exceptions import ConnectTimeout

    return isinstance(raised, ConnectTimeout) or _status(raised) == 504


def _pause(delay: float, raised: Exception) -> float:
    response = getattr(raised, "response", None)
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    floor = float(asked) if str(asked).isdigit() else 0.0
    return min(max(delay, floor), LONGEST)


def _plain(resource: Any) -> Found:
    return dict(resource.to_dict(computed=False))
