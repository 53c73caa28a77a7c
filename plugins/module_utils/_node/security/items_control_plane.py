# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of the benchmark about API server, controller manager, scheduler and etcd: parts 1.2 to 3.2, and 5.2. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from .checks import (
    Check,
    Item,
    Place,
    Verdict,
    every,
    flag_absent_or,
    flag_at_least,
    flag_has,
    flag_is,
    flag_lacks,
    flag_within,
    flags_given,
)
from .documents import CIPHERS
from .evidence import Evidence

_API, _MANAGER, _SCHEDULER, _ETCD = "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"
_ADMISSION = "enable-admission-plugins"
_PROVIDERS = frozenset({"secretbox", "aesgcm", "kms"})
_SENSITIVE = frozenset({"secrets", "configmaps"})


def _strangers_are_refused(evidence: Evidence) -> Verdict:
    said = evidence.strangers
    refused = all(status == 401 for path, status in said.items() if path != "/livez")
    return Verdict(bool(said) and refused and said.get("/livez") == 200, f"without credentials: {_answers(said)}")


def _answers(said: Mapping[str, int]) -> str:
    return ", ".join(f"{path} {status or 'no answer'}" for path, status in said.items())


def _values_are_encrypted(evidence: Evidence) -> Verdict:
    document = evidence.documents.get("encryption-provider-config")
    groups = document.get("resources") or [] if isinstance(document, Mapping) else []
    first = [next(iter(group["providers"][0])) for group in groups if group.get("providers")]
    if not first or not set(first) <= _PROVIDERS:
        return Verdict(False, f"providers: {', '.join(first) or 'none'}")
    if evidence.unread:
        return Verdict(False, evidence.unread)
    if evidence.open_values:
        return Verdict(False, f"not encrypted in etcd: {', '.join(evidence.open_values)}")
    return Verdict(True, f"{', '.join(first)}; every value in etcd is encrypted")


def _policy_covers_what_matters(evidence: Evidence) -> Verdict:
    policy = evidence.documents.get("audit-policy-file")
    if not isinstance(policy, Mapping):
        return Verdict(False, "there is no policy that can be read")
    rules = policy.get("rules") or []
    told = [
        name
        for rule in rules
        if rule.get("level") in ("Request", "RequestResponse")
        for group in rule.get("resources") or [{"group": "", "resources": list(_SENSITIVE)}]
        if not group.get("group")
        for name in group.get("resources") or list(_SENSITIVE)
        if name in _SENSITIVE
    ]
    covered = {rule.get("level") for rule in rules} - {"None"}
    if told:
        return Verdict(False, f"it writes down what is in {', '.join(sorted(set(told)))}")
    return Verdict(bool(covered), f"levels: {', '.join(sorted(covered)) or 'None'}")


def _pods_are_restricted(evidence: Evidence) -> Verdict:
    document = evidence.documents.get("admission-control-config-file")
    plugins = document.get("plugins") or [] if isinstance(document, Mapping) else []
    levels = [
        ((plugin.get("configuration") or {}).get("defaults") or {}).get("enforce", "privileged")
        for plugin in plugins
        if plugin.get("name") == "PodSecurity"
    ]
    return Verdict(
        levels in (["baseline"], ["restricted"]), f"PodSecurity enforces {levels[0] if levels else 'nothing'}"
    )


def _authorities_differ(evidence: Evidence) -> Verdict:
    etcd = (evidence.flags.get(_ETCD) or {}).get("trusted-ca-file", "")
    api = (evidence.flags.get(_API) or {}).get("client-ca-file", "")
    return Verdict(bool(etcd) and etcd != api, f"etcd trusts {etcd or 'nobody'}, the API server {api or 'nobody'}")


def _api(number: str, title: str, check: Check, remedy: str, measure: str = "") -> Item:
    return Item(number, title, Place.CONTROL_PLANE, check, remedy, measure)


def _etcd(number: str, title: str, check: Check, remedy: str) -> Item:
    return Item(number, title, Place.ETCD, check, remedy)


def _own(argument: str) -> str:
    """How to mend what kubeadm has right, and somebody changed."""
    return f"Take {argument} out of cluster_kubeadm and of the manifest, or set it as the title says."


def _switch(measure: str) -> str:
    return f"Set cluster_security: {{{measure}: true}} before the cluster begins; in one that runs, change the manifest as well."


ITEMS = (
    _api(
        "1.2.1",
        "Requests without credentials are refused, but for health",
        _strangers_are_refused,
        _switch("anonymous"),
        "anonymous",
    ),
    _api("1.2.2", "No file with passwords or tokens", flag_absent_or(_API, "token-auth-file"), _own("token-auth-file")),
    _api(
        "1.2.3",
        "Services can't claim foreign addresses",
        flag_has(_API, _ADMISSION, "DenyServiceExternalIPs"),
        _switch("admission_external_ips"),
        "admission_external_ips",
    ),
    _api(
        "1.2.4",
        "The API server has a credential for kubelets",
        flags_given(_API, "kubelet-client-certificate", "kubelet-client-key"),
        _own("kubelet-client-certificate"),
    ),
    _api(
        "1.2.5",
        "The API server checks kubelets' certificates",
        flags_given(_API, "kubelet-certificate-authority"),
        _switch("kubelet_serving_certificates"),
        "kubelet_serving_certificates",
    ),
    _api(
        "1.2.6",
        "Not everything is allowed to everybody",
        flag_lacks(_API, "authorization-mode", "AlwaysAllow"),
        _own("authorization-mode"),
    ),
    _api(
        "1.2.7",
        "Kubelets are authorized for their own Node",
        flag_has(_API, "authorization-mode", "Node"),
        _own("authorization-mode"),
    ),
    _api("1.2.8", "RBAC authorizes", flag_has(_API, "authorization-mode", "RBAC"), _own("authorization-mode")),
    _api(
        "1.2.9",
        "Events are limited",
        flag_has(_API, _ADMISSION, "EventRateLimit"),
        _switch("admission_event_limit"),
        "admission_event_limit",
    ),
    _api(
        "1.2.10", "Admission does not admit everything", flag_lacks(_API, _ADMISSION, "AlwaysAdmit"), _own(_ADMISSION)
    ),
    _api(
        "1.2.11",
        "Images are pulled with the pod's own credential",
        flag_has(_API, _ADMISSION, "AlwaysPullImages"),
        _switch("admission_always_pull"),
        "admission_always_pull",
    ),
    _api(
        "1.2.12",
        "Admission plugin ServiceAccount",
        flag_lacks(_API, "disable-admission-plugins", "ServiceAccount"),
        _own("disable-admission-plugins"),
    ),
    _api(
        "1.2.13",
        "Admission plugin NamespaceLifecycle",
        flag_lacks(_API, "disable-admission-plugins", "NamespaceLifecycle"),
        _own("disable-admission-plugins"),
    ),
    _api("1.2.14", "Admission plugin NodeRestriction", flag_has(_API, _ADMISSION, "NodeRestriction"), _own(_ADMISSION)),
    _api(
        "1.2.15",
        "No profiles of the API server",
        flag_is(_API, "profiling", "false"),
        _switch("profiling"),
        "profiling",
    ),
    _api("1.2.16", "An audit log is written", flags_given(_API, "audit-log-path"), _switch("audit_log"), "audit_log"),
    _api(
        "1.2.17",
        "The audit log is kept for 30 days",
        flag_at_least(_API, "audit-log-maxage", 30),
        _switch("audit_log"),
        "audit_log",
    ),
    _api(
        "1.2.18",
        "The audit log is kept in 10 files",
        flag_at_least(_API, "audit-log-maxbackup", 10),
        _switch("audit_log"),
        "audit_log",
    ),
    _api(
        "1.2.19",
        "A file of the audit log may have 100 MB",
        flag_at_least(_API, "audit-log-maxsize", 100),
        _switch("audit_log"),
        "audit_log",
    ),
    _api(
        "1.2.20",
        "Requests end in time",
        flag_absent_or(_API, "request-timeout", "60s", "1m0s", "1m"),
        _own("request-timeout"),
    ),
    _api(
        "1.2.21",
        "Tokens of deleted service accounts are refused",
        flag_absent_or(_API, "service-account-lookup", "true"),
        _switch("service_account_tokens"),
        "service_account_tokens",
    ),
    _api(
        "1.2.22",
        "Tokens of service accounts are checked with a key of their own",
        flags_given(_API, "service-account-key-file"),
        _own("service-account-key-file"),
    ),
    _api(
        "1.2.23",
        "The API server has a credential for etcd",
        flags_given(_API, "etcd-certfile", "etcd-keyfile"),
        _own("etcd-certfile"),
    ),
    _api(
        "1.2.24",
        "The API server serves TLS",
        flags_given(_API, "tls-cert-file", "tls-private-key-file"),
        _own("tls-cert-file"),
    ),
    _api("1.2.25", "Certificates of clients are checked", flags_given(_API, "client-ca-file"), _own("client-ca-file")),
    _api("1.2.26", "The API server checks etcd's certificate", flags_given(_API, "etcd-cafile"), _own("etcd-cafile")),
    _api(
        "1.2.27",
        "Encryption at rest is configured",
        flags_given(_API, "encryption-provider-config"),
        _switch("encryption"),
        "encryption",
    ),
    _api(
        "1.2.28",
        "What is to be encrypted lies encrypted in etcd",
        _values_are_encrypted,
        "Run navarch.fleet.rotate_encryption_key, which writes everything again.",
        "encryption",
    ),
    _api(
        "1.2.29",
        "Strong ciphers in the API server",
        flag_within(_API, "tls-cipher-suites", CIPHERS),
        _switch("tls"),
        "tls",
    ),
    _api(
        "1.2.30",
        "Tokens of service accounts are not prolonged",
        flag_is(_API, "service-account-extend-token-expiration", "false"),
        _switch("service_account_tokens"),
        "service_account_tokens",
    ),
    _api(
        "1.3.1",
        "Pods that have ended are cleared away",
        flags_given(_MANAGER, "terminated-pod-gc-threshold"),
        _switch("terminated_pods"),
        "terminated_pods",
    ),
    _api(
        "1.3.2",
        "No profiles of the controller manager",
        flag_is(_MANAGER, "profiling", "false"),
        _switch("profiling"),
        "profiling",
    ),
    _api(
        "1.3.3",
        "Each controller has a credential of its own",
        flag_is(_MANAGER, "use-service-account-credentials", "true"),
        _own("use-service-account-credentials"),
    ),
    _api(
        "1.3.4",
        "Tokens of service accounts are signed with a key of their own",
        flags_given(_MANAGER, "service-account-private-key-file"),
        _own("service-account-private-key-file"),
    ),
    _api("1.3.5", "Pods get the CA of the API server", flags_given(_MANAGER, "root-ca-file"), _own("root-ca-file")),
    _api(
        "1.3.6",
        "Kubelets' serving certificates may be renewed",
        flag_lacks(_MANAGER, "feature-gates", "RotateKubeletServerCertificate=false"),
        _own("feature-gates"),
    ),
    _api(
        "1.3.7",
        "The controller manager listens on the host alone",
        flag_is(_MANAGER, "bind-address", "127.0.0.1", "::1"),
        _switch("local_ports"),
        "local_ports",
    ),
    _api(
        "1.4.1",
        "No profiles of the scheduler",
        flag_is(_SCHEDULER, "profiling", "false"),
        _switch("profiling"),
        "profiling",
    ),
    _api(
        "1.4.2",
        "The scheduler listens on the host alone",
        flag_is(_SCHEDULER, "bind-address", "127.0.0.1", "::1"),
        _switch("local_ports"),
        "local_ports",
    ),
    _etcd("2.1", "etcd serves TLS", flags_given(_ETCD, "cert-file", "key-file"), _own("cert-file")),
    _etcd(
        "2.2",
        "etcd checks its clients' certificates",
        flag_is(_ETCD, "client-cert-auth", "true"),
        _own("client-cert-auth"),
    ),
    _etcd("2.3", "etcd's certificate is not self-signed", flag_absent_or(_ETCD, "auto-tls", "false"), _own("auto-tls")),
    _etcd(
        "2.4",
        "Members of etcd speak TLS",
        flags_given(_ETCD, "peer-cert-file", "peer-key-file"),
        _own("peer-cert-file"),
    ),
    _etcd(
        "2.5",
        "Members of etcd check each other's certificates",
        flag_is(_ETCD, "peer-client-cert-auth", "true"),
        _own("peer-client-cert-auth"),
    ),
    _etcd(
        "2.6",
        "Certificates of members are not self-signed",
        flag_absent_or(_ETCD, "peer-auto-tls", "false"),
        _own("peer-auto-tls"),
    ),
    _etcd("2.7", "etcd has a CA of its own", _authorities_differ, _own("trusted-ca-file")),
    _api(
        "3.2.1", "There is an audit policy", flags_given(_API, "audit-policy-file"), _switch("audit_log"), "audit_log"
    ),
    _api(
        "3.2.2",
        "The audit policy covers what matters, and keeps secrets out",
        _policy_covers_what_matters,
        "See cluster_audit_policy.",
        "audit_log",
    ),
    _api(
        "5.2.1",
        "Pods are held to a Pod Security Standard",
        _pods_are_restricted,
        _switch("pod_security"),
        "pod_security",
    ),
    _api(
        "X.1",
        "TLS 1.2 at least, strong ciphers: controller manager and scheduler",
        every(
            flag_within(_MANAGER, "tls-cipher-suites", CIPHERS),
            flag_within(_SCHEDULER, "tls-cipher-suites", CIPHERS),
            *(
                flag_is(part, "tls-min-version", "VersionTLS12", "VersionTLS13")
                for part in (_API, _MANAGER, _SCHEDULER)
            ),
        ),
        _switch("tls"),
        "tls",
    ),
    Item(
        "X.2",
        "TLS 1.2 at least, strong ciphers: etcd",
        Place.ETCD,
        every(flag_within(_ETCD, "cipher-suites", CIPHERS), flag_is(_ETCD, "tls-min-version", "TLS1.2", "TLS1.3")),
        _switch("tls"),
        "tls",
    ),
)
