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
class Product:
    """What one publisher releases under one version."""

    name: str
    module: str
    """The Go module whose version is the product's."""
    packages: Mapping[str, str]
    """The main package of each binary."""


PRODUCTS = (
    Product(
        "kubernetes",
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
    ),
    Product("kwok", "sigs.k8s.io/kwok", {name: f"sigs.k8s.io/kwok/cmd/{name}" for name in ("kwok", "kwokctl")}),
    Product(
        "etcd",
        "go.etcd.io/etcd/server/v3",
        {"etcd": "go.etcd.io/etcd/server/v3", "etcdctl": "go.etcd.io/etcd/etcdctl/v3"},
    ),
    Product("helm", "helm.sh/helm/v4", {"helm": "helm.sh/helm/v4/cmd/helm"}),
)


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


def assets(
    product: Product, version: str, machine: Machine, names: Iterable[str], urls: Mapping[str, str]
) -> list[Asset]:
    """The files to download for these binaries. `urls` has `kubernetes`, `kwok`, `kwok_checksums`, `etcd`, `helm`."""
    base = urls[product.name].rstrip("/")
    if product.name == "kubernetes":
        folder = f"{base}/{version}/bin/{machine.system}/{machine.architecture}"
        return [Asset(f"{folder}/{name}", f"{folder}/{name}.sha256", {name: ""}) for name in names]
    if product.name == "kwok":
        # The project uploads no checksum files; the release's own description has a digest for each of its files.
        release = f"{urls['kwok_checksums'].rstrip('/')}/{version}"
        return [Asset(f"{base}/{version}/{name}-{machine}", release, {name: ""}) for name in names]
    if product.name == "helm":
        # All versions lie in one folder, each archive with its checksum beside it.
        archive = f"{base}/helm-{version}-{machine}.tar.gz"
        return [Asset(archive, f"{archive}.sha256sum", {name: f"{machine}/{name}" for name in names})]
    folder = f"etcd-{version}-{machine}"
    archive = f"{base}/{version}/{folder}.tar.gz"
    return [Asset(archive, f"{base}/{version}/SHA256SUMS", {name: f"{folder}/{name}" for name in names})]


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
    flags = ["-s", "-w"]
    if product.name == "kubernetes":
        major, minor = version.removeprefix("v").split(".")[:2]
        values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += [f"-X {package}.{name}={value}" for name, value in values.items()]
    if product.name == "helm":
        flags.append(f"-X helm.sh/helm/v4/internal/version.version={version}")
    if product.name == "kwok":
        flags.append(f"-X sigs.k8s.io/kwok/pkg/consts.Version={version}")
    return " ".join(flags)


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
