# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member of etcd on a host of its own. The first one begins, every other one joins; what an interrupted run left is recognised.

Who joins is a learner until it has all data, so the majority never hangs on it, and a host that is lost on its way in does no harm.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from . import etcd, etcd_certificates, etcd_local, files, kubeadm, permissions, units
from .commands import attempt, run
from .errors import NodeError
from .etcd import Member
from .etcd_local import CLIENT_PORT, HERE, MEMBER, PEER_PORT, UNIT, UNIT_FILE
from .steps import Step
from .urls import https

TOPIC = "etcd"
_FIRST_START = "/etc/navarch/etcd.env"
_PAUSE = 1.0
_SILENCE = 30.0
"""Seconds without a listener after which a learner is taken for lost."""


class State(Enum):
    """What is wanted of this host's member."""

    INITIALISED = "initialised"
    """etcd begins here."""
    JOINED = "joined"
    COMPLETE = "complete"
    """Every member answers; nothing is changed."""
    ABSENT = "absent"
    """It leaves, and the others go on."""
    ERASED = "erased"
    """Nothing of it is left, whatever becomes of the others; nobody is asked."""


@dataclass(frozen=True)
class Wanted:
    """What this host is to be."""

    state: State
    subject: etcd_certificates.Subject
    peers: tuple[str, ...]
    """Addresses of the other hosts of etcd."""
    authority: etcd_certificates.Authority | None
    """For a host that joins."""
    permissions: tuple[permissions.Permission, ...]
    """Of certificates and data."""
    deadline: float

    @property
    def others(self) -> list[str]:
        """Where the other members serve clients."""
        return [https(address, CLIENT_PORT) for address in self.peers]

    @property
    def everybody(self) -> list[str]:
        return [*HERE, *self.others]


@dataclass(frozen=True)
class Found:
    """What there is of etcd on this host, and what its members say."""

    journal: kubeadm.Journal
    data: bool
    installed: bool
    """There is a unit."""
    members: tuple[Member, ...] | None = None
    """None: nobody answers, or this host has no certificate to ask with."""


def observe(wanted: Wanted) -> Found:
    """Look at this host, and ask the members."""
    return Found(
        etcd_local.journal(), os.path.exists(MEMBER), os.path.exists(UNIT_FILE), etcd_local.members(wanted.everybody)
    )


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What has to be done here."""
    if wanted.state is State.COMPLETE:
        return []
    if wanted.state is State.ERASED:
        return _erase(found)
    if wanted.state is State.ABSENT:
        return [*_leave(wanted, found), *_erase(found)]
    if found.data and not found.journal.operation:
        raise NodeError(
            f"{etcd.DATA} holds data of an etcd that this collection did not put there.",
            "Take it away if nobody needs it.",
        )
    if wanted.state is State.INITIALISED:
        return [] if found.data and found.journal.finished else [_step("begin", found)]
    if found.data and found.journal == kubeadm.Journal("begin"):
        raise NodeError(
            "etcd was begun on this host and not finished, and others carry the cluster's.",
            "Reset it (`navarch.fleet.reset`), so that it can join those.",
        )
    if found.data and found.members is not None and _own(wanted, found.members) is None:
        forgotten = Step(TOPIC, "clear", etcd.DATA, "the others do not know this member any more")
        return [forgotten, Step(TOPIC, "run", "join", "it is no member", after="member of etcd")]
    return [] if found.data and found.journal.finished else [_step("join", found)]


def act(step: Step, wanted: Wanted) -> None:
    """Carry out one step."""
    if step.action == "remove member":
        etcd_local.ask(wanted.others, "member", "remove", step.before)
    elif step.action == "stop":
        run(["systemctl", "disable", "--now", UNIT], deadline=120)
    elif step.action == "clear":
        files.remove(_FIRST_START)
        attempt(["systemctl", "stop", UNIT], deadline=120)
        files.remove(MEMBER)
    elif step.action == "remove data":
        files.remove(MEMBER)
    elif step.subject == "begin":
        _begin(wanted)
    else:
        _join(wanted, step)


def verify(wanted: Wanted) -> None:
    """Wait until this member serves; with `complete`, until all do."""
    if wanted.state is State.COMPLETE:
        _until(wanted.deadline, lambda: etcd_local.unhealthy("--cluster"))
    elif wanted.state not in (State.ABSENT, State.ERASED):
        _until(wanted.deadline, etcd_local.unwell)


def _leave(wanted: Wanted, found: Found) -> list[Step]:
    if found.data and found.members is None:
        raise NodeError(
            "No member of etcd answers, so this one can't leave.", f"See `journalctl --unit {UNIT}` on hosts of etcd."
        )
    members = found.members or ()
    own = _own(wanted, members)
    if own is None:
        return []
    if all(each == own or each.learner for each in members):
        raise NodeError(
            f"{wanted.subject.name} is the last member of etcd; with it goes all that the cluster knows.",
            "Let another host of etcd join first, or reset the whole cluster.",
        )
    return [Step(TOPIC, "remove member", wanted.subject.name, "the others go on without it", own.identity)]


def _erase(found: Found) -> list[Step]:
    steps = [Step(TOPIC, "stop", UNIT, "its member is gone")] if found.installed else []
    return [*steps, Step(TOPIC, "remove data", MEMBER, "its member is gone")] if found.data else steps


def _begin(wanted: Wanted) -> None:
    if not os.path.exists(MEMBER):
        etcd_certificates.forget()
    etcd_local.write_journal(kubeadm.Journal("begin"))
    etcd_certificates.make(wanted.subject)
    _first_start(wanted, [f"{wanted.subject.name}={https(wanted.subject.address, PEER_PORT)}"], "new")
    _until(wanted.deadline, etcd_local.unwell)
    etcd_local.write_journal(kubeadm.Journal("begin", True))


def _join(wanted: Wanted, step: Step) -> None:
    if step.action == "run":
        if wanted.authority is not None:
            etcd_certificates.take_in(wanted.authority)
        elif etcd_certificates.authority() is None:
            raise NodeError(
                "There is no ticket to join etcd with.", "Ask a host of etcd for one (`navarch.fleet.etcd_ticket`)."
            )
        etcd_certificates.forget()
        etcd_certificates.make(wanted.subject)
        etcd_local.write_journal(kubeadm.Journal("join"))
        _first_start(wanted, _taken_in(wanted), "existing")
    elif etcd_local.status() is None:
        _start(wanted.deadline)
    _promote(wanted)
    etcd_local.write_journal(kubeadm.Journal("join", True))


def _taken_in(wanted: Wanted) -> list[str]:
    """Have the others take this host in as a learner; all members then, as etcd wants them told.

    What they have of an earlier host of this name or address goes first: a new etcd has forgotten what that one promised.
    """
    peer_url = https(wanted.subject.address, PEER_PORT)
    silent: dict[str, float] = {}

    def closed_to_us() -> str:
        members = etcd_local.members(wanted.others)
        if members is None:
            return "no other member answers"
        for each in members:
            if (
                each.name == wanted.subject.name
                and wanted.subject.address not in each.addresses
                and etcd_local.listens(each)
            ):
                return f"the member {each.name} lives at {each.addresses[0]}; stop its host if this one takes its place"
        for each in members:
            if _is_of(wanted, each) or (each.learner and _is_lost(each, silent)):
                refused = etcd_local.refusal(etcd_local.etcdctl(wanted.others, "member", "remove", each.identity))
                if refused:
                    return f"the member {each.identity} of an earlier host does not go: {refused}"
        added = etcd_local.etcdctl(
            wanted.others, "member", "add", wanted.subject.name, "--learner", "--peer-urls", peer_url
        )
        return etcd_local.refusal(added)

    _until(wanted.deadline, closed_to_us)
    names = {
        address: wanted.subject.name if address == wanted.subject.address else each.name or f"unnamed-{each.identity}"
        for each in etcd_local.members(wanted.others) or ()
        for address in each.addresses
    }
    return [f"{name}={https(address, PEER_PORT)}" for address, name in names.items()]


def _promote(wanted: Wanted) -> None:
    """Let the others count this member, as soon as it has all data."""

    def not_yet() -> str:
        members = etcd_local.members(wanted.others)
        own = _own(wanted, members or ())
        if own is None:
            return "no other member answers" if members is None else "the others do not know this member"
        if not own.learner:
            return ""
        said = etcd_local.etcdctl(wanted.others, "member", "promote", own.identity)
        return etcd_local.refusal(said)

    _until(wanted.deadline, not_yet)


def _first_start(wanted: Wanted, members: Sequence[str], state: str) -> None:
    """Start it with what it has to know once; where it has data, it goes by these."""
    os.makedirs(etcd.DATA, mode=0o700, exist_ok=True)
    for step in permissions.plan(wanted.permissions, permissions.observe(wanted.permissions)):
        permissions.act(step)
    _give_away_data()
    # From here on it can run, and module `host` starts it.
    text = f"ETCD_INITIAL_CLUSTER={','.join(members)}\nETCD_INITIAL_CLUSTER_STATE={state}\n"
    files.write(_FIRST_START, text, 0o644)
    _start(wanted.deadline)


def _give_away_data() -> None:
    """What a restore put there belongs to whom the folder belongs."""
    owner = os.stat(etcd.DATA)
    for folder, folders, names in os.walk(etcd.DATA):
        for name in (*folders, *names):
            os.chown(os.path.join(folder, name), owner.st_uid, owner.st_gid, follow_symlinks=False)


def _start(deadline: float) -> None:
    # One that failed too often is not tried again by systemd.
    attempt(["systemctl", "reset-failed", UNIT])
    done = attempt(["systemctl", "restart", UNIT], deadline=deadline)
    if done.code != 0:
        raise NodeError(
            f"etcd does not start: {done.errors.strip()}\n{units.last_words(UNIT)}",
            f"See `journalctl --unit {UNIT}` on the host.",
        )


def _until(deadline: float, ask: Callable[[], str]) -> None:
    """Ask until there is no reason why not."""
    end = time.monotonic() + deadline
    while reason := ask():
        if time.monotonic() >= end:
            raise NodeError(
                f"etcd is not there after {deadline:.0f} s: {reason}.",
                f"See `etcdctl member list` and `journalctl --unit {UNIT}` on hosts of etcd.",
            )
        time.sleep(_PAUSE)


def _own(wanted: Wanted, members: Sequence[Member]) -> Member | None:
    return next((each for each in members if _is_of(wanted, each)), None)


def _is_of(wanted: Wanted, member: Member) -> bool:
    return member.name == wanted.subject.name or wanted.subject.address in member.addresses


def _is_lost(learner: Member, silent: dict[str, float]) -> bool:
    """Whether nobody has listened for a while where a learner should be: its host was lost on its way in, and nobody else gets in."""
    if etcd_local.listens(learner):
        silent.pop(learner.identity, None)
        return False
    return time.monotonic() - silent.setdefault(learner.identity, time.monotonic()) > _SILENCE


def _step(operation: str, found: Found) -> Step:
    if found.data and found.journal.operation == operation:
        return Step(TOPIC, "resume", operation, "it was interrupted", after="member of etcd")
    return Step(TOPIC, "run", operation, "it is no member of etcd yet", after="member of etcd")
