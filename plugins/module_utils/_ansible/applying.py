# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of module `application`, put into the words of the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from .._delivery.application import AdoptedChanges, Adoption, Conflict, Settings, Spec
from .._delivery.deliver import ApplyRequest, apply
from .._delivery.overrides.rules import normalized
from .._delivery.planfile import Inspect, checker, saver
from .._delivery.remove import remove
from .._delivery.sources import Context, read_sources
from .._delivery.steer import Steps
from .._delivery.tailoring import targets_of
from .._registry.hub import Hub
from .._registry.members import list_members
from .application import actor_of
from .hub import open_hub


def deliver_or_remove(params: Mapping[str, Any], *, check: bool) -> dict[str, Any]:
    """Do what the options ask for; the module's return values."""
    settings = Settings(
        wait=params["wait"],
        timeout=float(params["wait_timeout"]),
        conflict=Conflict(params["conflict_resolution"]),
        prune_allow=tuple(params["prune_allow"]),
        start_allow=tuple(params["start_allow"]),
        confirmed=params["confirm_removal"] or "",
        adoption=Adoption(
            clusters=tuple(params["adopt"]),
            owners=tuple(params["adopt_owners"]),
            changes=AdoptedChanges(params["adopt_changes"]),
        ),
    )
    actor = actor_of(params)

    @cache
    def hub() -> Hub:
        # What is wrong with the sources is said without a hub, unless they differ from cluster to cluster.
        return open_hub(params)

    if params["state"] == "absent":
        return remove(hub(), params["tenant"], params["name"], settings, actor, check=check).to_dict()
    spec = _spec(params, settings)
    sources = read_sources(
        params["sources"],
        Context(
            name=spec.name,
            namespace=spec.namespace,
            base=Path(params["base"]) if params["base"] else None,
            kubectl=params["kubectl"],
            helm=params["helm"],
            targets=lambda: targets_of(spec, list_members(hub())),
        ),
    )
    request = ApplyRequest(
        replace(spec, source_digest=sources.digest),
        sources.objects,
        settings,
        variants=sources.variants,
        fetched=sources.revisions,
        steps=Steps.ONE_BY_ONE if params["rollout_steps"] == "begin" else Steps.ALL,
        inspect=_inspector(params, actor.who),
    )
    result = apply(hub(), request, actor, check=check).to_dict()
    return {**result, "notes": [*sources.notes, *result["notes"]], "fetched": list(sources.revisions)}


def _spec(params: Mapping[str, Any], settings: Settings) -> Spec:
    return Spec(
        tenant=params["tenant"],
        name=params["name"],
        namespace=params["namespace"],
        placement=params["placement"],
        labels={str(key): str(value) for key, value in params["labels"].items()},
        failover=params["failover"],
        conflict=settings.conflict,
        overrides=tuple(normalized(params["overrides"])),
        rollout=params["rollout"],
        health=tuple(params["health"]),
        ignore=tuple(params["ignore_differences"]),
        protected=params["deletion_protection"],
        history_limit=params["revision_history_limit"],
    )


def _inspector(params: Mapping[str, Any], by: str) -> Inspect | None:
    if params["plan"]:
        return checker(Path(params["plan"]))
    return saver(Path(params["plan_file"]), by) if params["plan_file"] else None
