# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The binaries and images that hosts need to be nodes of one version of Kubernetes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from . import binaries, images
from .binaries import Request
from .bundle import PACKAGES, Contents, Entry, describe, unpack
from .errors import InfrastructureError
from .receipts import sha256_of
from .releases import product_of

Say = Callable[[str], None]

PROGRAMS = ("kubelet", "kubeadm", "kubectl", "containerd", "containerd-shim-runc-v2", "ctr", "crictl")
CNI_PLUGINS = ("bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "ptp", "tuning")
ETCD_PROGRAMS = ("etcd", "etcdctl", "etcdutl")
_PROGRAM_FOLDER = "/usr/local/bin"
_PLUGIN_FOLDER = "/opt/cni/bin"
_ON_CONTROL_PLANES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


class ImageSource(StrEnum):
    """How images come to hosts."""

    ARCHIVES = "archives"
    NONE = "none"
    """Hosts pull them themselves."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `request` has the versions of all products."""

    request: Request
    image_repository: str
    image_tags: Mapping[str, str]
    """Tags other than those that kubeadm names, by the last part of the image's name."""
    mirrors: Mapping[str, str]
    images: ImageSource = ImageSource.ARCHIVES

    @property
    def kubernetes_version(self) -> str:
        return self.request.versions["kubernetes"]


@dataclass(frozen=True, slots=True)
class Binary:
    """A program of a node, or a plugin of its network."""

    path: str
    """On a host."""
    sha256: str
    control_plane: bool
    """Whether only control planes need it, and hosts of etcd."""
    file: Path
    """On this machine."""


@dataclass(frozen=True, slots=True)
class Image:
    """An archive of images."""

    references: tuple[str, ...]
    sha256: str
    control_plane: bool
    """Whether only control planes need it."""
    file: Path


@dataclass(frozen=True, slots=True)
class Packages:
    """An archive of packages with an index: a flat repository."""

    sha256: str
    file: Path


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """What there is for hosts, and what was missing before."""

    binaries: tuple[Binary, ...]
    images: tuple[Image, ...]
    packages: Packages | None
    """None where hosts have sources of their own."""
    missing: tuple[str, ...]
    etcd_version: str
    """Empty where it is not known: a bundle without images does not say it."""


def ensure(wanted: Wanted, extra: Sequence[str], say: Say) -> NodeFiles:
    """Have all of it in the cache; `extra` are images beside those that kubeadm names."""
    programs = replace(wanted.request, names=(*PROGRAMS, *CNI_PLUGINS))
    lacking = _fetch(programs, say)
    named = _references(wanted)
    tools = _etcd_programs(wanted.request, named)
    references = [*named, *extra] if wanted.images is ImageSource.ARCHIVES else []
    lacking += [*_fetch(tools, say), *images.missing(references, wanted.request)]
    images.ensure(references, wanted.request, wanted.mirrors, say)
    found = (*_binaries(programs), *_binaries(tools))
    return NodeFiles(found, _images(references, wanted.request), None, tuple(lacking), _etcd_version(named))


def from_bundle(path: Path, sha256: str, wanted: Wanted, say: Say) -> NodeFiles:
    """What a bundle has, after all of it was checked; `sha256` is the bundle's own, or empty. Nobody else is asked."""
    described, machine = describe(path), str(wanted.request.machine)
    if (described.kubernetes_version, described.machine) != (wanted.kubernetes_version, machine):
        raise InfrastructureError(
            f"{path} is for Kubernetes {described.kubernetes_version} on {described.machine}, "
            f"but {wanted.kubernetes_version} on {machine} is asked for.",
            next_step="Name the bundle of that version.",
        )
    contents, folder = unpack(path, sha256, wanted.request.cache, say)
    packages = folder / PACKAGES
    return NodeFiles(
        tuple(
            Binary(entry.target, entry.sha256, entry.control_plane, folder / entry.path)
            for entry in contents.of("binary")
        ),
        tuple(
            Image(entry.references, entry.sha256, entry.control_plane, folder / entry.path)
            for entry in contents.of("image")
        ),
        Packages(sha256_of(packages), packages) if packages.exists() else None,
        (),
        _etcd_version([name for entry in contents.of("image") for name in entry.references]),
    )


def contents_of(
    files: NodeFiles, packages: Sequence[Path], wanted: Wanted, distribution: str
) -> tuple[Contents, Mapping[str, Path]]:
    """What a bundle of these would hold, and where each of its files is."""
    entries = [
        *(
            Entry(
                f"binaries/{binary.file.name}",
                "binary",
                binary.sha256,
                _size(binary.file),
                target=binary.path,
                control_plane=binary.control_plane,
            )
            for binary in files.binaries
        ),
        *(
            Entry(
                f"images/{image.file.parent.name}.tar",
                "image",
                image.sha256,
                _size(image.file),
                references=image.references,
                control_plane=image.control_plane,
            )
            for image in files.images
        ),
        *(Entry(f"packages/{package.name}", "package", sha256_of(package), _size(package)) for package in packages),
    ]
    sources = [*(binary.file for binary in files.binaries), *(image.file for image in files.images), *packages]
    contents = Contents(
        wanted.kubernetes_version,
        distribution,
        str(wanted.request.machine),
        dict(wanted.request.versions),
        tuple(entries),
    )
    return contents, {entry.path: source for entry, source in zip(entries, sources, strict=True)}


def _references(wanted: Wanted) -> list[str]:
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


def _fetch(request: Request, say: Say) -> list[str]:
    """Have binaries in the cache; returns which were not."""
    lacking = [name for names in binaries.missing(request).values() for name in names]
    binaries.ensure(request, say)
    return lacking


def _etcd_programs(request: Request, references: Sequence[str]) -> Request:
    """etcd for hosts of its own, and what takes and restores snapshots; of the version that the cluster's etcd has."""
    version = _etcd_version(references)
    return replace(request, names=ETCD_PROGRAMS if version else (), versions={"etcd": version} if version else {})


def _etcd_version(references: Sequence[str]) -> str:
    """The version of etcd among images; empty where there is none."""
    versions = (images.etcd_version(reference) for reference in references if images.parse(reference).name == "etcd")
    return next(versions, "")


def _binaries(request: Request) -> tuple[Binary, ...]:
    digests = binaries.digests(request)
    return tuple(
        Binary(
            f"{_PLUGIN_FOLDER if name in CNI_PLUGINS else _PROGRAM_FOLDER}/{name}",
            digests[name],
            name in ETCD_PROGRAMS,
            Path(path),
        )
        for name, path in binaries.paths(request).items()
    )


def _images(references: Sequence[str], request: Request) -> tuple[Image, ...]:
    return tuple(
        Image(
            (archive.reference,),
            archive.sha256,
            images.parse(archive.reference).name in _ON_CONTROL_PLANES,
            Path(archive.path),
        )
        for archive in images.found(references, request)
    )


def _size(path: Path) -> int:
    return path.stat().st_size
