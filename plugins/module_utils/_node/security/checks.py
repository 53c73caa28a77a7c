# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an item of the benchmark is judged: small functions from evidence to a verdict. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .evidence import Evidence, FileFact


class Place(Enum):
    """Where an item is looked at."""

    CONTROL_PLANE = "control_plane"
    ETCD = "etcd"
    NODE = "node"
    """Every host with a kubelet."""


@dataclass(frozen=True)
class Verdict:
    """Whether an item holds, and what was seen."""

    holds: bool
    seen: str


Check = Callable[[Evidence], Verdict]


@dataclass(frozen=True)
class Item:
    """One item of the benchmark."""

    number: str
    title: str
    place: Place
    check: Check
    remedy: str
    measure: str = ""
    """The switch that it hangs on; empty: kubeadm has it so, and there is none."""
    patterns: tuple[str, ...] = ()
    """Files that have to be looked at."""


def flag_is(component: str, flag: str, *values: str) -> Check:
    """The flag has one of the values."""
    return lambda evidence: _of_flag(evidence, component, flag, lambda value: value in values)


def flag_absent_or(component: str, flag: str, *values: str) -> Check:
    """The flag is not given, or has one of the values."""
    return lambda evidence: _of_flag(evidence, component, flag, lambda value: value is None or value in values)


def flags_given(component: str, *flags: str) -> Check:
    """All flags are given."""

    def check(evidence: Evidence) -> Verdict:
        given = evidence.flags.get(component)
        if given is None:
            return _not_running(component)
        missing = [flag for flag in flags if not given.get(flag)]
        return Verdict(not missing, _seen(component, {flag: given.get(flag) for flag in flags}))

    return check


def flag_has(component: str, flag: str, word: str) -> Check:
    """The flag's list has a word."""
    return lambda evidence: _of_flag(evidence, component, flag, lambda value: word in _words(value))


def flag_lacks(component: str, flag: str, word: str) -> Check:
    """The flag's list does not have a word; it may not be given at all."""
    return lambda evidence: _of_flag(evidence, component, flag, lambda value: word not in _words(value))


def flag_at_least(component: str, flag: str, least: int) -> Check:
    """The flag is a number, and large enough."""
    return lambda evidence: _of_flag(
        evidence, component, flag, lambda value: value is not None and value.isdigit() and int(value) >= least
    )


def flag_within(component: str, flag: str, allowed: Collection[str]) -> Check:
    """The flag's list has nothing but what is allowed, and is not empty."""
    return lambda evidence: _of_flag(
        evidence, component, flag, lambda value: bool(value) and set(_words(value)) <= set(allowed)
    )


def every(*checks: Check) -> Check:
    """All of them hold."""

    def check(evidence: Evidence) -> Verdict:
        verdicts = [each(evidence) for each in checks]
        failed = [verdict.seen for verdict in verdicts if not verdict.holds]
        return Verdict(not failed, "; ".join(dict.fromkeys(failed or [verdict.seen for verdict in verdicts])))

    return check


def modes(most: int, *patterns: str) -> Check:
    """Files are open to nobody beyond the mode. Files that are not there are open to nobody."""
    return lambda evidence: _of_files(
        evidence, patterns, lambda fact: fact.mode & ~most == 0, lambda fact: f"{fact.mode:04o}"
    )


def owners(owner: str, *patterns: str) -> Check:
    """Files belong to somebody."""
    return lambda evidence: _of_files(evidence, patterns, lambda fact: fact.owner == owner, lambda fact: fact.owner)


def kubelet(path: str, holds: Callable[[Any], bool]) -> Check:
    """A field of the kubelet's configuration, by its path with dots; None: it is not given."""

    def check(evidence: Evidence) -> Verdict:
        if not evidence.kubelet:
            return Verdict(False, "what the kubelet runs with could not be asked for")
        value: Any = evidence.kubelet
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return Verdict(holds(value), f"{path}: {value}")

    return check


def _of_flag(evidence: Evidence, component: str, flag: str, holds: Callable[[Any], bool]) -> Verdict:
    given = evidence.flags.get(component)
    if given is None:
        return _not_running(component)
    return Verdict(holds(given.get(flag)), _seen(component, {flag: given.get(flag)}))


def _of_files(
    evidence: Evidence, patterns: Iterable[str], holds: Callable[[FileFact], bool], shown: Callable[[FileFact], str]
) -> Verdict:
    facts = [fact for pattern in patterns for fact in evidence.files.get(pattern, ())]
    wrong = [f"{fact.path} is {shown(fact)}" for fact in facts if not holds(fact)]
    return Verdict(not wrong, "; ".join(wrong[:5]) or (f"{len(facts)} files" if facts else "there is none"))


def _words(value: object) -> list[str]:
    return str(value or "").split(",")


def _seen(component: str, flags: Mapping[str, object]) -> str:
    return " ".join(
        f"--{flag}={value}" if value is not None else f"{component} has no --{flag}" for flag, value in flags.items()
    )


def _not_running(component: str) -> Verdict:
    return Verdict(False, f"{component} does not run here")
