# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of the benchmark about kubelet and kube-proxy: parts 4.2 and 4.3. Pure."""

from __future__ import annotations

from .checks import Check, Item, Place, Verdict, every, flag_absent_or, kubelet
from .documents import CIPHERS
from .evidence import Evidence, field_of


def _certificate_is_the_clusters(evidence: Evidence) -> Verdict:
    problem = evidence.kubelet_certificate
    return Verdict(not problem, problem or "the kubelet shows a certificate of the cluster's CA")


def _metrics_are_local(evidence: Evidence) -> Verdict:
    if "kube-proxy" not in evidence.flags:
        return Verdict(True, "no kube-proxy runs here")
    address = evidence.flags["kube-proxy"].get("metrics-bind-address") or field_of(evidence.proxy, "metricsBindAddress")
    return Verdict(
        address.startswith(("127.0.0.1", "[::1]", "localhost")), f"metricsBindAddress: {address or 'not given'}"
    )


def _item(number: str, title: str, check: Check, measure: str = "", remedy: str = "") -> Item:
    mended = (
        remedy
        or f"Set cluster_security: {{{measure}: true}} before the cluster begins; in one that runs, change the kubelet's configuration as well."
    )
    return Item(number, title, Place.NODE, check, mended, measure)


_OWN = "Take the field out of cluster_kubeadm.KubeletConfiguration, or set it as the title says."

ITEMS = (
    _item(
        "4.2.1",
        "The kubelet refuses requests without credentials",
        kubelet("authentication.anonymous.enabled", lambda value: value is False),
        "kubelet_access",
    ),
    _item(
        "4.2.2",
        "The kubelet asks who may do what",
        kubelet("authorization.mode", lambda value: value == "Webhook"),
        "kubelet_access",
    ),
    _item(
        "4.2.3",
        "The kubelet checks certificates of clients",
        kubelet("authentication.x509.clientCAFile", bool),
        "kubelet_access",
    ),
    _item(
        "4.2.4",
        "The kubelet has no port that asks for nothing",
        kubelet("readOnlyPort", lambda value: not value),
        "kubelet_access",
    ),
    _item(
        "4.2.5",
        "Idle streams end",
        kubelet("streamingConnectionIdleTimeout", lambda value: value not in (None, "0s", "4h0m0s", 0)),
        "kubelet_timeouts",
    ),
    _item(
        "4.2.6",
        "The kubelet keeps its chains of iptables",
        kubelet("makeIPTablesUtilChains", lambda value: value is not False),
        "",
        _OWN,
    ),
    _item(
        "4.2.7",
        "The kubelet's name is the host's",
        flag_absent_or("kubelet", "hostname-override"),
        "",
        "Give the host the name of its Node, or cluster_node_name the name of the host, before it joins.",
    ),
    _item(
        "4.2.8",
        "The kubelet's events are limited",
        kubelet("eventRecordQPS", lambda value: isinstance(value, int) and 0 < value <= 50),
        "kubelet_events",
    ),
    _item(
        "4.2.9",
        "The kubelet shows a certificate of the cluster",
        _certificate_is_the_clusters,
        "kubelet_serving_certificates",
        "Run navarch.fleet.provision, which approves requests for certificates after a look at them.",
    ),
    _item(
        "4.2.10",
        "The kubelet renews its credential",
        kubelet("rotateCertificates", lambda value: value is True),
        "",
        _OWN,
    ),
    _item(
        "4.2.11",
        "The kubelet asks the cluster for its serving certificate",
        every(
            kubelet("serverTLSBootstrap", lambda value: value is True),
            kubelet("featureGates.RotateKubeletServerCertificate", lambda value: value is not False),
        ),
        "kubelet_serving_certificates",
    ),
    _item(
        "4.2.12",
        "Strong ciphers in the kubelet",
        kubelet("tlsCipherSuites", lambda value: bool(value) and set(value) <= set(CIPHERS)),
        "tls",
    ),
    _item(
        "4.2.13",
        "A pod can't use up all processes",
        kubelet("podPidsLimit", lambda value: isinstance(value, int) and value > 0),
        "kubelet_pids",
    ),
    _item(
        "4.2.14", "Containers have a seccomp profile", kubelet("seccompDefault", lambda value: value is True), "seccomp"
    ),
    _item(
        "4.3.1",
        "kube-proxy's metrics are to be had on the host alone",
        _metrics_are_local,
        "local_ports",
        "Take metricsBindAddress out of cluster_kubeadm.KubeProxyConfiguration.",
    ),
    _item(
        "X.3",
        "The kernel's parameters are protected",
        kubelet("protectKernelDefaults", lambda value: value is True),
        "kernel_defaults",
    ),
    _item(
        "X.4",
        "TLS 1.2 at least: kubelet",
        kubelet("tlsMinVersion", lambda value: value in ("VersionTLS12", "VersionTLS13")),
        "tls",
    ),
)
