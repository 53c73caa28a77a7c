# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take a rollout back: every cluster that it touched gets what the revision in force places there, and nothing else.

That revision was in force all the time, so no new one is made; the one that was tried is marked as rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._kube.errors import FleetError
from .campaign import Campaign, answer, cut, entries, member_note
from .execute import start
from .identity import identify
from .plan import Operation, Plan
from .prepare import survey_all
from .progress import Phase, standing_spec
from .publish import conditions
from .record import write_spec
from .recorded import implied_in
from .result import Result, cluster_result, plan_failure, warnings
from .revision import RevisionState, mark
from .rollout import Rollout, restore


def roll_back(campaign: Campaign) -> Result:
    """Carry it out, whole; a cluster that can't be reached now is named, and done when this is run again."""
    campaign = _begun(campaign)
    base, target, names = campaign.base, campaign.target, campaign.progress.touched
    wanted = {name: base.previous(name) for name in names if base is not None and name in base.clusters}
    frame = replace(
        campaign.frame(base.number if base is not None else 0, replace(campaign.settings, timeout=campaign.patience)),
        anywhere=frozenset(identify(item) for items in (base.rendered.values() if base else ()) for item in items),
    )
    leaving = [name for name in names if name not in wanted]
    implied = implied_in(base) if base is not None else frozenset()
    surveys, plan = survey_all(campaign.fleet, frame, wanted, leaving, base or target, implied)
    barriers = {name: plan_failure(Plan({name: entry})) for name, entry in plan.clusters.items()}
    able = {name: found for name, found in surveys.items() if barriers[name] is None}
    note = member_note(standing_spec(campaign.record), base) if base is not None else {}
    rollout = restore({name: start(found, frame, campaign.lock, note) for name, found in able.items()})
    errors: dict[str, FleetError] = {name: entry.error for name, entry in plan.clusters.items() if entry.error}
    errors.update({name: barrier for name, barrier in barriers.items() if barrier is not None})
    errors.update({name: found[0] for name, found in rollout.errors.items()})
    results = {
        name: cluster_result(entry, rollout.health.get(name), rollout.errors.get(name, ()))
        for name, entry in plan.clusters.items()
    }
    for name, entry in results.items():
        entry["action"] = "failed" if name in errors else "restored"
    if errors:
        return _unfinished(campaign, results, errors)
    return _done(campaign, results, rollout, plan)


def _begun(campaign: Campaign) -> Campaign:
    progress = replace(campaign.progress, phase=Phase.ROLLING_BACK, awaiting=False)
    if progress == campaign.progress:
        return campaign
    return campaign.at(progress)


def _unfinished(
    campaign: Campaign, results: Mapping[str, Mapping[str, Any]], errors: Mapping[str, FleetError]
) -> Result:
    reasons = cut({name: str(error) for name, error in errors.items()})
    campaign = campaign.at(replace(campaign.progress, failed={**campaign.progress.failed, **reasons}))
    name = sorted(errors)[0]
    others = "".join(f"; {other}: {reasons[other]}" for other in sorted(reasons)[1:5])
    error = FleetError(
        f"the rollback is not finished: {errors[name].message}{others}",
        cluster=name,
        object=f"Application {campaign.record.tenant}/{campaign.record.name}",
        next_step="The other clusters are as they were. Mend it, then abort the rollout again",
    )
    return answer(campaign, results, changed=True, error=error)


def _done(campaign: Campaign, results: Mapping[str, Mapping[str, Any]], rollout: Rollout, plan: Plan) -> Result:
    hub, record, progress = campaign.hub, campaign.record, campaign.progress
    campaign.lock.check()
    mark(hub, record.tenant, record.name, progress.revision, RevisionState.ROLLED_BACK)
    if progress.previous_spec is not None:
        campaign.lock.check()
        write_spec(hub, standing_spec(campaign.record))
    done = replace(progress, phase=Phase.ROLLED_BACK, touched=(), request="", previous_spec=None)
    sick = sorted(name for name, health in rollout.health.items() if not health.healthy)
    kept = {
        name: f"protected: {', '.join(step.identity.label for step in entry.steps if step.operation is Operation.KEEP)}"
        for name, entry in plan.clusters.items()
        if entry.leaving and any(step.operation is Operation.KEEP for step in entry.steps)
    }
    campaign = campaign.at(done, lambda before: _status(before, campaign, rollout, sick, kept))
    notes = list(warnings(plan, ()))
    notes += [f"{name}: as before, but not healthy: {'; '.join(rollout.health[name].reasons[:3])}" for name in sick]
    found = answer(campaign, results, changed=True, notes=tuple(notes))
    return replace(found, revision=campaign.base.number if campaign.base is not None else None)


def _status(
    before: Mapping[str, Any], campaign: Campaign, rollout: Rollout, sick: list[str], kept: Mapping[str, str]
) -> dict[str, Any]:
    base, progress = campaign.base, campaign.progress
    message = f"revision {progress.revision} was rolled back: {progress.message}"
    return {
        **before,
        "clusters": _entries(before, campaign, rollout),
        "stale": {**(before.get("stale") or {}), **kept},
        "phase": "Deployed" if base is not None else Phase.ROLLED_BACK.value,
        "conditions": conditions(
            before,
            {
                "Applied": ("True", "Applied", "") if base is not None else ("False", "RolledBack", message),
                "Healthy": ("False", "Unhealthy", f"not healthy in {', '.join(sick[:20])}")
                if sick
                else ("True", "Healthy", ""),
                "RolledOut": ("False", "RolledBack", message),
            },
        ),
    }


def _entries(before: Mapping[str, Any], campaign: Campaign, rollout: Rollout) -> dict[str, Any]:
    """Where it runs: as the revision in force says; a cluster that only the rollout knew is none of them."""
    base = campaign.base
    if base is None:
        return {}
    stay = {name: health for name, health in rollout.health.items() if name in base.clusters}
    found = entries(before, base, stay, {})
    return {name: entry for name, entry in found.items() if name in base.clusters}
