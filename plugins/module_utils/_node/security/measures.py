# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done for the security of a cluster: each measure has a switch of its name. The one source, also of the documentation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One thing that makes a cluster safer."""

    name: str
    """As it is written in `cluster_security`."""
    on: bool
    """Whether it is taken unless somebody says otherwise."""
    title: str
    price: str = ""
    """What it takes away or may break; empty: nothing that we know of."""


MEASURES = (
    Measure(
        "admission_always_pull",
        False,
        "Admission plugin AlwaysPullImages: a pod never runs an image that another pod pulled with credentials of its own.",
        "No pod starts while the registry of its image is away; images brought as archives do not do.",
    ),
    Measure(
        "admission_event_limit",
        False,
        "Admission plugin EventRateLimit: a flood of events does not fill etcd.",
        "Events beyond the limits are lost.",
    ),
    Measure(
        "admission_external_ips",
        True,
        "Admission plugin DenyServiceExternalIPs: nobody draws traffic to a foreign address to himself by a Service.",
        "Services with spec.externalIPs are refused.",
    ),
    Measure(
        "anonymous",
        True,
        "The API server answers without credentials only whether it is alive and ready, and who joins where the cluster is (cluster-info).",
        "Kubernetes before v1.32 can't tell paths apart: there, requests without credentials stay as kubeadm has them.",
    ),
    Measure(
        "audit_log",
        True,
        "Requests that change or read what matters are written down in /var/log/kubernetes/audit/audit.log, and the file is rotated.",
        "Up to 1.1 GB of disk on each control plane.",
    ),
    Measure(
        "encryption",
        True,
        "Secrets lie encrypted in etcd. Keys are changed by the playbook navarch.fleet.rotate_encryption_key.",
        "A backup of etcd is worth nothing without /etc/kubernetes/navarch/encryption.json.",
    ),
    Measure(
        "etcd_owner",
        True,
        "The data folder of etcd belongs to the user etcd, who can't log in. (etcd itself runs in its pod as kubeadm has it, as root.)",
    ),
    Measure(
        "file_permissions",
        True,
        "Configuration and credentials on the hosts are open to root alone.",
    ),
    Measure(
        "kernel_defaults",
        True,
        "The kernel's parameters are what the kubelet expects, and the kubelet refuses to start where they are not (protectKernelDefaults).",
        "Somebody else's tool that changes vm.overcommit_memory, vm.panic_on_oom, kernel.panic or kernel.panic_on_oops stops the kubelet at its next start.",
    ),
    Measure(
        "kubelet_access",
        True,
        "The kubelet answers nobody without a credential, asks the API server who may do what, and opens no read-only port.",
    ),
    Measure(
        "kubelet_events",
        True,
        "The kubelet writes at most 50 events per second.",
    ),
    Measure(
        "kubelet_pids",
        True,
        "A pod has at most 4096 processes.",
    ),
    Measure(
        "kubelet_serving_certificates",
        True,
        "Kubelets show certificates of the cluster's CA, and the API server checks them. Requests for them are approved after a look at names and addresses.",
        "Renewals wait for an approval: run navarch.fleet.provision at least once in a month.",
    ),
    Measure(
        "kubelet_timeouts",
        True,
        "Idle streams to containers (exec, attach, port-forward) end after 30 minutes.",
    ),
    Measure(
        "local_ports",
        True,
        "Metrics of scheduler, controller manager and kube-proxy are to be had on the host itself only.",
        "A Prometheus in a pod does not reach them.",
    ),
    Measure(
        "pod_security",
        True,
        "Pod Security Standards hold in all namespaces but those of cluster_pod_security_exempt; what is not restricted is warned about.",
        "Privileged pods, host namespaces and hostPath need a namespace with a label that allows them.",
    ),
    Measure(
        "profiling",
        True,
        "API server, controller manager and scheduler show no profiles of their processes.",
    ),
    Measure(
        "seccomp",
        True,
        "Containers without a seccomp profile of their own get the runtime's.",
    ),
    Measure(
        "service_account_tokens",
        True,
        "Tokens of service accounts live as long as they say and die with their pod.",
        "Clients that never read their token again (client libraries of before 2021) are refused after an hour.",
    ),
    Measure(
        "terminated_pods",
        True,
        "At most 1000 pods that have ended are kept.",
    ),
    Measure(
        "tls",
        True,
        "TLS 1.2 or newer with ciphers that nobody has broken, in API server, controller manager, scheduler, kubelet and etcd.",
    ),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def switches(given: Mapping[str, bool]) -> dict[str, bool]:
    """Which measures are taken; `given` are the user's words, and unknown names in it are nobody's measure."""
    return {measure.name: bool(given.get(measure.name, measure.on)) for measure in MEASURES}
