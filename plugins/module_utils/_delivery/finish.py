# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last step of a rollout: what is not wanted any more goes, everywhere, and the revision is the one in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .campaign import Campaign, answer, breach, cut, reason_of, stopped
from .execute import start
from .plan import Plan
from .prepare import History, Prepared
from .progress import Phase
from .publish import conclude
from .recorded import Recorded, prepare_recorded
from .result import Result, cluster_result, plan_failure, rollout_failure, warnings
from .revision import history
from .rollout import Rollout, roll_out


def finish(campaign: Campaign) -> Result:
    """Carry the last step out."""
    record, progress = campaign.record, campaign.progress
    known = Recorded(record.spec, campaign.target, campaign.base, (*record.stale, *progress.touched))
    prepared = prepare_recorded(campaign.hub, campaign.fleet, known, campaign.settings, is_new=False)
    prepared = replace(prepared, frame=replace(prepared.frame, judge=campaign.judge))
    barrier = plan_failure(prepared.plan)
    if barrier is not None:
        return stopped(campaign, {}, barrier)
    written = {name for name, found in prepared.surveys.items() if not found.plan.empty}
    campaign = campaign.at(replace(progress, touched=tuple(sorted({*progress.touched, *written}))))
    runs = {
        name: start(found, prepared.frame, campaign.lock, campaign.note) for name, found in prepared.surveys.items()
    }
    rollout = roll_out(runs, campaign.tell)
    results = _results(prepared, rollout)
    failed = _failed(prepared, rollout)
    campaign = campaign.at(replace(campaign.progress, failed=cut(failed)))
    error = breach(campaign)
    if error is not None:
        return stopped(campaign, results, error)
    past = History(campaign.record, history(campaign.hub, record.tenant, record.name), campaign.base)
    conclude(campaign.hub, prepared, past, rollout, campaign.lock, "")
    done = replace(
        campaign.progress,
        phase=Phase.SUCCEEDED,
        step=len(progress.steps) - 1,
        touched=(),
        message="",
        previous_spec=None,
    )
    behind = {name: (record.status.get("clusters") or {}).get(name) for name in failed if name not in rollout.health}
    campaign = campaign.at(done, lambda before: _in_force(before, campaign, behind, bool(failed)))
    notes = [f"{name}: it failed, as maxFailures allows: {reason}" for name, reason in sorted(failed.items())]
    return answer(campaign, results, changed=True, notes=(*warnings(prepared.plan, ()), *notes))


def _in_force(
    before: Mapping[str, Any], campaign: Campaign, behind: Mapping[str, Mapping[str, Any] | None], degraded: bool
) -> dict[str, Any]:
    """The status at the end; a cluster that was not reached still holds what it held."""
    clusters = {
        name: {**entry, "revision": (behind[name] or {}).get("revision")} if name in behind else entry
        for name, entry in (before.get("clusters") or {}).items()
    }
    return {
        **before,
        "clusters": clusters,
        "revision": campaign.target.number,
        "phase": "Degraded" if degraded else "Deployed",
        "clusterNames": ",".join(campaign.target.clusters),
        "observedAffinity": campaign.target.decision.get("observedAffinity"),
    }


def _results(prepared: Prepared, rollout: Rollout) -> dict[str, dict[str, Any]]:
    return {
        name: cluster_result(
            plan, rollout.health.get(name), rollout.errors.get(name, ()), rollout.postponed.get(name, ())
        )
        for name, plan in prepared.plan.clusters.items()
    }


def _failed(prepared: Prepared, rollout: Rollout) -> dict[str, str]:
    """The clusters that are not as the revision wants them, and why; one that is only left behind is none of them."""
    found = {}
    for name in prepared.revision.clusters:
        plan = prepared.plan.clusters.get(name)
        if plan is None:
            continue
        error, _message = rollout_failure(Plan({name: plan}), _of(rollout, name), waited=True)
        if error is not None:
            found[name] = reason_of(error)
    return found


def _of(rollout: Rollout, name: str) -> Rollout:
    return Rollout(
        {name: rollout.runs[name]} if name in rollout.runs else {},
        {name: rollout.health[name]} if name in rollout.health else {},
    )
