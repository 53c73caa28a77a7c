# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollout that is under way, with all that carrying it on needs: read from the hub, so that any play can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._kube.errors import FleetError, NotFoundError
from .._registry.hub import Hub
from .._registry.lease import Lock
from .application import Owner, Settings, Spec
from .canary import canary_health
from .health_rules import judge_by
from .identity import Identity, Manifest, identify
from .ignoring import parse_rules
from .prepare import Fleet, open_fleet
from .progress import Phase, Progress, Wish, progress_of, save
from .publish import tell
from .record import ApplicationRecord, get_record, write_status
from .result import Result
from .revision import Revision, load
from .survey import Frame
from .verify import ClusterHealth, Judge
from .waves import OnFailure, RolloutPolicy


@dataclass(frozen=True, slots=True)
class Campaign:
    """One rollout, with its revisions and the sessions to its clusters."""

    hub: Hub
    fleet: Fleet
    record: ApplicationRecord
    progress: Progress
    target: Revision
    base: Revision | None
    policy: RolloutPolicy
    settings: Settings
    """Of the steps: they wait as long as the rollout's own deadline says."""
    patience: float
    """Seconds that a rollback waits for objects to go, and for health."""
    lock: Lock

    @property
    def owner(self) -> Owner:
        """Whose objects they are."""
        return Owner(self.hub.id, self.record.tenant, self.record.name)

    @property
    def allowed_failures(self) -> int:
        """How many clusters may fail."""
        return self.policy.max_failures.at_most(len(self.target.clusters))

    def previous(self, cluster: str) -> dict[Identity, Manifest]:
        """What the revision in force places in a cluster."""
        items = self.base.previous(cluster) if self.base is not None and cluster in self.base.clusters else ()
        return {identify(item): item for item in items}

    def frame(self, revision: int, settings: Settings) -> Frame:
        """What is the same in all members of a step."""
        rules = parse_rules(self.record.spec.ignore)
        return Frame(self.owner, settings, revision, judge=self.judge, ignore=rules)

    @property
    def judge(self) -> Judge:
        """Says how an object is: by the user's rules, and a canary as what it is."""
        judge = judge_by(self.record.spec.health)
        return lambda obj: canary_health(obj, judge)

    @property
    def note(self) -> dict[str, Any]:
        """What a member carries of the decision, for a hub that has to be rebuilt."""
        return member_note(self.record.spec, self.target)

    def at(self, progress: Progress, change: Callable[[Mapping[str, Any]], dict[str, Any]] = dict) -> Campaign:
        """The same, further on; written to the hub first."""
        self.lock.check()
        # The application says itself that it waits for somebody, or is on its way back.
        stopped_in = progress.phase in (Phase.PAUSED, Phase.ROLLING_BACK)
        phase = {"phase": progress.phase.value} if stopped_in else {}
        record = save(
            self.hub, self.record.tenant, self.record.name, progress,
            lambda before: {**change(before), **phase, "epoch": self.lock.epoch},
        )  # fmt: skip
        return replace(self, record=record, progress=progress_of(record) or progress)

    def tell(self, found: Mapping[str, ClusterHealth]) -> None:
        """Say in the hub what keeps clusters from being healthy, seconds after it is known."""
        self.lock.check()
        tell(self.hub, self.record.tenant, self.record.name, found)

    def wish(self) -> Wish | None:
        """What somebody asked of this play since the last look; it is heard once."""
        record = get_record(self.hub, self.record.tenant, self.record.name)
        now = progress_of(record)
        if now is None or not now.request:
            return None
        write_status(self.hub, self.record.tenant, self.record.name, _heard)
        return Wish(now.request)


def open_campaign(hub: Hub, tenant: str, name: str, settings: Settings, lock: Lock) -> Campaign:
    """The last rollout of an application.

    :raises NotFoundError: there is no such application, or none was rolled out by steps.
    """
    record = get_record(hub, tenant, name)
    progress = progress_of(record)
    if record is None or progress is None:
        raise NotFoundError(
            "there is no such application" if record is None else "it has no rollout by steps",
            code=404,
            cluster=hub.session.cluster,
            object=f"Application {tenant}/{name}",
            next_step="Apply it with a rollout first",
        )
    policy = RolloutPolicy.from_dict(record.spec.rollout)
    timeout = settings.timeout if policy.progress_deadline is None else policy.progress_deadline
    target = load(hub, tenant, name, progress.revision)
    base = load(hub, tenant, name, progress.base) if progress.base is not None else None
    chosen = replace(settings, wait=True, timeout=timeout, conflict=record.spec.conflict)
    return Campaign(hub, open_fleet(hub), record, progress, target, base, policy, chosen, settings.timeout, lock)


def entries(
    before: Mapping[str, Any], revision: Revision, healths: Mapping[str, ClusterHealth], without: Mapping[str, str]
) -> dict[str, Any]:
    """``Application.status.clusters`` after something was done in some of them.

    :param without: clusters that could not be looked at, and why.
    """
    found = dict(before.get("clusters") or {})
    for name in (*healths, *without):
        counts = {
            str(identity): numbers[name] for identity, numbers in sorted(revision.replicas.items()) if name in numbers
        }
        health = healths[name].to_dict() if name in healths else {"state": "Unknown", "reasons": [without[name][:400]]}
        found[name] = {"workloads": counts, "revision": revision.number, "health": health}
    return found


def answer(
    campaign: Campaign,
    clusters: Mapping[str, Mapping[str, Any]],
    *,
    changed: bool,
    error: FleetError | None = None,
    notes: tuple[str, ...] = (),
) -> Result:
    """The answer of one step."""
    progress = campaign.progress
    return Result(
        changed=changed,
        clusters=clusters,
        revision=progress.revision,
        replicas=campaign.target.replicas,
        warnings=notes,
        failed=error is not None,
        message=str(error) if error is not None else progress.line,
        error=error,
        rollout=shown(campaign, progress),
    )


def member_note(spec: Spec, revision: Revision) -> dict[str, Any]:
    """What a member carries of a decision."""
    return {
        "spec": spec.to_dict(),
        "clusters": list(revision.clusters),
        "replicas": {str(identity): dict(counts) for identity, counts in sorted(revision.replicas.items())},
    }


def stopped(
    campaign: Campaign,
    clusters: Mapping[str, Mapping[str, Any]],
    error: FleetError,
    then: OnFailure | None = None,
) -> Result:
    """A step may not go on: written down, with what is done about it."""
    rollback = (then or campaign.policy.on_failure) is OnFailure.ROLLBACK
    phase = Phase.ROLLING_BACK if rollback else Phase.PAUSED
    message = str(error)
    campaign = campaign.at(replace(campaign.progress, phase=phase, awaiting=False, message=message, broken=True))
    error.next_step = (
        "Every cluster that was touched is rolled back"
        if rollback
        else "The rollout is paused: mend it and resume, or abort it, or promote it as it is"
    )
    return answer(campaign, clusters, changed=bool(campaign.progress.touched), error=error)


def breach(campaign: Campaign) -> FleetError | None:
    """Why the rollout may not go on; None while it may."""
    progress, step = campaign.progress, campaign.progress.now
    failed = {name: reason for name, reason in progress.failed.items() if name not in progress.accepted}
    mandatory = step.mandatory and any(name in step.clusters for name in failed)
    if not mandatory and len(failed) <= campaign.allowed_failures:
        return None
    names = sorted(failed, key=lambda name: (name not in step.clusters, name))
    others = "".join(f"; {name}: {failed[name]}" for name in names[1:5])
    more = f"; and {len(names) - 5} more" if len(names) > 5 else ""
    rule = "the wave is mandatory" if mandatory else f"maxFailures allows {campaign.allowed_failures}"
    return FleetError(f"{failed[names[0]]}{others}{more} ({rule})", cluster=names[0], object=progress.now.title)


def reason_of(error: FleetError) -> str:
    """What went wrong, without the cluster that it is said of."""
    return f"{error.object}: {error.message}" if error.object else error.message


def cut(reasons: Mapping[str, str]) -> dict[str, str]:
    """Reasons for the hub, bounded."""
    return {name: reason[:400] for name, reason in reasons.items()}


def shown(campaign: Campaign, progress: Progress) -> dict[str, Any]:
    """The rollout in results: bounded, and with what the role has to carry out itself."""
    found = progress.to_dict()
    for name in ("previousSpec", "specDigest"):
        found.pop(name, None)
    by_play = campaign.policy.checks_by_play if progress.awaiting and progress.phase is Phase.PROGRESSING else ()
    return {**found, "checks": [check.to_dict() for check in by_play], "line": progress.line}


def _heard(before: Mapping[str, Any]) -> dict[str, Any]:
    rollout = {**(before.get("rollout") or {}), "request": ""}
    return {**before, "rollout": rollout}
