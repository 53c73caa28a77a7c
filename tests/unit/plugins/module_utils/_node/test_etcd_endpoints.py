# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API servers follow hosts of etcd that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd, etcd_endpoints, kubeadm
from ansible_collections.navarch.fleet.plugins.module_utils._node.etcd_endpoints import Found, Wanted

TWO = ("https://10.0.0.1:2379", "https://10.0.0.2:2379")
CONFIGURATION = """apiVersion: kubeadm.k8s.io/v1beta4
etcd:
  external:
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    endpoints:
    - https://10.0.0.1:2379
    - https://10.0.0.2:2379
    keyFile: /etc/kubernetes/pki/apiserver-etcd-client.key
kind: ClusterConfiguration
"""
MANIFEST = """spec:
  containers:
  - command:
    - kube-apiserver
    - --etcd-servers=https://10.0.0.1:2379,https://10.0.0.2:2379
    - --event-ttl=1h0m0s
"""


def steps(endpoints: tuple[str, ...], found: Found) -> list[str]:
    return [step.action for step in etcd_endpoints.plan(Wanted(endpoints, {}, 60), found)]


def test_where_nothing_came_or_went_nothing_is_done() -> None:
    assert steps(TWO, Found(TWO, TWO)) == []
    assert steps(TWO[::-1], Found(TWO, TWO)) == []


def test_a_host_that_came_is_written_into_the_manifest_and_the_configuration() -> None:
    three = (*TWO, "https://10.0.0.3:2379")
    assert steps(three, Found(TWO, TWO)) == ["upload", "write"]
    assert steps(three, Found(TWO, three)) == ["write"]


def test_endpoints_are_read_from_kubeadms_configuration() -> None:
    assert etcd_endpoints.in_configuration(CONFIGURATION) == TWO
    assert etcd_endpoints.in_configuration("etcd:\n  local:\n    dataDir: /var/lib/etcd\n") == ()


def test_only_the_one_option_of_the_manifest_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = tmp_path / "kube-apiserver.yaml"
    manifest.write_text(MANIFEST)
    monkeypatch.setattr(kubeadm, "API_SERVER", str(manifest))
    assert etcd.servers() == TWO
    step = etcd_endpoints.plan(Wanted(TWO[:1], {}, 60), Found(TWO, TWO[:1]))[0]
    etcd_endpoints.act(step, Wanted(TWO[:1], {}, 60))
    assert manifest.read_text() == MANIFEST.replace(",https://10.0.0.2:2379", "")
