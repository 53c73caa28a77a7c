# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host is fit to become a node: what is on it already, what its kernel can do, whom it reaches."""

from __future__ import annotations

import glob
import os
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from . import files, kernel, reach
from .commands import attempt
from .steps import Step

_TESTED = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04")}
_WRITTEN_FOR = frozenset({"rhel", "rocky", "almalinux", "centos", "ol", "fedora"})
_ARCHITECTURES = frozenset({"amd64", "arm64"})
_OWN_RUNTIME = "/usr/local/bin/containerd"
_STRANGERS = {
    "dockerd": "Docker",
    "crio": "CRI-O",
    "k3s": "k3s",
    "k3s-server": "k3s",
    "k3s-agent": "k3s",
    "rke2": "RKE2",
    "k0s": "k0s",
    "kubelite": "MicroK8s",
}
_CLOCKS = frozenset({"chronyd", "systemd-timesyn", "systemd-timesyncd", "ntpd", "ntpd-rs", "openntpd", "ptp4l"})
_CONTROLLERS = frozenset({"cpu", "memory", "pids", "cpuset"})
_NETWORKS = "/etc/cni/net.d/*"
_OWN_NETWORK = "/etc/cni/net.d/10-containerd-net.conflist"
_NFTABLES = (5, 13)
"""Kernel that kube-proxy's mode nftables needs."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What is asked of the host beyond memory and processors."""

    disk: int = 0
    """MiB that are free in /var/lib."""
    swap: bool = False
    """Whether the kubelet may run with swap, or swap is going to be switched off."""
    cgroup_v1: bool = False
    """Whether the kubelet may run with the old control groups."""
    nftables: bool = False
    own_network: bool = False
    """Whether this collection brings the network of pods."""
    mtu: int = 0
    mirror: str = ""
    reach: tuple[reach.Target, ...] = ()
    kernel_modules: tuple[str, ...] = ()
    sysctls: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Wanted:
        return cls(
            disk=given.get("disk") or 0,
            swap=bool(given.get("swap")),
            cgroup_v1=bool(given.get("cgroup_v1")),
            nftables=bool(given.get("nftables")),
            own_network=bool(given.get("own_network")),
            mtu=given.get("mtu") or 0,
            mirror=given.get("mirror") or "",
            reach=tuple(map(reach.Target.from_dict, given.get("reach") or ())),
            kernel_modules=tuple(given.get("kernel_modules") or ()),
            sysctls=tuple(given.get("sysctls") or ()),
        )


@dataclass(frozen=True)
class Seen:
    """What was looked at."""

    distribution: str
    distribution_version: str
    architecture: str
    hostname: str
    machine_id: str
    product_uuid: str
    kernel: tuple[int, int]
    disk: int
    """MiB that are free."""
    swap: bool
    cgroup_version: int
    controllers: frozenset[str]
    mtu: int
    """Of the interface that carries the host's address; 0: not known."""
    clock: bool
    """Whether somebody keeps the clock right."""
    strangers: tuple[str, ...]
    """Runtimes and distributions of Kubernetes of somebody else."""
    networks: tuple[str, ...]
    """Configurations of the container network that this collection did not write."""
    missing_modules: tuple[str, ...]
    locked_sysctls: tuple[str, ...]
    unreached: tuple[reach.Unreached, ...]
    """No finding of this host: the other one may be switched off."""
    mirror_problem: str

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "controllers": sorted(self.controllers)}


@dataclass(frozen=True)
class Fitness:
    """How fit a host is."""

    findings: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict)


def judge(
    requirements: Mapping[str, Any], facts: Mapping[str, Any], steps: Sequence[Step], in_a_cluster: bool
) -> Fitness:
    """Look at this host and judge it by what module `host` was given; one that is to run no Kubernetes by whom it reaches alone.

    Args:
        facts: as `facts.Facts.to_dict` gives them.
        steps: what has to be done here; modules of the kernel and parameters among them have to be possible.
    """
    if not requirements.get("node"):
        targets = [] if in_a_cluster else [reach.Target.from_dict(each) for each in requirements.get("reach") or ()]
        return Fitness(seen={"unreached": [asdict(each) for each in reach.unreached(targets)]} if targets else {})
    wanted = Wanted.from_dict(
        {
            **requirements,
            "kernel_modules": [step.subject for step in steps if (step.topic, step.action) == (kernel.MODULES, "load")],
            "sysctls": [step.subject for step in steps if (step.topic, step.action) == (kernel.PARAMETERS, "set")],
        }
    )
    return look(wanted, facts, in_a_cluster)


def look(wanted: Wanted, facts: Mapping[str, Any], in_a_cluster: bool) -> Fitness:
    """Look at this host and judge it."""
    seen = observe(wanted, facts, in_a_cluster)
    return Fitness(tuple(findings(seen, wanted, in_a_cluster)), tuple(worth_a_look(seen)), seen.to_dict())


def observe(wanted: Wanted, facts: Mapping[str, Any], in_a_cluster: bool) -> Seen:
    """Look at this host, and change nothing. One that is in a cluster is not asked whom it reaches.

    Args:
        facts: as `facts.Facts.to_dict` gives them.
    """
    programs = _programs()
    return Seen(
        distribution=facts["distribution"],
        distribution_version=facts["distribution_version"],
        architecture=facts["architecture"],
        hostname=facts["hostname"],
        machine_id=(files.read("/etc/machine-id") or "").strip(),
        product_uuid=_product(),
        kernel=_kernel(platform.release()),
        disk=shutil.disk_usage(_existing("/var/lib")).free >> 20,
        swap=len((files.read("/proc/swaps") or "").splitlines()) > 1,
        cgroup_version=2 if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else 1,
        controllers=_controllers(),
        mtu=int(files.read(f"/sys/class/net/{facts['address_interface']}/mtu") or 0)
        if facts["address_interface"]
        else 0,
        clock=bool(_CLOCKS & set(programs)),
        strangers=_strangers(programs),
        networks=tuple(path for path in sorted(glob.glob(_NETWORKS)) if path != _OWN_NETWORK),
        missing_modules=tuple(
            name for name in wanted.kernel_modules if attempt(["modprobe", "--dry-run", name]).code != 0
        ),
        locked_sysctls=tuple(name for name in wanted.sysctls if not _may_set(name)),
        unreached=() if in_a_cluster else tuple(reach.unreached(wanted.reach)),
        mirror_problem="" if in_a_cluster else reach.mirror_problem(wanted.mirror),
    )


def findings(seen: Seen, wanted: Wanted, in_a_cluster: bool) -> list[str]:
    """What keeps the host from becoming a node, each as a sentence. Pure."""
    found = []
    if seen.architecture not in _ARCHITECTURES:
        found.append(
            f"Its architecture is {seen.architecture}; there are programs for {' and '.join(sorted(_ARCHITECTURES))}."
        )
    if seen.hostname in ("localhost", "") or not _NAME.fullmatch(seen.hostname):
        found.append(
            f"Its hostname is {seen.hostname!r}; give it one of letters, digits and dashes (hostnamectl set-hostname)."
        )
    if seen.swap and not wanted.swap:
        found.append("Swap is on, and the kubelet refuses to start with it; host_swap: off switches it off.")
    if seen.cgroup_version == 1 and not wanted.cgroup_v1:
        found.append(
            "It has control groups v1 only, which the kubelet refuses; start it with systemd.unified_cgroup_hierarchy=1 "
            "(or set failCgroupV1: false in cluster_kubeadm.KubeletConfiguration)."
        )
    if missing := sorted(_CONTROLLERS - seen.controllers):
        found.append(
            f"Its kernel lacks the control groups {', '.join(missing)}; start it with cgroup_enable={missing[0]}."
        )
    if wanted.nftables and seen.kernel < _NFTABLES:
        found.append(
            f"Its kernel is {seen.kernel[0]}.{seen.kernel[1]}; kube-proxy with nftables needs {_NFTABLES[0]}.{_NFTABLES[1]}. "
            "Update it, or set cluster_kube_proxy: iptables."
        )
    found += [
        f"The kernel module {name} is not there; install the package with all modules of its kernel (linux-modules-extra, kernel-modules)."
        for name in seen.missing_modules
    ]
    found += [
        f"The kernel parameter {name} can't be set; something holds /proc/sys read-only."
        for name in seen.locked_sysctls
    ]
    if wanted.mtu and seen.mtu and wanted.mtu > seen.mtu:
        found.append(
            f"network_mtu is {wanted.mtu}, but its interface carries packets of {seen.mtu} bytes; pods would lose large ones."
        )
    if not in_a_cluster:
        found += _of_a_bare_host(seen, wanted)
    return found


def worth_a_look(seen: Seen) -> list[str]:
    """What does not keep it from becoming a node, and is told all the same. Pure."""
    told = []
    tested = _TESTED.get(seen.distribution)
    if tested is None:
        known = (
            "written for, and never tried" if seen.distribution in _WRITTEN_FOR else "not written for this collection"
        )
        told.append(f"Its distribution is {seen.distribution or 'unknown'}, {known}.")
    elif seen.distribution_version not in tested:
        told.append(
            f"Its distribution is {seen.distribution} {seen.distribution_version}; {', '.join(tested)} are tested."
        )
    if not seen.clock:
        told.append("Nobody keeps its clock right; install chrony, or systemd-timesyncd.")
    return told


def _of_a_bare_host(seen: Seen, wanted: Wanted) -> list[str]:
    found = []
    if seen.disk < wanted.disk:
        found.append(f"It has {seen.disk} MiB of free disk in /var/lib; {wanted.disk} MiB are needed (host_disk).")
    if seen.strangers:
        found.append(
            f"{' and '.join(seen.strangers)} runs here already; remove it, because it uses the same sockets, ports and folders."
        )
    if wanted.own_network and seen.networks:
        found.append(
            f"There is a container network of somebody else ({', '.join(seen.networks)}), which the container runtime would take; remove it."
        )
    if seen.mirror_problem:
        found.append(f"It does not reach the mirror {wanted.mirror}: {seen.mirror_problem}.")
    return found


def _programs() -> dict[str, str]:
    """Programs that run, by their short name, with their path."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as file:
                    name = file.read().strip()
                found[name] = os.readlink(f"/proc/{entry}/exe")
            except OSError:
                # It has ended, or is a thread of the kernel.
                continue
    return found


def _strangers(programs: Mapping[str, str]) -> tuple[str, ...]:
    found = [title for name, title in _STRANGERS.items() if name in programs]
    runtime = programs.get("containerd", _OWN_RUNTIME).replace(" (deleted)", "")
    if runtime != _OWN_RUNTIME and not found:
        found.append(f"containerd of somebody else ({runtime})")
    kubelet = programs.get("kubelet", "/usr/local/bin/kubelet").replace(" (deleted)", "")
    if kubelet != "/usr/local/bin/kubelet":
        found.append(f"a kubelet of somebody else ({kubelet})")
    return tuple(dict.fromkeys(found))


def _kernel(release: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _controllers() -> frozenset[str]:
    modern = files.read("/sys/fs/cgroup/cgroup.controllers")
    if modern is not None:
        return frozenset(modern.split())
    lines = (files.read("/proc/cgroups") or "").splitlines()[1:]
    return frozenset(fields[0] for line in lines if len(fields := line.split()) == 4 and fields[3] == "1")


def _product() -> str:
    try:
        return (files.read("/sys/class/dmi/id/product_uuid") or "").strip().lower()
    except OSError:
        return ""


def _may_set(parameter: str) -> bool:
    path = "/proc/sys/" + parameter.replace(".", "/")
    return not os.path.exists(path) or os.access(path, os.W_OK)


def _existing(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path
