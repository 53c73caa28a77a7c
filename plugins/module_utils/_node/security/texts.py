# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files beside kubeadm's configuration that the measures need on a host. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .settings import Settings

FOLDER = "/etc/kubernetes/navarch"
AUDIT_FOLDER = "/var/log/kubernetes/audit"
AUDIT_LOG = f"{AUDIT_FOLDER}/audit.log"
AUDIT_POLICY = f"{FOLDER}/audit-policy.json"
ADMISSION = f"{FOLDER}/admission.json"
AUTHENTICATION = f"{FOLDER}/authentication.json"
ENCRYPTION = f"{FOLDER}/encryption.json"
OPEN_PATHS = ("/livez", "/readyz", "/healthz", "/api/v1/namespaces/kube-public/configmaps/cluster-info")
"""What the API server answers without credentials: probes of kubelet and load balancer, and kubeadm's discovery, which is signed."""
KERNEL_DEFAULTS = {
    "kernel.keys.root_maxbytes": "25000000",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
}
"""What the kubelet expects with protectKernelDefaults."""


def sysctls(settings: Settings) -> dict[str, str]:
    """Parameters of the kernel, as module `host` takes them."""
    return dict(KERNEL_DEFAULTS) if settings.on("kernel_defaults") else {}


def files(settings: Settings) -> list[dict[str, Any]]:
    """Files of a control plane, as module `host` takes them. The keys of encryption are not among them."""
    wanted: list[dict[str, Any]] = [{"path": FOLDER, "mode": "0700"}]
    if settings.on("audit_log"):
        wanted += [{"path": AUDIT_FOLDER, "mode": "0700"}, _file(AUDIT_POLICY, audit_policy(settings))]
    if settings.on("pod_security") or settings.on("admission_event_limit"):
        wanted.append(_file(ADMISSION, admission(settings)))
    if settings.restricts_anonymous:
        wanted.append(_file(AUTHENTICATION, authentication(settings)))
    return wanted


def permissions(settings: Settings) -> list[dict[str, str]]:
    """What files and folders that exist may be open to at most, as module `host` takes it; `*` stands for any name."""
    data = {"path": "/var/lib/etcd", "mode": "0700", "owner": "etcd", "group": "etcd"}
    return [*_configuration(settings), *([data] if settings.on("etcd_owner") else [])]


def _configuration(settings: Settings) -> list[dict[str, str]]:
    if not settings.on("file_permissions"):
        return []
    return [
        {"path": path, "mode": "0600", "owner": "root", "group": "root"}
        for path in (
            "/etc/kubernetes/*.conf",
            "/etc/kubernetes/manifests/*.yaml",
            "/etc/kubernetes/pki/*.key",
            "/etc/kubernetes/pki/etcd/*.key",
            "/etc/cni/net.d/*",
            "/var/lib/kubelet/config.yaml",
        )
    ]


def audit_policy(settings: Settings) -> Mapping[str, Any]:
    """What is written down: who changed what, who looked at secrets, who went into containers; never what secrets say."""
    if settings.audit_policy:
        return {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", **settings.audit_policy}
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "nonResourceURLs": ["/livez*", "/readyz*", "/healthz*", "/version", "/openapi*"]},
            {
                "level": "None",
                "users": ["system:kube-scheduler", "system:kube-controller-manager", "system:apiserver"],
                "verbs": ["get", "list", "watch", "update"],
                "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
            },
            {
                "level": "None",
                "userGroups": ["system:nodes"],
                "resources": [
                    {"group": "coordination.k8s.io", "resources": ["leases"]},
                    {"group": "", "resources": ["nodes/status", "pods/status"]},
                ],
            },
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io"}]},
            {
                "level": "Metadata",
                "resources": [
                    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
                ],
            },
            {
                "level": "Metadata",
                "resources": [
                    {
                        "group": "",
                        "resources": [
                            "pods/exec",
                            "pods/attach",
                            "pods/portforward",
                            "pods/proxy",
                            "services/proxy",
                            "nodes/proxy",
                        ],
                    }
                ],
            },
            {
                "level": "None",
                "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"],
                "verbs": ["get", "list", "watch"],
            },
            {
                "level": "Request",
                "verbs": ["create", "update", "patch", "delete", "deletecollection"],
                "resources": [
                    {
                        "group": "",
                        "resources": [
                            "pods",
                            "services",
                            "namespaces",
                            "nodes",
                            "serviceaccounts",
                            "persistentvolumes",
                        ],
                    },
                    {"group": "apps"},
                    {"group": "batch"},
                    {"group": "rbac.authorization.k8s.io"},
                    {"group": "admissionregistration.k8s.io"},
                    {"group": "certificates.k8s.io"},
                    {"group": "networking.k8s.io"},
                ],
            },
            {"level": "Metadata"},
        ],
    }


def admission(settings: Settings) -> Mapping[str, Any]:
    """Configuration of the admission plugins."""
    plugins = []
    if settings.on("pod_security"):
        plugins.append({"name": "PodSecurity", "configuration": _pod_security(settings)})
    if settings.on("admission_event_limit"):
        plugins.append({"name": "EventRateLimit", "configuration": _event_limits()})
    return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": plugins}


def authentication(settings: Settings) -> Mapping[str, Any]:
    """Configuration of authentication: anonymous requests for a few paths, and for no others."""
    return {
        "apiVersion": f"apiserver.config.k8s.io/{settings.authentication_version}",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in OPEN_PATHS]},
    }


def _pod_security(settings: Settings) -> Mapping[str, Any]:
    return {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {
            "enforce": settings.pod_security,
            "enforce-version": "latest",
            "audit": "restricted",
            "audit-version": "latest",
            "warn": "restricted",
            "warn-version": "latest",
        },
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": list(settings.exempt_namespaces)},
    }


def _event_limits() -> Mapping[str, Any]:
    return {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [
            {"type": "Server", "qps": 200, "burst": 1000},
            {"type": "Namespace", "qps": 50, "burst": 200, "cacheSize": 2000},
        ],
    }


def _file(path: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": path, "mode": "0600", "content": json.dumps(content, indent=2) + "\n"}
