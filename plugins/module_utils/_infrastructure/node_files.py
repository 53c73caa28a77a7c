# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The binaries and images that hosts need to be nodes of one version of Kubernetes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import binaries, images
from .binaries import Request
from .errors import InfrastructureError
from .releases import product_of

Say = Callable[[str], None]

PROGRAMS = ("kubelet", "kubeadm", "kubectl", "containerd", "containerd-shim-runc-v2", "ctr", "crictl")
CNI_PLUGINS = ("bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "ptp", "tuning")
_PROGRAM_FOLDER = "/usr/local/bin"
_PLUGIN_FOLDER = "/opt/cni/bin"
_ON_CONTROL_PLANES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `request` has the versions of all products."""

    request: Request
    image_repository: str
    image_tags: Mapping[str, str]
    """Tags other than those that kubeadm names, by the last part of the image's name."""
    mirrors: Mapping[str, str]
    mirror: str
    """Where hosts find the controller's cache; empty where it is copied to them."""


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """What there is for hosts, and what was missing before."""

    binaries: tuple[Mapping[str, object], ...]
    images: tuple[Mapping[str, object], ...]
    missing: tuple[str, ...]


def ensure(wanted: Wanted, say: Say) -> NodeFiles:
    """Have all of it in the cache."""
    programs = replace(wanted.request, names=(*PROGRAMS, *CNI_PLUGINS))
    lacking = [name for names in binaries.missing(programs).values() for name in names]
    binaries.ensure(programs, say)
    references = references_of(wanted)
    lacking += images.missing(references, wanted.request)
    images.ensure(references, wanted.request, wanted.mirrors, say)
    return NodeFiles(_binaries(wanted, programs), _images(wanted, references), tuple(lacking))


def references_of(wanted: Wanted) -> list[str]:
    """The images that kubeadm of this version names."""
    request = replace(wanted.request, names=("kubeadm",))
    version = request.versions[product_of("kubeadm").name]
    command = [
        binaries.paths(request)["kubeadm"],
        "config",
        "images",
        "list",
        f"--kubernetes-version={version}",
        f"--image-repository={wanted.image_repository}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InfrastructureError(f"kubeadm {version} cannot say which images it needs: {error}.") from None
    if done.returncode:
        raise InfrastructureError(f"kubeadm {version} cannot say which images it needs: {done.stderr.strip()[-300:]}")
    return [_retagged(line.strip(), wanted.image_tags) for line in done.stdout.splitlines() if line.strip()]


def _retagged(reference: str, tags: Mapping[str, str]) -> str:
    name = images.parse(reference).name
    return f"{reference.rpartition(':')[0]}:{tags[name]}" if name in tags else reference


def _binaries(wanted: Wanted, programs: Request) -> tuple[Mapping[str, object], ...]:
    digests = binaries.digests(programs)
    return tuple(
        {
            "path": f"{_PLUGIN_FOLDER if name in CNI_PLUGINS else _PROGRAM_FOLDER}/{name}",
            "sha256": digests[name],
            **_place(wanted, path),
        }
        for name, path in binaries.paths(programs).items()
    )


def _images(wanted: Wanted, references: Sequence[str]) -> tuple[Mapping[str, object], ...]:
    return tuple(
        {
            "references": [archive.reference],
            "sha256": archive.sha256,
            "control_plane": images.parse(archive.reference).name in _ON_CONTROL_PLANES,
            **_place(wanted, archive.path),
        }
        for archive in images.found(references, wanted.request)
    )


def _place(wanted: Wanted, path: str) -> dict[str, str]:
    """Where a host gets a file of the cache from."""
    if not wanted.mirror:
        return {"source": path}
    return {"url": f"{wanted.mirror.rstrip('/')}/{Path(path).relative_to(wanted.request.cache)}"}
