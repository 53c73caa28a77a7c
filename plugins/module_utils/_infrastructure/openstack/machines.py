# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of a cluster on OpenStack: observe, check, plan, act, verify.

Check mode ends with the plan. A real run takes the cluster's lock, looks again, and carries out the plan; then it looks
once more, and what is still not as wanted (a double whose answer was lost, an address that a stranger took meanwhile) is
planned anew, a few times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from .act import HANDLERS
from .checks import Cost, check, costs
from .cloud import Cloud, Kind
from .desired import Desired
from .errors import CloudError, Finding, NotPossibleError, RefusedError
from .execute import Failure, Fault, Limits, Outcome, Site, execute
from .lock import leased
from .observe import Snapshot, observe
from .ownership import ANCHOR
from .plan import plan, plan_removal
from .steps import Plan, Step

ROUNDS = 3
Guard = Callable[[], None]
Planner = Callable[[Desired, Snapshot], Plan]


@dataclass(frozen=True, slots=True)
class Report:
    """What was to be done, what was done, and what is there now."""

    steps: tuple[Step, ...]
    costs: dict[str, Cost]
    plan: Plan
    """What is left to be done; its machines are those that are wanted."""
    seen: Snapshot
    findings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()
    failures: tuple[Failure, ...] = field(default=(), repr=False)

    @property
    def error(self) -> str:
        """Empty when everything is as wanted."""
        texts = dict.fromkeys(str(failure.error) for failure in self.failures)
        return "\n".join(texts)


def preview(cloud: Cloud, desired: Desired, *, present: bool) -> Report:
    """What a run would do; nothing is changed, and what stands in its way is in the report."""
    if present:
        return _preview(cloud, desired, plan)
    seen = observe(cloud, desired)
    planned = plan_removal(seen)
    return Report(planned.steps, {}, planned, seen)


def ensure(cloud: Cloud, desired: Desired, limits: Limits, lock_timeout: float, planner: Planner = plan) -> Report:
    """Make the machines as wanted; raises :class:`NotPossibleError` before the first object when that can't be."""
    before = _preview(cloud, desired, planner)
    _refuse(desired, before.findings)
    if not before.steps:
        return before
    with leased(cloud, desired.cluster, lock_timeout) as lease:
        report = _settle(cloud, desired, limits, lease.guard, before, planner)
    anchor = [step for step in before.steps if step.key == ANCHOR and lease.made]
    return replace(report, steps=(*anchor, *report.steps))


def remove(cloud: Cloud, desired: Desired, limits: Limits, lock_timeout: float) -> Report:
    """Remove all that is ours of the cluster, in order, and wait until it is gone."""
    before = preview(cloud, desired, present=False)
    if not before.steps:
        return before
    with leased(cloud, desired.cluster, lock_timeout) as lease:
        seen = observe(cloud, desired)
        planned = plan_removal(seen)
        # The anchor holds the lock; it goes when everything else is gone.
        rest = Plan(tuple(step for step in planned.steps if step.key != ANCHOR), (), planned.known)
        outcome = _execute(cloud, desired, limits, lease.guard, rest)
        seen = observe(cloud, desired)
        left = Plan(tuple(step for step in plan_removal(seen).steps if step.key != ANCHOR))
        if not left.steps and not outcome.failures:
            cloud.retried("remove the anchor", lambda: _remove_anchor(cloud, lease.anchor["id"]))
            seen = observe(cloud, desired)
    return Report(before.steps, before.costs, left, seen, faults=outcome.faults, failures=_failures(outcome, left))


def _preview(cloud: Cloud, desired: Desired, planner: Planner) -> Report:
    seen = observe(cloud, desired)
    planned = planner(desired, seen)
    findings = check(desired, seen, planned.steps)
    return Report(planned.steps, costs(desired, seen, planned.steps), planned, seen, tuple(findings))


def _settle(cloud: Cloud, desired: Desired, limits: Limits, guard: Guard, before: Report, planner: Planner) -> Report:
    done: dict[str, Step] = {}
    faults: list[Fault] = []
    cost = before.costs
    failures: tuple[Failure, ...] = ()
    for turn in range(ROUNDS):
        seen = observe(cloud, desired)
        planned = planner(desired, seen)
        if not planned.steps:
            failures = ()
            break
        if turn == 0:
            _refuse(desired, check(desired, seen, planned.steps))
            cost = costs(desired, seen, planned.steps)
        outcome = _execute(cloud, desired, limits, guard, planned)
        done |= {step.id: step for step in outcome.done}
        faults += outcome.faults
        failures = outcome.failures
        if failures and not any(_may_pass(failure) for failure in failures):
            seen = observe(cloud, desired)
            planned = planner(desired, seen)
            break
    else:
        seen = observe(cloud, desired)
        planned = planner(desired, seen)
        failures = failures or _failures(None, planned)
    steps = _merged(before.steps, done.values())
    return Report(steps, cost, planned, seen, faults=tuple(faults), failures=failures)


def _execute(cloud: Cloud, desired: Desired, limits: Limits, guard: Guard, planned: Plan) -> Outcome:
    return execute(Site(cloud, desired.cluster, guard, limits), planned, HANDLERS)


def _refuse(desired: Desired, findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if found:
        raise NotPossibleError(desired.cluster, found)


def _may_pass(failure: Failure) -> bool:
    """A conflict may be a stranger who was faster: the next plan goes round it."""
    return isinstance(failure.error, RefusedError) and failure.error.status == 409


def _failures(outcome: Outcome | None, left: Plan) -> tuple[Failure, ...]:
    if outcome is not None and outcome.failures:
        return outcome.failures
    return tuple(
        Failure(step, CloudError(f"{step.kind.word} {step.name} is still to be {step.act.value}d: {step.reason}."))
        for step in left.steps
    )


def _merged(planned: Iterable[Step], done: Iterable[Step]) -> tuple[Step, ...]:
    """Everything that was planned or done, once: what another play did meanwhile is not ours."""
    carried_out = {step.id: step for step in done}
    first = [step for step in planned if step.id in carried_out]
    return (*first, *(step for step in carried_out.values() if step.id not in {each.id for each in first}))


def _remove_anchor(cloud: Cloud, anchor: str) -> None:
    cloud.delete(Kind.SECURITY_GROUP, anchor)
