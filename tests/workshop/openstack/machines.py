"""What Nova's driver makes of a server, by the image's property `navarch_lab`."""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import host_image
from ..containers import admit, boot, close_network, open_network, wait_for_ssh
from ..docker import docker
from ..paths import find_paths

Record = dict[str, Any]
RANGE = ipaddress.ip_network("10.77.0.0/16")
LABEL = "navarch.openstack"


class BrokenError(Exception):
    """The server does not come up; the text becomes its fault."""


def spawn(record: Record, folder: Path) -> str:
    """Make the host; returns its SSH host keys as cloud-init prints them, or nothing where there is no host."""
    if record["kind"] == "broken":
        raise BrokenError("this image never boots")
    if record["kind"] == "flaky" and _first(record, folder) in ("", record["uuid"]):
        _flaky(record, folder).write_text(record["uuid"], encoding="ascii")
        raise BrokenError("this image boots the second time")
    if record["kind"] != "container":
        return ""
    vif = record["vifs"][0]
    network = _network(vif["cidrs"][0], vif["gateways"][0])
    container, address = _container(record), vif["fixed_ips"][0]
    labels = {LABEL: record["uuid"]}
    image = f"{host_image.REPOSITORY}:{host_image.SUITE}"
    boot(
        container,
        record["display_name"],
        labels,
        network,
        {"ip": address},
        vif["gateways"][0],
        image,
        find_paths().cache,
    )
    key = admit(container, record["key_data"] or "")
    wait_for_ssh(address)
    return f"{key} root@{record['display_name']}"


def destroy(record: Record, folder: Path) -> str:
    """Remove the host, and its network with the last one."""
    if record["kind"] == "flaky" and _first(record, folder) != record["uuid"]:
        _flaky(record, folder).unlink(missing_ok=True)
    if record["kind"] == "container":
        subprocess.run(["docker", "rm", "--force", "--volumes", _container(record)], capture_output=True, check=False)
        name = _network_name(record["vifs"][0]["cidrs"][0])
        removed = subprocess.run(["docker", "network", "rm", name], capture_output=True, check=False)
        if removed.returncode == 0:
            open_network(name)
    return ""


def switch(verb: str) -> Callable[[Record, Path], str]:
    """Cut the power, or give it back."""

    def act(record: Record, _folder: Path) -> str:
        return docker(verb, _container(record)) if record["kind"] == "container" else ""

    return act


HOOKS: dict[str, Callable[[Record, Path], str]] = {
    "spawn": spawn,
    "destroy": destroy,
    "stop": switch("kill"),
    "start": switch("start"),
}


def _flaky(record: Record, folder: Path) -> Path:
    """Names the server that failed first. Nova tries one server on several hosts; only another server comes up."""
    return folder.parent.parent / f"flaky-{record['project_id']}-{record['display_name']}"


def _first(record: Record, folder: Path) -> str:
    file = _flaky(record, folder)
    return file.read_text(encoding="ascii") if file.exists() else ""


def _network(cidr: str, gateway: str) -> str:
    """A Docker network with the range of the server's subnet, which leads nowhere."""
    subnet = ipaddress.ip_network(cidr)
    if not isinstance(subnet, ipaddress.IPv4Network) or not subnet.subnet_of(ipaddress.IPv4Network(str(RANGE))):
        raise BrokenError(f"hosts of this lab are in {RANGE}, not in {cidr}")
    name = _network_name(cidr)
    created = ["docker", "network", "create", "--label", LABEL, "--subnet", cidr, "--gateway", gateway, name]
    # Computes make several at once: whoever comes second finds it there.
    subprocess.run(created, capture_output=True, check=False)
    found = json.loads(docker("network", "inspect", name))[0]
    close_network(name, f"br-{found['Id'][:12]}")
    return name


def _network_name(cidr: str) -> str:
    return "navarch-openstack-" + cidr.replace("/", "-")


def _container(record: Record) -> str:
    return f"navarch-openstack-{record['uuid']}"
