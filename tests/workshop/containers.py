"""Containers that stand in for machines: they boot systemd, answer SSH, and reach nothing outside of their network."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import host_image
from .docker import docker, make_room

PATIENCE = 60.0
# The last one is for bird, whose unit in Debian asks for it.
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "NET_BROADCAST")
MEMORY_ONLY = ("/run", "/run/lock", "/tmp")
OFFERED = ("binaries", "images")


def boot(
    name: str,
    hostname: str,
    labels: Mapping[str, str],
    network: str,
    addresses: Mapping[str, str],
    gateway: str,
    image: str,
    cache: Path,
) -> None:
    """Start one; `addresses` are Docker's options `ip` and `ip6`, `cache` holds what it is offered in /srv/navarch."""
    make_room()
    for folder in OFFERED:
        (cache / folder).mkdir(parents=True, exist_ok=True)
    docker(
        "run", "--detach", "--name", name, "--hostname", hostname,
        *(word for label, value in labels.items() for word in ("--label", f"{label}={value}")),
        "--network", network, *(word for option, address in addresses.items() for word in (f"--{option}", address)),
        # Docker's own resolver would pass questions on to the machine's: this one answers none.
        "--dns", gateway, "--stop-signal", "SIGRTMIN+3",
        *(word for capability in CAPABILITIES for word in ("--cap-add", capability)),
        "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--cgroupns", "private",
        *(word for folder in MEMORY_ONLY for word in ("--tmpfs", f"{folder}:exec")),
        # What a mirror in the host's own network would offer: as folders, so that it is copied once at most.
        *(word for folder in OFFERED for word in ("--volume", f"{cache / folder}:/srv/navarch/{folder}:ro")),
        "--entrypoint", "/bin/sh", image, "-c", "mount -o remount,rw /sys/fs/cgroup/unified; exec /sbin/init",
    )  # fmt: skip


def admit(container: str, public: str) -> str:
    """Let our key in; return the host's own, which nobody on the way can have exchanged."""
    script = f"""
        set -e
        key=$(cat)
        for user in root {host_image.USER}; do
            home=$(getent passwd $user | cut -d: -f6)
            install -d -m 700 -o $user -g $user $home/.ssh
            echo "$key" >$home/.ssh/authorized_keys
            chown $user: $home/.ssh/authorized_keys
        done
        until [ -s /etc/ssh/ssh_host_ed25519_key.pub ]; do sleep 0.1; done
        cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub
    """
    limit = ("timeout", f"{PATIENCE:g}")
    return docker("exec", "--interactive", container, *limit, "sh", "-c", script, given=public)


def wait_for_ssh(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection((address, 22), timeout=2) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise OSError(f"{address} does not answer SSH after {PATIENCE:g} s")
        time.sleep(0.2)


def close_network(name: str, bridge: str) -> None:
    """Nothing that a host sends leaves this machine: no address of a pod or a service, and nothing else."""
    for program, chain in (("iptables", "DOCKER-USER"), ("ip6tables", "FORWARD")):
        rule = ["-i", bridge, "!", "-o", bridge, *_comment(name), "-j", "REJECT"]
        if not _filter(program, "-C", chain, *rule):
            _filter(program, "-I", chain, *rule)
            if not _filter(program, "-C", chain, *rule):
                raise OSError(f"{program}: network {name} can't be closed")


def open_network(name: str) -> None:
    """Take back what `close_network` did."""
    comment = " ".join(_comment(name)[2:])
    for program, chain in (("iptables", "DOCKER-USER"), ("ip6tables", "FORWARD")):
        listing = subprocess.run([program, "-S", chain], capture_output=True, text=True, check=False).stdout
        for line in listing.splitlines():
            if comment in line:
                _filter(program, *line.replace("-A", "-D", 1).replace('"', "").split())


def _filter(program: str, *words: str) -> bool:
    return subprocess.run([program, "-w", *words], capture_output=True, check=False).returncode == 0


def _comment(name: str) -> list[str]:
    return ["-m", "comment", "--comment", name]
