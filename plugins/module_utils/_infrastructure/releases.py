# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is published where, under which checksum, and from which Go packages the same can be built. Pure."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .errors import InfrastructureError

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a publisher puts the files of a release, as templates.

    They may use {base}, {version} (v1.2.3), {number} (1.2.3), {system}, {architecture}, {name} (of the binary); the checksum's
    also {file} (the file's address) and {checksums}.
    """

    file: str
    checksum: str
    member: str = ""
    """The binary's path inside the file; empty where the file is the binary."""


@dataclass(frozen=True, slots=True)
class Product:
    """What one publisher releases under one version."""

    name: str
    url: str
    """Where it is published, if no mirror is named."""
    module: str
    """The Go module whose version is the product's."""
    packages: Mapping[str, str]
    """The main package of each binary."""
    layout: Layout
    stamps: tuple[str, ...] = ()
    """What the publisher's own build sets in its packages: templates with {version}, {number}, {major} and {minor}."""
    tags: str = ""
    """Build tags."""
    unbuildable: str = ""
    """Why it can't be built from its Go module alone, if it can't."""


_GITHUB = "https://github.com"
_KUBERNETES_STAMPS = ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}", "gitTreeState=clean")
_CONTAINERD = "github.com/containerd/containerd/v2"
_CNI = "github.com/containernetworking/plugins"
_CNI_PLUGINS = {
    "ipam": ("dhcp", "host-local", "static"),
    "main": ("bridge", "host-device", "ipvlan", "loopback", "macvlan", "ptp", "vlan"),
    "meta": ("bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf"),
}

PRODUCTS = (
    Product(
        "kubernetes",
        "https://dl.k8s.io/release",
        "k8s.io/kubernetes",
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubectl",
                "kubelet",
                "kubeadm",
                "kube-proxy",
            )
        },
        Layout("{base}/{version}/bin/{system}/{architecture}/{name}", "{file}.sha256"),
        stamps=tuple(
            f"{package}.{stamp}"
            for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
            for stamp in _KUBERNETES_STAMPS
        ),
    ),
    Product(
        "kwok",
        f"{_GITHUB}/kubernetes-sigs/kwok/releases/download",
        "sigs.k8s.io/kwok",
        {name: f"sigs.k8s.io/kwok/cmd/{name}" for name in ("kwok", "kwokctl")},
        # The project uploads no checksum files; the release's own description has a digest for each of its files.
        Layout("{base}/{version}/{name}-{system}-{architecture}", "{checksums}/{version}"),
        stamps=("sigs.k8s.io/kwok/pkg/consts.Version={version}",),
    ),
    Product(
        "etcd",
        f"{_GITHUB}/etcd-io/etcd/releases/download",
        "go.etcd.io/etcd/server/v3",
        {
            "etcd": "go.etcd.io/etcd/server/v3",
            "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
            "etcdutl": "go.etcd.io/etcd/etcdutl/v3",
        },
        Layout(
            "{base}/{version}/etcd-{version}-{system}-{architecture}.tar.gz",
            "{base}/{version}/SHA256SUMS",
            "etcd-{version}-{system}-{architecture}/{name}",
        ),
    ),
    Product(
        "helm",
        "https://get.helm.sh",
        "helm.sh/helm/v4",
        {"helm": "helm.sh/helm/v4/cmd/helm"},
        # All versions lie in one folder, each archive with its checksum beside it.
        Layout(
            "{base}/helm-{version}-{system}-{architecture}.tar.gz", "{file}.sha256sum", "{system}-{architecture}/{name}"
        ),
        stamps=("helm.sh/helm/v4/internal/version.version={version}",),
    ),
    Product(
        "containerd",
        f"{_GITHUB}/containerd/containerd/releases/download",
        _CONTAINERD,
        {name: f"{_CONTAINERD}/cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
        Layout("{base}/{version}/containerd-{number}-{system}-{architecture}.tar.gz", "{file}.sha256sum", "bin/{name}"),
        stamps=(f"{_CONTAINERD}/version.Version={{version}}", f"{_CONTAINERD}/version.Package={_CONTAINERD}"),
        # These snapshotters need C libraries.
        tags="no_btrfs,no_zfs,no_devmapper",
    ),
    Product(
        "cni-plugins",
        f"{_GITHUB}/containernetworking/plugins/releases/download",
        _CNI,
        {name: f"{_CNI}/plugins/{kind}/{name}" for kind, names in _CNI_PLUGINS.items() for name in names},
        Layout("{base}/{version}/cni-plugins-{system}-{architecture}-{version}.tgz", "{file}.sha256", "{name}"),
        stamps=(f"{_CNI}/pkg/utils/buildversion.BuildVersion={{version}}",),
    ),
    Product(
        "cri-tools",
        f"{_GITHUB}/kubernetes-sigs/cri-tools/releases/download",
        "sigs.k8s.io/cri-tools",
        {"crictl": "sigs.k8s.io/cri-tools/cmd/crictl"},
        Layout("{base}/{version}/crictl-{version}-{system}-{architecture}.tar.gz", "{file}.sha256", "{name}"),
        stamps=("sigs.k8s.io/cri-tools/pkg/version.Version={number}",),
    ),
    Product(
        "runc",
        f"{_GITHUB}/opencontainers/runc/releases/download",
        "github.com/opencontainers/runc",
        {"runc": "github.com/opencontainers/runc"},
        Layout("{base}/{version}/runc.{architecture}", "{base}/{version}/runc.sha256sum"),
        unbuildable="it needs a C compiler and libseccomp",
    ),
    Product(
        "coredns",
        f"{_GITHUB}/coredns/coredns/releases/download",
        "github.com/coredns/coredns",
        # A build has only some of the plugins, so it has a main package of our own.
        {"coredns": "navarch.dev/fleet/binaries/coredns"},
        Layout("{base}/{version}/coredns_{number}_{system}_{architecture}.tgz", "{file}.sha256", "{name}"),
    ),
    # Published as an image only; this one is our own, and takes the number of the image that it stands for.
    Product("pause", "", "", {"pause": "navarch.dev/fleet/binaries/pause"}, Layout("", "")),
)
_CHECKSUMS = {"kwok": "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags"}


@dataclass(frozen=True, slots=True)
class Machine:
    """For what the binaries are, in Go's words."""

    system: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.system}-{self.architecture}"


@dataclass(frozen=True, slots=True)
class Asset:
    """One published file: where it is, where its checksum is, and which binaries it holds."""

    url: str
    checksum_url: str
    members: Mapping[str, str]
    """Binary to its path inside the archive; an empty path means that the file is the binary."""

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


def this_machine() -> Machine:
    """The machine we run on."""
    processor = platform.machine().lower()
    return Machine(platform.system().lower(), {"x86_64": "amd64", "aarch64": "arm64"}.get(processor, processor))


def product_of(binary: str) -> Product:
    """The product that a binary belongs to."""
    for product in PRODUCTS:
        if binary in product.packages:
            return product
    known = ", ".join(sorted(name for product in PRODUCTS for name in product.packages))
    raise InfrastructureError(f"There is no binary named {binary!r}; there are {known}.")


def product_named(name: str) -> Product:
    """The product of a name."""
    for product in PRODUCTS:
        if product.name == name:
            return product
    raise InfrastructureError(
        f"There is no product named {name!r}; there are {', '.join(sorted(product.name for product in PRODUCTS))}."
    )


def assets(
    product: Product, version: str, machine: Machine, names: Iterable[str], urls: Mapping[str, str]
) -> list[Asset]:
    """The files to download for these binaries. `urls` names mirrors: a product's, or `<product>_checksums`."""
    values = {
        "base": (urls.get(product.name) or product.url).rstrip("/"),
        "checksums": (urls.get(f"{product.name}_checksums") or _CHECKSUMS.get(product.name, "")).rstrip("/"),
        "version": version,
        "number": version.removeprefix("v"),
        "system": machine.system,
        "architecture": machine.architecture,
    }
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        url = product.layout.file.format(name=name, **values)
        checksum = product.layout.checksum.format(name=name, file=url, **values)
        found.setdefault((url, checksum), {})[name] = product.layout.member.format(name=name, **values)
    return [Asset(url, checksum, members) for (url, checksum), members in found.items()]


def digest_in(document: str, file: str) -> str | None:
    """The SHA-256 that a publisher's document names for a file: the digest alone, a list, or a release in JSON."""
    text = document.strip()
    if text.startswith("{"):
        return _digest_in_release(text, file)
    if _DIGEST.fullmatch(text):
        return text
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].lstrip("*") == file and _DIGEST.fullmatch(words[0]):
            return words[0]
    return None


def linker_flags(product: Product, version: str) -> str:
    """What the publisher's own build stamps into its binaries, derived from the version."""
    number = version.removeprefix("v")
    major, minor, *_rest = number.split(".")
    stamps = [stamp.format(version=version, number=number, major=major, minor=minor) for stamp in product.stamps]
    return " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in stamps)])


def required_version(go_mod: str, module: str) -> str:
    """The version of a module that a go.mod requires."""
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", go_mod, re.MULTILINE)
    if not match:
        raise InfrastructureError(f"go.mod does not require {module}.")
    return match[1]


def required_go(go_mod: str) -> str:
    """The oldest Go that a go.mod asks for."""
    match = re.search(r"^go\s+(\S+)", go_mod, re.MULTILINE)
    return match[1] if match else "1.0"


def as_numbers(version: str) -> tuple[int, ...]:
    """A version for comparing: `go1.26.8` is (1, 26, 8)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.split("-")[0].split("rc")[0])[:3])


def _digest_in_release(text: str, file: str) -> str | None:
    try:
        release = json.loads(text)
    except ValueError:
        return None
    for asset in release.get("assets") or []:
        digest = str(asset.get("digest") or "").removeprefix("sha256:")
        if asset.get("name") == file and _DIGEST.fullmatch(digest):
            return digest
    return None
