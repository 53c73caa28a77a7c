# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cluster, spoken to: objects in, objects out, as plain dictionaries.

There is no default cluster: a session belongs to exactly one, and each error names it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .credential import Credential
from .discovery import AGGREGATED, Discovery, Resource, read_aggregated, read_plain
from .errors import InvalidError, NotFoundError
from .transport import Answer, Request, Retries, Transport

Objects = list[dict[str, Any]]
"""Objects as the server gave them."""

FIELD_MANAGER = "navarch"
"""Our name in ``managedFields``."""

PAGE = 500
"""Objects per page of a list, as kubectl asks for."""


class FieldConflicts(Enum):
    """What an apply does about fields that another manager owns."""

    ABORT = "abort"
    OVERWRITE = "overwrite"


class PatchType(Enum):
    """How a patch is written."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"


class Propagation(Enum):
    """What becomes of an object's dependants when it is deleted."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class Applied:
    """The object as the server has it after an apply, and whether it is new."""

    object: dict[str, Any]
    created: bool


class Session:
    """Thread-safe. Keep one per cluster for as long as a module runs; its connections are reused.

    :param cluster: the cluster's name, for errors.
    :param timeout: seconds for one try of one request.
    """

    def __init__(
        self,
        cluster: str,
        credential: Credential,
        *,
        field_manager: str = FIELD_MANAGER,
        timeout: float = 10.0,
        retries: Retries | None = None,
    ) -> None:
        self.cluster = cluster
        self._field_manager = field_manager
        self._transport = Transport(cluster, credential, timeout=timeout, retries=retries or Retries())
        self._write_query: tuple[tuple[str, str], ...] = ()
        self._discovery = _DiscoveryCache(self)

    def dry_run(self) -> Session:
        """The same session, whose writes the server checks and answers but does not keep."""
        twin = object.__new__(Session)
        twin.cluster = self.cluster
        twin._field_manager = self._field_manager
        twin._transport = self._transport
        twin._write_query = (("dryRun", "All"),)
        twin._discovery = self._discovery
        return twin

    def acting_as(self, field_manager: str) -> Session:
        """The same session, whose writes are another field manager's."""
        twin = object.__new__(Session)
        twin.cluster = self.cluster
        twin._field_manager = field_manager
        twin._transport = self._transport
        twin._write_query = self._write_query
        twin._discovery = self._discovery
        return twin

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str | None = None,
        accept: str = "application/json",
        timeout: float | None = None,
        subject: str = "",
    ) -> dict[str, Any]:
        """One call, for what the methods below don't cover; ``body`` is sent as JSON.

        :param subject: the object, for errors.
        """
        answer = self._send(
            method, path, query=query, body=body, content_type=content_type, accept=accept, timeout=timeout,
            subject=subject,
        )  # fmt: skip
        return answer.json() if answer.data else {}

    def text(self, path: str, *, timeout: float | None = None) -> str:
        """The body of a GET as text, for ``/readyz`` and logs."""
        answer = self._send("GET", path, accept="*/*", timeout=timeout)
        return answer.data.decode("utf-8", "replace")

    def discovery(self) -> Discovery:
        """What the server serves; fetched once, and again by :meth:`resource` when a kind is missing."""
        return self._discovery.get()

    def resource(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind; a miss forces one fresh look, since a CRD may just have come.

        :raises NotFoundError: the server doesn't serve it.
        """
        found = self._discovery.get().get(api_version, kind) or self.refresh_discovery().get(api_version, kind)
        if found is None:
            raise NotFoundError(
                f"the server doesn't serve {api_version} {kind}",
                code=404,
                cluster=self.cluster,
                object=kind,
                next_step="Install its CustomResourceDefinition there, or correct apiVersion and kind",
            )
        return found

    def refresh_discovery(self) -> Discovery:
        """Look again, and return what is served now."""
        return self._discovery.refresh()

    def get(self, resource: Resource, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """The object, or ``None`` when there is none."""
        try:
            return self.request("GET", resource.path(namespace, name), subject=describe(resource.kind, namespace, name))
        except NotFoundError:
            return None

    def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> Objects:
        """All objects of a kind, of one namespace or of all, read in pages."""
        return [item for page in self.pages(
            resource, namespace, label_selector=label_selector, field_selector=field_selector
        ) for item in page]  # fmt: skip

    def pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> Iterator[Objects]:
        """The same, page by page, for lists that need not fit in memory."""
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        query = {"limit": str(PAGE), **{key: value for key, value in selectors.items() if value}}
        subject = describe(resource.kind, namespace, None)
        while True:
            document = self.request("GET", resource.path(namespace), query=query, subject=subject)
            items = document.get("items") or []
            for item in items:
                # A list leaves out what all its items share.
                item.setdefault("apiVersion", resource.api_version)
                item.setdefault("kind", resource.kind)
            yield items
            token = (document.get("metadata") or {}).get("continue")
            if not token:
                return
            query["continue"] = token

    def create(self, resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create; an object that exists already is a ConflictError."""
        namespace, name = _place(body)
        return self._write("POST", resource.path(namespace), body, describe(resource.kind, namespace, name))

    def replace(self, resource: Resource, body: Mapping[str, Any], *, subresource: str | None = None) -> dict[str, Any]:
        """Replace the whole object (or its ``status``); with a resourceVersion inside it only if still current."""
        namespace, name = _place(body)
        path = resource.path(namespace, name, subresource)
        return self._write("PUT", path, body, describe(resource.kind, namespace, name))

    def patch(
        self,
        resource: Resource,
        name: str,
        body: Mapping[str, Any] | Iterable[Mapping[str, Any]],
        namespace: str | None = None,
        *,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str | None = None,
    ) -> dict[str, Any]:
        """Patch an object, or one of its subresources."""
        answer = self._send(
            "PATCH",
            resource.path(namespace, name, subresource),
            query=self._write_parameters(),
            body=body,
            content_type=patch_type.value,
            subject=describe(resource.kind, namespace, name),
        )
        return answer.json()

    def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        conflicts: FieldConflicts = FieldConflicts.ABORT,
        subresource: str | None = None,
    ) -> Applied:
        """Server-side apply; with ``metadata.resourceVersion`` or ``uid`` inside only if still current."""
        namespace, name = _place(body)
        query = dict(self._write_parameters())
        if conflicts is FieldConflicts.OVERWRITE:
            query["force"] = "true"
        answer = self._send(
            "PATCH",
            resource.path(namespace, name, subresource),
            query=query,
            body=body,
            content_type="application/apply-patch+yaml",
            subject=describe(resource.kind, namespace, name),
        )
        return Applied(answer.json(), answer.code == 201)

    def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation = Propagation.BACKGROUND,
    ) -> dict[str, Any] | None:
        """Delete; ``None`` when there was nothing. ``uid`` and ``resource_version`` make it conditional."""
        wanted = {"uid": uid, "resourceVersion": resource_version}
        preconditions = {key: value for key, value in wanted.items() if value}
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation.value,
        }
        if preconditions:
            body["preconditions"] = preconditions
        try:
            return self.request(
                "DELETE",
                resource.path(namespace, name),
                query=dict(self._write_query),
                body=body,
                content_type="application/json",
                subject=describe(resource.kind, namespace, name),
            )
        except NotFoundError:
            return None

    def _write(self, method: str, path: str, body: Mapping[str, Any], subject: str) -> dict[str, Any]:
        query = self._write_parameters()
        answer = self._send(method, path, query=query, body=body, content_type="application/json", subject=subject)
        return answer.json()

    def _write_parameters(self) -> Mapping[str, str]:
        return {"fieldManager": self._field_manager, **dict(self._write_query)}

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str | None = None,
        accept: str = "application/json",
        timeout: float | None = None,
        subject: str = "",
    ) -> Answer:
        data = None if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
        request = Request(
            method=method,
            path=path,
            query=tuple((query or {}).items()),
            body=data,
            content_type=content_type or ("application/json" if data is not None else None),
            accept=accept,
            subject=subject,
        )
        return self._transport.send(request, timeout=timeout)


def describe(kind: str, namespace: str | None, name: str | None) -> str:
    """``Kind namespace/name``, the one way objects are named in errors and results."""
    where = "/".join(part for part in (namespace, name) if part)
    return f"{kind} {where}".rstrip()


def _place(body: Mapping[str, Any]) -> tuple[str | None, str]:
    metadata = body.get("metadata") or {}
    if not metadata.get("name"):
        raise InvalidError("the object has no metadata.name", code=422, object=str(body.get("kind") or ""))
    return metadata.get("namespace"), str(metadata["name"])


class _DiscoveryCache:
    """Shared by a session and its dry-run twin."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._known: Discovery | None = None

    def get(self) -> Discovery:
        with self._lock:
            if self._known is None:
                self._known = self._fetch()
            return self._known

    def refresh(self) -> Discovery:
        with self._lock:
            self._known = self._fetch()
            return self._known

    def _fetch(self) -> Discovery:
        return Discovery([*self._read("/api"), *self._read("/apis")])

    def _read(self, root: str) -> Iterable[Resource]:
        document = self._session.request("GET", root, accept=AGGREGATED)
        if document.get("kind") == "APIGroupDiscoveryList":
            return read_aggregated(document)
        return [resource for path, group_version in _versions(root, document)
                for resource in read_plain(group_version, self._session.request("GET", path))]  # fmt: skip


def _versions(root: str, document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Paths and names of all group versions in a plain discovery document, preferred versions first."""
    if root == "/api":
        return [(f"/api/{version}", version) for version in document.get("versions") or []]
    found = []
    for group in document.get("groups") or []:
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        names = [version["groupVersion"] for version in group.get("versions") or []]
        for name in sorted(names, key=lambda name: name != preferred):
            found.append((f"/apis/{name}", name))
    return found
