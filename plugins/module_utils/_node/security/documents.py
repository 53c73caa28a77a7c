# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kubeadm's configuration with the measures in it, and the user's own on top. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .settings import Settings
from .texts import ADMISSION, AUDIT_FOLDER, AUDIT_LOG, AUDIT_POLICY, AUTHENTICATION, ENCRYPTION, FOLDER

CIPHERS = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
"""For TLS 1.2; those of TLS 1.3 can't be chosen."""
_PLACES_OF_ARGUMENTS = frozenset({"extraArgs", "kubeletExtraArgs"})
_NAMED_LISTS = frozenset({*_PLACES_OF_ARGUMENTS, "extraVolumes", "extraEnvs"})

Document = Mapping[str, Any]
Documents = Mapping[str, Document]


def secured(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the measures want of kubeadm, by kind of document."""
    components = {
        "apiServer": {"extraArgs": _arguments(_api_server(settings)), "extraVolumes": _volumes(settings)},
        "controllerManager": {"extraArgs": _arguments(_controller_manager(settings))},
        "scheduler": {"extraArgs": _arguments(_scheduler(settings))},
        "etcd": {"local": {"extraArgs": _arguments(_etcd(settings))}},
    }
    return {
        "ClusterConfiguration": components,
        "KubeletConfiguration": _kubelet(settings),
        "KubeProxyConfiguration": {"metricsBindAddress": "127.0.0.1:10249"} if settings.on("local_ports") else {},
    }


def merged(*layers: Documents) -> dict[str, dict[str, Any]]:
    """Documents on top of each other: the later one counts.

    Arguments, volumes and environment variables are told apart by their names; other lists are replaced.
    """
    result: dict[str, Any] = {}
    for layer in layers:
        result = _merged(result, layer)
    # A cluster whose etcd is external has no local one.
    etcd = (result.get("ClusterConfiguration") or {}).get("etcd") or {}
    if "external" in etcd:
        etcd.pop("local", None)
    return result


def undone(settings: Settings, user: Documents) -> list[str]:
    """What the user's own configuration changes of the measures that are on, each as a sentence."""
    ours = secured(settings)
    before, after = dict(_leaves(ours)), dict(_leaves(merged(ours, user)))
    return [
        f"cluster_kubeadm has {place}: {after.get(place)}, where a measure of cluster_security says {value}; yours counts."
        for place, value in before.items()
        if after.get(place) != value and not place.startswith("ClusterConfiguration.etcd")
    ]


def _api_server(settings: Settings) -> dict[str, str]:
    arguments = {"enable-admission-plugins": ",".join(_admission_plugins(settings))}
    if settings.on("pod_security") or settings.on("admission_event_limit"):
        arguments["admission-control-config-file"] = ADMISSION
    if settings.restricts_anonymous:
        arguments["authentication-config"] = AUTHENTICATION
    if settings.on("audit_log"):
        arguments.update(
            {
                "audit-log-path": AUDIT_LOG,
                "audit-log-maxage": "30",
                "audit-log-maxbackup": "10",
                "audit-log-maxsize": "100",
                "audit-policy-file": AUDIT_POLICY,
            }
        )
    if settings.on("encryption"):
        arguments["encryption-provider-config"] = ENCRYPTION
        arguments["encryption-provider-config-automatic-reload"] = "true"
    if settings.on("kubelet_serving_certificates"):
        arguments["kubelet-certificate-authority"] = "/etc/kubernetes/pki/ca.crt"
    if settings.on("service_account_tokens"):
        arguments["service-account-extend-token-expiration"] = "false"
        arguments["service-account-lookup"] = "true"
    return {**arguments, **_profiling(settings), **_tls(settings)}


def _admission_plugins(settings: Settings) -> list[str]:
    plugins = {
        "admission_external_ips": "DenyServiceExternalIPs",
        "admission_always_pull": "AlwaysPullImages",
        "admission_event_limit": "EventRateLimit",
    }
    return ["NodeRestriction", *(plugin for measure, plugin in plugins.items() if settings.on(measure))]


def _controller_manager(settings: Settings) -> dict[str, str]:
    arguments = {**_profiling(settings), **_tls(settings), **_local(settings)}
    if settings.on("terminated_pods"):
        arguments["terminated-pod-gc-threshold"] = "1000"
    return arguments


def _scheduler(settings: Settings) -> dict[str, str]:
    return {**_profiling(settings), **_tls(settings), **_local(settings)}


def _etcd(settings: Settings) -> dict[str, str]:
    if not settings.on("tls"):
        return {}
    return {"cipher-suites": ",".join(CIPHERS), "tls-min-version": "TLS1.2"}


def _profiling(settings: Settings) -> dict[str, str]:
    return {"profiling": "false"} if settings.on("profiling") else {}


def _tls(settings: Settings) -> dict[str, str]:
    if not settings.on("tls"):
        return {}
    return {"tls-min-version": "VersionTLS12", "tls-cipher-suites": ",".join(CIPHERS)}


def _local(settings: Settings) -> dict[str, str]:
    return {"bind-address": "127.0.0.1"} if settings.on("local_ports") else {}


def _kubelet(settings: Settings) -> dict[str, Any]:
    fields: dict[str, Any] = {"rotateCertificates": True}
    if settings.on("kubelet_access"):
        fields["authentication"] = {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        }
        fields["authorization"] = {"mode": "Webhook"}
        fields["readOnlyPort"] = 0
    if settings.on("kubelet_serving_certificates"):
        fields["serverTLSBootstrap"] = True
    if settings.on("kubelet_events"):
        fields["eventRecordQPS"] = 50
    if settings.on("kubelet_pids"):
        fields["podPidsLimit"] = 4096
    if settings.on("kubelet_timeouts"):
        fields["streamingConnectionIdleTimeout"] = "30m0s"
    if settings.on("kernel_defaults"):
        fields["protectKernelDefaults"] = True
    if settings.on("seccomp"):
        fields["seccompDefault"] = True
    if settings.on("tls"):
        fields["tlsMinVersion"] = "VersionTLS12"
        fields["tlsCipherSuites"] = list(CIPHERS)
    return fields


def _volumes(settings: Settings) -> list[dict[str, Any]]:
    volumes = [{"name": "navarch", "hostPath": FOLDER, "mountPath": FOLDER, "readOnly": True, "pathType": "Directory"}]
    if settings.on("audit_log"):
        volumes.append(
            {"name": "audit", "hostPath": AUDIT_FOLDER, "mountPath": AUDIT_FOLDER, "pathType": "DirectoryOrCreate"}
        )
    return volumes


def _arguments(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(given.items())]


def _merged(ours: Any, theirs: Any, place: str = "") -> Any:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        keys = [*ours, *(key for key in theirs if key not in ours)]
        return {
            key: _merged(ours[key], theirs[key], key) if key in ours and key in theirs else _own(ours, theirs, key)
            for key in keys
        }
    if place in _NAMED_LISTS and isinstance(ours, Sequence) and isinstance(theirs, Sequence):
        named = {each["name"] for each in theirs}
        return [*(each for each in ours if each["name"] not in named), *theirs]
    return theirs


def _own(ours: Mapping[str, Any], theirs: Mapping[str, Any], key: str) -> Any:
    return theirs[key] if key in theirs else ours[key]


def _leaves(given: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(given, Mapping):
        for key, value in given.items():
            yield from _leaves(value, f"{place}.{key}" if place else str(key))
    elif place.rpartition(".")[2] in _NAMED_LISTS:
        for each in given:
            yield f"{place}.{each['name']}", each.get("value", each)
    else:
        yield place, given
