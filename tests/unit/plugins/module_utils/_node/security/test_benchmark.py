# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's items are judged by what runs and lies there; a switch turns its own items, and no others."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node.security import benchmark, texts
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.benchmark import ITEMS, Result
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.checks import Place
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.documents import secured
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.evidence import Evidence, FileFact
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.measures import MEASURES
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.settings import Settings

EVERYWHERE = set(Place)
# What kubeadm writes by itself, whatever the measures are.
KUBEADM = {
    "kube-apiserver": {
        "authorization-mode": "Node,RBAC",
        "client-ca-file": "/etc/kubernetes/pki/ca.crt",
        "etcd-cafile": "/etc/kubernetes/pki/etcd/ca.crt",
        "etcd-certfile": "a",
        "etcd-keyfile": "a",
        "kubelet-client-certificate": "a",
        "kubelet-client-key": "a",
        "service-account-key-file": "a",
        "tls-cert-file": "a",
        "tls-private-key-file": "a",
    },
    "kube-controller-manager": {
        "bind-address": "127.0.0.1",
        "root-ca-file": "a",
        "service-account-private-key-file": "a",
        "use-service-account-credentials": "true",
    },
    "kube-scheduler": {"bind-address": "127.0.0.1"},
    "etcd": {
        "cert-file": "a",
        "key-file": "a",
        "client-cert-auth": "true",
        "peer-cert-file": "a",
        "peer-key-file": "a",
        "peer-client-cert-auth": "true",
        "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
    },
    "kubelet": {},
    "kube-proxy": {},
}
PARTS = {"kube-apiserver": "apiServer", "kube-controller-manager": "controllerManager", "kube-scheduler": "scheduler"}


def settings(**switches: bool) -> Settings:
    given = {
        "cluster_kubernetes_version": "v1.37.2",
        "cluster_security": switches,
        "cluster_pod_security_exempt": ["kube-system"],
    }
    return Settings.from_dict(given)


def evidence(wanted: Settings) -> Evidence:
    """What a host would show that was made with these settings."""
    documents = secured(wanted)
    cluster = documents["ClusterConfiguration"]
    flags = {name: dict(given) for name, given in KUBEADM.items()}
    for name, part in PARTS.items():
        flags[name].update({each["name"]: each["value"] for each in cluster[part]["extraArgs"]})
    flags["etcd"].update({each["name"]: each["value"] for each in cluster["etcd"]["local"]["extraArgs"]})
    mode = 0o600 if wanted.on("file_permissions") else 0o644
    owner = "etcd:etcd" if wanted.on("etcd_owner") else "root:root"
    files: dict[str, Any] = {
        pattern: (FileFact(pattern, mode, "root:root"),) for pattern in benchmark.patterns(EVERYWHERE)
    }
    files["/var/lib/etcd"] = (FileFact("/var/lib/etcd", 0o700, owner),)
    encrypted = (
        {"resources": [{"resources": ["secrets"], "providers": [{"secretbox": {}}]}]}
        if wanted.on("encryption")
        else None
    )
    stranger = 401 if wanted.on("anonymous") else 403
    return Evidence(
        flags=flags,
        files=files,
        documents={
            "audit-policy-file": texts.audit_policy(wanted) if wanted.on("audit_log") else None,
            "admission-control-config-file": texts.admission(wanted),
            "encryption-provider-config": encrypted,
        },
        kubelet={
            "streamingConnectionIdleTimeout": "4h0m0s",
            "tlsCipherSuites": None,
            **documents["KubeletConfiguration"],
        },
        proxy=f"metricsBindAddress: {documents['KubeProxyConfiguration'].get('metricsBindAddress', '0.0.0.0')}\n",
        strangers={"/livez": 200, "/api": stranger},
        kubelet_certificate="" if wanted.on("kubelet_serving_certificates") else "self-signed certificate",
    )


def results(given: Evidence, wanted: Settings) -> dict[str, Result]:
    return {each.number: each.result for each in benchmark.judge(given, EVERYWHERE, wanted.switches)}


def test_with_all_measures_every_item_passes() -> None:
    wanted = settings(**{measure.name: True for measure in MEASURES})
    assert {
        number for number, result in results(evidence(wanted), wanted).items() if result is not Result.PASS
    } == set()


def test_by_default_only_the_options_are_off() -> None:
    wanted = settings()
    assert {
        number: result for number, result in results(evidence(wanted), wanted).items() if result is not Result.PASS
    } == {
        "1.2.9": Result.OFF,
        "1.2.11": Result.OFF,
    }


@pytest.mark.parametrize("measure", [measure.name for measure in MEASURES])
def test_a_switch_turns_its_own_items_and_no_others(measure: str) -> None:
    every = {each.name: True for each in MEASURES}
    wanted = settings(**{**every, measure: False})
    turned = {number for number, result in results(evidence(wanted), wanted).items() if result is Result.OFF}
    own = {item.number for item in ITEMS if item.measure == measure}
    assert turned <= own
    assert turned, "an item reads back what the measure does"
    assert Result.FAIL not in results(evidence(wanted), wanted).values()


def test_what_does_not_hold_with_its_switch_on_fails_and_says_how_to_mend() -> None:
    loose = evidence(settings(profiling=False))
    found = [each for each in benchmark.judge(loose, EVERYWHERE, settings().switches) if each.result is Result.FAIL]
    assert [each.number for each in found] == ["1.2.15", "1.3.2", "1.4.1"]
    assert all(each.remedy and each.evidence for each in found)


@pytest.mark.parametrize(
    ("component", "flag", "value", "number"),
    [
        ("kube-apiserver", "authorization-mode", "AlwaysAllow,Node,RBAC", "1.2.6"),
        ("kube-apiserver", "authorization-mode", "RBAC", "1.2.7"),
        ("kube-apiserver", "authorization-mode", "Node", "1.2.8"),
        ("kube-apiserver", "token-auth-file", "/tokens", "1.2.2"),
        ("kube-apiserver", "enable-admission-plugins", "NodeRestriction,DenyServiceExternalIPs,AlwaysAdmit", "1.2.10"),
        ("kube-apiserver", "disable-admission-plugins", "ServiceAccount", "1.2.12"),
        ("kube-apiserver", "disable-admission-plugins", "NamespaceLifecycle", "1.2.13"),
        ("kube-apiserver", "audit-log-maxage", "7", "1.2.17"),
        ("kube-apiserver", "tls-cipher-suites", "TLS_RSA_WITH_AES_128_CBC_SHA", "1.2.29"),
        ("kube-apiserver", "service-account-lookup", "false", "1.2.21"),
        ("kube-controller-manager", "bind-address", "0.0.0.0", "1.3.7"),
        ("kube-controller-manager", "feature-gates", "RotateKubeletServerCertificate=false", "1.3.6"),
        ("kube-scheduler", "bind-address", "0.0.0.0", "1.4.2"),
        ("etcd", "client-cert-auth", "false", "2.2"),
        ("etcd", "auto-tls", "true", "2.3"),
        ("etcd", "peer-auto-tls", "true", "2.6"),
        ("etcd", "trusted-ca-file", "/etc/kubernetes/pki/ca.crt", "2.7"),
        ("kubelet", "hostname-override", "other", "4.2.7"),
    ],
)
def test_a_wrong_argument_fails_its_item(component: str, flag: str, value: str, number: str) -> None:
    right = evidence(settings())
    flags = {**right.flags, component: {**right.flags[component], flag: value}}
    said = results(dataclasses.replace(right, flags=flags), settings())
    assert said[number] is Result.FAIL


def test_a_secret_that_lies_open_in_etcd_fails_although_everything_is_configured() -> None:
    open_one = dataclasses.replace(evidence(settings()), open_values=("secrets default/old",))
    assert results(open_one, settings())["1.2.28"] is Result.FAIL


def test_an_api_server_that_tells_strangers_fails_although_it_is_configured() -> None:
    telling = dataclasses.replace(evidence(settings()), strangers={"/livez": 200, "/api/v1/nodes": 403})
    assert results(telling, settings())["1.2.1"] is Result.FAIL
    dead = dataclasses.replace(evidence(settings()), strangers={"/livez": 401, "/api/v1/nodes": 401})
    assert results(dead, settings())["1.2.1"] is Result.FAIL


def test_a_policy_that_writes_secrets_down_fails() -> None:
    right = evidence(settings())
    loud = {"rules": [{"level": "RequestResponse", "resources": [{"group": "", "resources": ["secrets"]}]}]}
    said = results(dataclasses.replace(right, documents={**right.documents, "audit-policy-file": loud}), settings())
    assert said["3.2.2"] is Result.FAIL


def test_a_part_that_does_not_run_is_not_passed() -> None:
    right = evidence(settings())
    flags = {name: given for name, given in right.flags.items() if name != "kube-scheduler"}
    assert results(dataclasses.replace(right, flags=flags), settings())["1.4.1"] is Result.FAIL


def test_numbers_are_given_once_and_in_order() -> None:
    numbers = [item.number for item in ITEMS]
    assert len(set(numbers)) == len(numbers)
    assert numbers.index("1.2.9") < numbers.index("1.2.10") < numbers.index("4.2.1") < numbers.index("X.1")


def test_every_measure_is_read_back() -> None:
    assert {measure.name for measure in MEASURES} == {item.measure for item in ITEMS if item.measure}
