# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import certificates, etcd_certificates, kubeadm
from ansible_collections.navarch.fleet.plugins.module_utils._node.certificates import (
    Certificate,
    Found,
    Place,
    plan,
    warnings,
)
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import Step

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


def place_of_a_control_plane(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control plane with a certificate for an etcd that is elsewhere, which kubeadm does not look after."""
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ed25519",
        "-nodes",
        "-days",
        "20",
        "-subj",
        "/CN=x",
        "-keyout",
        "/dev/null",
    ]
    subprocess.run([*made, "-out", str(folder / "apiserver-etcd-client.crt")], check=True, capture_output=True)
    monkeypatch.setattr(certificates, "_PKI", str(folder))
    monkeypatch.setattr(kubeadm, "API_SERVER", str(folder / "apiserver-etcd-client.crt"))
    monkeypatch.setattr(etcd_certificates, "AUTHORITY_KEY", str(folder / "etcd/ca.key"))
    monkeypatch.setattr(
        certificates, "_kubeadm", lambda _words, _place: json.dumps({"certificates": [], "certificateAuthorities": []})
    )


@pytest.mark.parametrize("signs", [True, False])
def test_what_reaches_an_etcd_elsewhere_is_renewed_only_where_somebody_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signs: bool
) -> None:
    place_of_a_control_plane(tmp_path, monkeypatch)
    there = certificates.observe(Place(etcd_signs=signs))
    assert [(each.name, each.days(there.now)) for each in there.certificates] == [("apiserver-etcd-client", 19)]
    assert ("renew apiserver-etcd-client" in steps(there)) is signs
    assert bool(warnings(there, 60)) is not signs


def test_without_a_ticket_it_is_not_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place_of_a_control_plane(tmp_path, monkeypatch)
    step = Step("certificates", "renew", "apiserver-etcd-client")
    with pytest.raises(NodeError, match="gave a ticket"):
        certificates.act(step, Place(etcd_signs=True), 60)
