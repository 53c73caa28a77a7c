# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of the benchmark about files: parts 1.1 and 4.1. Pure."""

from __future__ import annotations

from .checks import Check, Item, Place, modes, owners

_MANIFESTS = "/etc/kubernetes/manifests"
_CONTROL_PLANE, _ETCD, _NODE = Place.CONTROL_PLANE, Place.ETCD, Place.NODE


def _pair(first: int, part: str, what: str, place: Place, most: int, *patterns: str) -> tuple[Item, Item]:
    """The benchmark asks of most files first for the mode, then for the owner."""
    return (
        _item(
            f"{part}.{first}",
            f"{what}: mode {most:04o} at most",
            place,
            modes(most, *patterns),
            f"chmod {most:04o}",
            *patterns,
        ),
        _item(
            f"{part}.{first + 1}",
            f"{what}: owner root:root",
            place,
            owners("root:root", *patterns),
            "chown root:root",
            *patterns,
        ),
    )


def _item(number: str, title: str, place: Place, check: Check, command: str, *patterns: str) -> Item:
    remedy = f"{command} {' '.join(patterns)}, or run navarch.fleet.provision."
    return Item(number, title, place, check, remedy, "file_permissions", patterns)


ITEMS = (
    *_pair(1, "1.1", "Manifest of the API server", _CONTROL_PLANE, 0o600, f"{_MANIFESTS}/kube-apiserver.yaml"),
    *_pair(
        3,
        "1.1",
        "Manifest of the controller manager",
        _CONTROL_PLANE,
        0o600,
        f"{_MANIFESTS}/kube-controller-manager.yaml",
    ),
    *_pair(5, "1.1", "Manifest of the scheduler", _CONTROL_PLANE, 0o600, f"{_MANIFESTS}/kube-scheduler.yaml"),
    *_pair(7, "1.1", "Manifest of etcd", _ETCD, 0o600, f"{_MANIFESTS}/etcd.yaml"),
    *_pair(9, "1.1", "Configuration of the container network", _CONTROL_PLANE, 0o600, "/etc/cni/net.d/*"),
    Item(
        "1.1.11",
        "Data folder of etcd: mode 0700 at most",
        _ETCD,
        modes(0o700, "/var/lib/etcd"),
        "chmod 0700 /var/lib/etcd, or run navarch.fleet.provision.",
        "etcd_owner",
        ("/var/lib/etcd",),
    ),
    Item(
        "1.1.12",
        "Data folder of etcd: owner etcd:etcd",
        _ETCD,
        owners("etcd:etcd", "/var/lib/etcd"),
        "chown etcd:etcd /var/lib/etcd, or run navarch.fleet.provision.",
        "etcd_owner",
        ("/var/lib/etcd",),
    ),
    *_pair(
        13,
        "1.1",
        "Credentials of the administrator",
        _CONTROL_PLANE,
        0o600,
        "/etc/kubernetes/admin.conf",
        "/etc/kubernetes/super-admin.conf",
    ),
    *_pair(15, "1.1", "Credential of the scheduler", _CONTROL_PLANE, 0o600, "/etc/kubernetes/scheduler.conf"),
    *_pair(
        17,
        "1.1",
        "Credential of the controller manager",
        _CONTROL_PLANE,
        0o600,
        "/etc/kubernetes/controller-manager.conf",
    ),
    _item(
        "1.1.19",
        "Certificates and keys of the cluster: owner root:root",
        _CONTROL_PLANE,
        owners("root:root", "/etc/kubernetes/pki", "/etc/kubernetes/pki/*", "/etc/kubernetes/pki/etcd/*"),
        "chown --recursive root:root",
        "/etc/kubernetes/pki",
        "/etc/kubernetes/pki/*",
        "/etc/kubernetes/pki/etcd/*",
    ),
    _item(
        "1.1.20",
        "Certificates of the cluster: mode 0644 at most",
        _CONTROL_PLANE,
        modes(0o644, "/etc/kubernetes/pki/*.crt", "/etc/kubernetes/pki/etcd/*.crt"),
        "chmod 0644",
        "/etc/kubernetes/pki/*.crt",
        "/etc/kubernetes/pki/etcd/*.crt",
    ),
    _item(
        "1.1.21",
        "Keys of the cluster: mode 0600 at most",
        _CONTROL_PLANE,
        modes(0o600, "/etc/kubernetes/pki/*.key", "/etc/kubernetes/pki/etcd/*.key"),
        "chmod 0600",
        "/etc/kubernetes/pki/*.key",
        "/etc/kubernetes/pki/etcd/*.key",
    ),
    *_pair(
        1,
        "4.1",
        "Unit of the kubelet",
        _NODE,
        0o600,
        "/etc/systemd/system/kubelet.service",
        "/etc/systemd/system/kubelet.service.d/*",
    ),
    *_pair(3, "4.1", "kubeconfig of kube-proxy, if one lies on the host", _NODE, 0o600, "/etc/kubernetes/proxy.conf"),
    *_pair(5, "4.1", "kubeconfig of the kubelet", _NODE, 0o600, "/etc/kubernetes/kubelet.conf"),
    *_pair(7, "4.1", "CA that the kubelet trusts", _NODE, 0o644, "/etc/kubernetes/pki/ca.crt"),
    *_pair(9, "4.1", "Configuration of the kubelet", _NODE, 0o600, "/var/lib/kubelet/config.yaml"),
)
