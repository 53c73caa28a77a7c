# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fail over what is lost, take back what returned: observe, plan, look a second time, act, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .._delivery.application import Actor, Settings
from .._kube.errors import InputError
from .._registry.hub import Hub
from .._registry.lease import hold
from .._registry.names import FAILOVER_LEASE, TAINT_UNREACHABLE
from .act import Executor
from .brake import brake
from .observation import Judgement, Policy, State
from .plan import Plan, Situation, plan
from .report import report
from .watch import Watch, read_applications
from .wishes import Failback

if TYPE_CHECKING:
    from typing import Any

_LOOK_TWICE = frozenset({State.LOST, State.RETURNED})
"""What is acted on, and therefore looked at again right before."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asks of one run."""

    policy: Policy
    observer: str
    """Name of the place that this runs at."""
    confirmed: frozenset[str] = frozenset()
    """Clusters of which a person says that they are lost."""
    failback: Failback = Failback.AUTOMATIC
    called_back: frozenset[str] = frozenset()
    deadline: float = 5.0
    """Seconds for one look at one member."""
    settings: Settings = field(default_factory=Settings)


def fail_over(hub: Hub, request: Request, actor: Actor, *, check: bool) -> dict[str, Any]:
    """Do what is needed now, and return the module's result.

    :param check: look and plan only.
    """
    watch = Watch(hub, request.policy, request.observer, request.confirmed, request.deadline, check)
    judgements = watch.observe()
    _refuse_unknown(request.confirmed, judgements)
    planned = _plan(hub, request, judgements, watch)
    if not planned.steps or check:
        executor = Executor(hub, None, actor, request.settings, check=True)
        return report(judgements, planned, executor.carry_out(planned), check=check)
    with hold(
        hub.session, FAILOVER_LEASE, namespace=hub.namespace, holder=actor.holder, who=actor.who, where=actor.where
    ) as lock:
        # Between the first look and now minutes may have passed: waiting for the lease, or for the toleration.
        watch.look([name for name, found in judgements.items() if found.state in _LOOK_TWICE])
        judgements = watch.judge()
        planned = _plan(hub, request, judgements, watch)
        executor = Executor(hub, lock, actor, request.settings, check=False)
        return report(judgements, planned, executor.carry_out(planned), check=False)


def _refuse_unknown(names: Iterable[str], known: Mapping[str, Judgement]) -> None:
    for name in sorted(set(names) - set(known)):
        nearest = get_close_matches(name, known, 1)
        hint = f"Did you mean {nearest[0]}?" if nearest else f"Members are {', '.join(sorted(known)[:20]) or 'none'}"
        raise InputError(f"confirmed names {name}, which is no member", next_step=hint)


def _plan(hub: Hub, request: Request, judgements: Mapping[str, Judgement], watch: Watch) -> Plan:
    situation = Situation(
        now=watch.clock(),
        judgements=judgements,
        applications=read_applications(hub),
        taint=TAINT_UNREACHABLE,
        brake=brake(judgements, request.confirmed),
        failback=request.failback,
        called_back=request.called_back,
    )
    return plan(situation)
