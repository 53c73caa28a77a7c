"""The controllers of Cluster API, for a cluster of the lab: built from their Go modules, with the machines that they keep in memory.

    python -m ...workshop.cluster_api define CACHE KUBECONFIG         # have the programs, and the cluster serve their kinds
    python -m ...workshop.cluster_api run CACHE KUBECONFIG FOLDER     # run them while FOLDER/run exists; their logs go there
    python -m ...workshop.cluster_api forget KUBECONFIG               # take the kinds back

What is fake: a machine of infrastructure provider `docker` with backend `inMemory` is an entry in that controller's memory, and the API
server and etcd of the cluster that it belongs to answer what Cluster API asks, and hold no more. Runs with the laid-out copy in its path.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import config, dynamic
from kubernetes.dynamic.exceptions import NotFoundError

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import files, gobuild, receipts
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import (
    Layout,
    Product,
    this_machine,
)

VERSION = "v1.14.2"
SOURCE = Path(__file__).parent / "data" / "cluster-api"
CORE, TEST = "sigs.k8s.io/cluster-api@v1.14.2", "sigs.k8s.io/cluster-api/test@v1.14.4"
# Workload clusters listen on ports of their own there.
ADDRESS = "127.0.14.2"
MARK = {"navarch.dev/workshop": "cluster-api"}
# The contracts that kustomize writes on them in a release.
CONTRACTS = {"cluster.x-k8s.io/v1beta1": "v1beta1", "cluster.x-k8s.io/v1beta2": "v1beta2"}


@dataclass(frozen=True, slots=True)
class Part:
    """A controller manager: its module, and its folder in it."""

    name: str
    module: str
    folder: str

    @property
    def package(self) -> str:
        return f"{self.module.rpartition('@')[0]}/{self.folder}"


PARTS = (
    Part("core", CORE, "core"),
    Part("bootstrap-kubeadm", CORE, "bootstrap/kubeadm"),
    Part("control-plane-kubeadm", CORE, "controlplane/kubeadm"),
    Part("infrastructure-dev", TEST, "infrastructure/docker"),
)
PRODUCT = Product("cluster-api", "", CORE, {part.name: part.package for part in PARTS}, Layout("", ""))


def main(word: str, places: list[Path]) -> int:
    match word, places:
        case "define", [cache, kubeconfig]:
            define(cache, kubeconfig)
        case "run", [cache, kubeconfig, folder]:
            run(cache, kubeconfig, folder)
        case "forget", [kubeconfig]:
            forget(kubeconfig)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def define(cache: Path, kubeconfig: Path) -> None:
    """Build what is not there, and write the definitions of all kinds."""
    build(cache)
    cluster = Cluster(kubeconfig)
    for part in PARTS:
        for manifest in manifests(cache, part, "crd/bases/*.yaml"):
            cluster.apply(manifest, CONTRACTS)


def run(cache: Path, kubeconfig: Path, folder: Path) -> None:
    """Have all controllers at work, and their webhooks asked, while `folder`/run exists."""
    authority = certificate(folder)
    ports = dict(zip(PARTS, free_ports(len(PARTS)), strict=True))
    with ExitStack() as stack:
        running = []
        for part, port in ports.items():
            running.append(stack.enter_context(start(cache, kubeconfig, folder, part, port)))
            stack.callback(running[-1].terminate)
        for port in ports.values():
            wait_for(port, running)
        cluster = Cluster(kubeconfig)
        for part, port in ports.items():
            for manifest in manifests(cache, part, "webhook/manifests.yaml"):
                cluster.apply(led_to(manifest, part, port, authority))
        (folder / "ready").touch()
        while (folder / "run").exists() and all(process.poll() is None for process in running):
            cluster.annotate_infrastructure()
            time.sleep(0.5)
    (folder / "ready").unlink()
    if (folder / "run").exists():
        raise SystemExit(f"a controller has ended: see {folder}")


def forget(kubeconfig: Path) -> None:
    """Remove definitions and webhooks, and with them all objects of these kinds."""
    Cluster(kubeconfig).remove_marked()


def build(cache: Path) -> None:
    """Have the programs; made once per version."""
    place = programs(cache)
    with files.locked(place.with_name(f".{place.name}.lock")):
        lacking = [part.name for part in PARTS if not receipts.is_whole(place / part.name)]
        if not lacking:
            return
        gobuild.check(PRODUCT, VERSION, SOURCE, cache / "go")
        with receipts.workplace(place) as work:
            # One by one: two of them have the same name while they are built.
            for name in lacking:
                gobuild.build(PRODUCT, VERSION, [name], this_machine(), SOURCE, work, cache / "go", print)
                receipts.install(work / name, place / name, "build", 0o755)


def programs(cache: Path) -> Path:
    return cache / "binaries" / f"cluster-api-{VERSION}-{this_machine()}"


def manifests(cache: Path, part: Part, pattern: str) -> Iterator[dict[str, Any]]:
    """What a module ships in its folder `config`."""
    modules = os.environ.get("GOMODCACHE") or str(cache / "go" / "modules")
    words = ["go", "mod", "download", "-json", part.module]
    told = subprocess.run(words, cwd=SOURCE, env={**os.environ, "GOMODCACHE": modules}, capture_output=True, check=True)
    folder = Path(json.loads(told.stdout)["Dir"]) / part.folder / "config"
    for file in sorted(folder.glob(pattern)):
        yield from filter(None, yaml.safe_load_all(file.read_text(encoding="utf-8")))


def start(cache: Path, kubeconfig: Path, folder: Path, part: Part, port: int) -> subprocess.Popen[bytes]:
    words = [
        str(programs(cache) / part.name),
        f"--kubeconfig={kubeconfig}",
        f"--webhook-port={port}",
        f"--webhook-cert-dir={folder}",
        "--health-addr=0",
        "--diagnostics-address=0",
        "--insecure-diagnostics",
        "--leader-elect=false",
        # Nothing was ever stored in another version.
        "--skip-crd-migration-phases=StorageVersionMigration,CleanupManagedFields",
    ]
    environment = {**os.environ, "POD_IP": ADDRESS, "POD_NAMESPACE": "default", "POD_NAME": part.name, "POD_UID": "0"}
    with (folder / f"{part.name}.log").open("wb") as log:
        return subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, env=environment)


def certificate(folder: Path) -> str:
    """One for all webhooks; as the API server wants to be told of it."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=webhooks"]
    more = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(folder / "tls.key"),
        "-out",
        str(folder / "tls.crt"),
    ]
    subprocess.run([*words, *more], check=True, capture_output=True)
    return base64.b64encode((folder / "tls.crt").read_bytes()).decode()


def led_to(manifest: dict[str, Any], part: Part, port: int, authority: str) -> dict[str, Any]:
    """A webhook configuration for a controller that runs beside the API server, not in the cluster."""
    hooks = [
        {
            **hook,
            "clientConfig": {
                "url": f"https://127.0.0.1:{port}{hook['clientConfig']['service']['path']}",
                "caBundle": authority,
            },
        }
        for hook in manifest["webhooks"]
    ]
    name = f"{part.name}-{manifest['metadata']['name']}"
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}, "webhooks": hooks}


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _each in range(count)]
        return [each.getsockname()[1] for each in sockets]


def wait_for(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + 600
    while time.monotonic() < until and all(process.poll() is None for process in running):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"nothing answers on port {port}")


class Cluster:
    """A cluster that objects are applied to."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = dynamic.DynamicClient(config.new_client_from_config(str(kubeconfig)))

    def apply(self, manifest: dict[str, Any], labels: Mapping[str, str] | None = None) -> None:
        marked = {**(manifest["metadata"].get("labels") or {}), **(labels or {}), **MARK}
        body = {**manifest, "metadata": {**manifest["metadata"], "labels": marked}}
        self._of(manifest["apiVersion"], manifest["kind"]).server_side_apply(
            body=body, name=manifest["metadata"]["name"], field_manager="workshop", force_conflicts=True
        )

    def annotate_infrastructure(self) -> None:
        """The controller of DevClusters writes into their annotations, and panics where there are none."""
        clusters = self._of("infrastructure.cluster.x-k8s.io/v1beta2", "DevCluster")
        for found in clusters.get().items:
            if not found.metadata.annotations:
                clusters.patch(
                    name=found.metadata.name,
                    namespace=found.metadata.namespace,
                    body={"metadata": {"annotations": MARK}},
                    content_type="application/merge-patch+json",
                )

    def remove_marked(self) -> None:
        """Webhooks first, and the finalizers of what a test that failed left behind: nobody answers for them any more."""
        marked = ",".join(f"{name}={value}" for name, value in MARK.items())
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            self._of("admissionregistration.k8s.io/v1", kind).delete(label_selector=marked)
        definitions = self._of("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        for definition in definitions.get(label_selector=marked).items:
            self._let_go(definition.spec)
        definitions.delete(label_selector=marked)
        until = time.monotonic() + 120
        while left := [each.metadata.name for each in definitions.get(label_selector=marked).items]:
            if time.monotonic() > until:
                raise SystemExit(f"still there: {', '.join(left)}")
            time.sleep(1)

    def _let_go(self, definition: Any) -> None:
        """Remove all objects of a kind. Those of a definition that goes with them there can come back with the next one."""
        stored = next(version.name for version in definition.versions if version.storage)
        kind = self._of(f"{definition.group}/{stored}", definition.names.kind)
        for found in kind.get().items:
            place = {"name": found.metadata.name, "namespace": found.metadata.namespace}
            kind.delete(**place)
            try:
                body = {"metadata": {"finalizers": None}}
                kind.patch(body=body, content_type="application/merge-patch+json", **place)
            except NotFoundError:
                continue

    def _of(self, version: str, kind: str) -> Any:
        return self._client.resources.get(api_version=version, kind=kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], [Path(word) for word in sys.argv[2:]]))
