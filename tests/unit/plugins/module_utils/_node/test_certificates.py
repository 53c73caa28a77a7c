# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.navarch.fleet.plugins.module_utils._node.certificates import Certificate, Found, plan, warnings

NOW = 1_800_000_000.0
DAY = 86400.0


def certificate(name: str, days: float, *, external: bool = False, authority: bool = False) -> Certificate:
    return Certificate(name, NOW + days * DAY, external, authority)


def found(
    *given: Certificate, written: dict[str, float] | None = None, started: dict[str, float] | None = None
) -> Found:
    return Found(given, written or {}, started or {}, NOW)


def steps(there: Found, threshold: int = 60) -> list[str]:
    return [f"{step.action} {step.subject}" for step in plan(there, threshold)]


def test_what_lasts_is_left_alone() -> None:
    assert steps(found(certificate("apiserver", 61.5))) == []


def test_what_ends_soon_is_renewed_and_read_anew() -> None:
    assert steps(found(certificate("apiserver", 59), certificate("etcd-peer", 3))) == [
        "renew apiserver",
        "renew etcd-peer",
        "restart etcd",
        "restart kube-apiserver",
    ]


def test_what_nobody_reads_needs_no_restart() -> None:
    assert steps(found(certificate("admin.conf", 1))) == ["renew admin.conf"]


def test_a_component_that_is_older_than_its_certificate_is_started_again() -> None:
    there = found(certificate("apiserver", 364), written={"apiserver": NOW}, started={"kube-apiserver": NOW - 5})
    assert steps(there) == ["restart kube-apiserver"]


def test_a_ca_is_never_renewed_but_told() -> None:
    there = found(certificate("ca", 10, authority=True))
    assert steps(there) == []
    assert "ca" in warnings(there, 60)[0]


def test_what_another_ca_signs_is_told() -> None:
    there = found(certificate("apiserver", 10, external=True))
    assert steps(there) == []
    assert "apiserver" in warnings(there, 60)[0]


def test_an_expired_certificate_is_renewed() -> None:
    assert steps(found(certificate("scheduler.conf", -400))) == ["renew scheduler.conf", "restart kube-scheduler"]
