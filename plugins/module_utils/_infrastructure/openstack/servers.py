# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers: made, watched together, replaced when they can't be built, and removed."""

from __future__ import annotations

import time
from typing import Any

from .cloud import Cloud, Found, Kind
from .errors import BuildError, UnavailableError
from .execute import Fault, Site
from .observe import GONE
from .ownership import key_of, tag
from .plan_machines import BROKEN
from .steps import Step
from .watch import LOOK


def create_server(site: Site, step: Step, attributes: dict[str, Any]) -> None:
    """Make a server and wait until it runs; one that fails is replaced, up to a limit."""
    faults: list[str] = []
    port = str(attributes["networks"][0]["port"])
    while len(faults) <= site.limits.replacements:
        site.guard()
        made = _make(site, step, attributes, port, again=bool(faults))
        settled = _settled(site, step, made["id"])
        if settled["status"] == "ACTIVE":
            site.ids[step.key] = settled["id"]
            return
        message = _fault(site.cloud, settled)
        faults.append(message)
        site.faults.append(Fault(step.name, settled["id"], message))
        _remove(site, settled["id"], step.name)
    _leave_nothing(site, port)
    raise BuildError(
        f"server {step.name} could not be built, {len(faults)} tries: {'; '.join(dict.fromkeys(faults))}.",
        cluster=site.cluster,
        next_step="Nova's words say whether hosts, zones or a server group are in the way.",
    )


def _make(site: Site, step: Step, attributes: dict[str, Any], port: str, *, again: bool) -> Found:
    """One server. The one before it may have failed because an even earlier one, whose answer was lost, has the port."""
    there = _find(site, step.key) if again else None
    if there is not None:
        return there
    _wait_for_port(site, port)
    return site.cloud.create(Kind.SERVER, lambda: _find(site, step.key), **attributes)


def _leave_nothing(site: Site, port: str) -> None:
    found = site.cloud.get(Kind.PORT, port)
    if found is not None and not found["device_id"]:
        site.cloud.delete(Kind.PORT, port)


def replace_server(site: Site, step: Step, attributes: dict[str, Any]) -> None:
    """Remove a server and make it anew, with the same name and address."""
    _remove(site, step.seen.id, step.name)
    create_server(site, step, attributes)


def delete_server(site: Site, step: Step) -> None:
    """Remove a server and wait until it is gone."""
    _remove(site, step.seen.id, step.name)


def _settled(site: Site, step: Step, server: str) -> Found:
    """Wait for ACTIVE or the opposite."""
    deadline = time.monotonic() + site.limits.build_timeout
    while True:
        time.sleep(LOOK / 2)
        found = site.watch.look(server)
        # A list may be older than the server.
        if found is None:
            found = site.cloud.get(Kind.SERVER, server)
        if found is None:
            return {"id": server, "status": "DELETED", "fault": {"message": "somebody removed it"}}
        if found["status"] in ("ACTIVE", BROKEN, *GONE):
            return found
        if time.monotonic() > deadline:
            return {**found, "fault": {"message": f"still {found['status']} after {site.limits.build_timeout:.0f} s"}}
        site.guard()


def _fault(cloud: Cloud, server: Found) -> str:
    fault = server.get("fault")
    if not fault:
        full = cloud.get(Kind.SERVER, server["id"]) or {}
        fault = full.get("fault") or {}
    return " ".join(str(fault.get("message") or "no reason given").split())[:400].rstrip(".")


def _remove(site: Site, server: str, name: str) -> None:
    deadline = time.monotonic() + site.limits.build_timeout
    site.cloud.delete(Kind.SERVER, server)
    while True:
        # All who wait ask with one list; what is in it no more is looked for once by itself.
        found = site.watch.look(server) or site.cloud.get(Kind.SERVER, server)
        if found is None or found["status"] in GONE:
            return
        site.guard()
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"server {name} ({server}) does not go away, it is {found['status']}.",
                cluster=site.cluster,
                next_step="Remove it by hand, or reset its state as an administrator, and run again.",
            )
        time.sleep(LOOK)


def _wait_for_port(site: Site, port: str) -> None:
    """Nova lets go of a removed server's port a moment after the server is gone."""
    for _look in range(40):
        found = site.cloud.get(Kind.PORT, port)
        if found is None or not found["device_id"]:
            return
        time.sleep(LOOK / 2)


def _find(site: Site, key: str) -> Found | None:
    servers = site.cloud.listing(Kind.SERVER, details=True, tags=tag(site.cluster))
    ours = [each for each in servers if key_of(each["description"], site.cluster) == key]
    living = [each for each in ours if each["status"] not in (BROKEN, *GONE)]
    return min(living, key=lambda each: str(each["created_at"]), default=None)
