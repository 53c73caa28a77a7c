# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan: each step as soon as those before it are done, many side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from .cloud import Cloud
from .errors import CloudError
from .steps import Plan, Step
from .watch import Watch

Handler = Callable[["Site", Step], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far to go."""

    parallel: int = 16
    """Steps at once."""
    replacements: int = 2
    """How often one server that could not be built is made anew."""
    build_timeout: float = 600.0
    """Seconds in which a server, a balancer or a removal has to come to its end."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A server that could not be built, and what Nova says about it."""

    machine: str
    server: str
    message: str


@dataclass(slots=True)
class Site:
    """What steps share while they are carried out."""

    cloud: Cloud
    cluster: str
    guard: Callable[[], None]
    """Raises when we may write no more."""
    limits: Limits
    ids: dict[str, str] = field(default_factory=dict)
    """Ids by key, also of what was made by earlier steps."""
    faults: list[Fault] = field(default_factory=list)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.cloud, self.cluster)


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not succeed."""

    step: Step
    error: CloudError


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a plan went."""

    done: tuple[Step, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Step, ...]
    """Steps that were not tried, because one before them failed."""
    faults: tuple[Fault, ...]


def execute(site: Site, plan: Plan, handlers: Mapping[tuple[str, str], Handler]) -> Outcome:
    """Carry out every step of the plan that can be; one that fails stops only those after it."""
    site.ids |= plan.known
    waiting = {step.id: step for step in plan.steps}
    running: dict[Future[None], Step] = {}
    done: list[Step] = []
    failures: list[Failure] = []
    with ThreadPoolExecutor(site.limits.parallel) as pool:
        while True:
            finished = {step.id for step in done}
            for step in [each for each in waiting.values() if _may_start(each, plan, finished)]:
                del waiting[step.id]
                running[pool.submit(_carry_out, site, step, handlers)] = step
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                problem = future.exception()
                if problem is None:
                    done.append(step)
                elif isinstance(problem, CloudError):
                    failures.append(Failure(step, problem))
                else:
                    raise problem
    return Outcome(tuple(done), tuple(failures), tuple(waiting.values()), tuple(site.faults))


def _may_start(step: Step, plan: Plan, finished: set[str]) -> bool:
    """What is not in the plan is there already."""
    return all(before in finished for before in step.after if before in plan.ids)


def _carry_out(site: Site, step: Step, handlers: Mapping[tuple[str, str], Handler]) -> None:
    site.guard()
    for name in (step.kind.name, ""):
        handler = handlers.get((step.act.name, name))
        if handler is not None:
            handler(site, step)
            return
    raise CloudError(f"nobody knows how to {step.act.value} a {step.kind.word}.", cluster=site.cluster)
