"""Hosts for tests: containers that boot systemd and answer SSH, in a network that leads nowhere.

    python -m workshop.hosts up FOLDER NAME...      # FOLDER/hosts.yml is the inventory; more names, more hosts
    python -m workshop.hosts up FOLDER NAME:SUITE   # of another distribution: trixie, jammy, noble
    python -m workshop.hosts down FOLDER [NAME...]  # some of them, or all with their network
    python -m workshop.hosts stop|start|pause|unpause FOLDER NAME...
    python -m workshop.hosts image                  # only the image; prints its tag

They are no security boundary: each has SYS_ADMIN, NET_ADMIN and more. None is privileged, and the machine's cgroup tree is
not theirs to see.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import host_image
from .containers import admit, boot, close_network, open_network, wait_for_ssh
from .docker import UnavailableError, docker, ensure
from .paths import find_paths

RANGE = ipaddress.ip_network("10.78.0.0/16")
RANGE_6 = "fd78:78"
LABEL = "navarch.hosts"
# Addresses before this one are left to virtual addresses and to balancers of the tests' own.
FIRST = 11


@dataclass(frozen=True, slots=True)
class Hosts:
    """A set of hosts that reach each other, known by the folder that holds its inventory and keys."""

    folder: Path

    @property
    def key(self) -> str:
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:8]

    @property
    def network(self) -> str:
        return f"navarch-hosts-{self.key}"

    @property
    def identity(self) -> Path:
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def inventory(self) -> Path:
        return self.folder / "hosts.yml"

    def container(self, name: str) -> str:
        return f"navarch-{self.key}-{name}"


@dataclass(frozen=True, slots=True)
class Network:
    """The network of a set of hosts."""

    bridge: str
    subnet: ipaddress.IPv4Network
    subnet_6: ipaddress.IPv6Network

    @property
    def gateway(self) -> str:
        return str(self.subnet[1])


def up(hosts: Hosts, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Have these hosts answer SSH, beside those that are there; write their inventory. A name may have its suite behind it, `n1:noble`."""
    suites = _suites(names)
    paths = find_paths()
    ensure(paths.cache / "hosts", say)
    images = {suite: host_image.ensure(paths, say, suite) for suite in set(suites.values())}
    hosts.folder.mkdir(parents=True, exist_ok=True)
    network = _network(hosts)
    close_network(hosts.network, network.bridge)
    _key(hosts)
    there = _addresses(hosts)
    for name, suite in suites.items():
        if name not in there:
            there[name] = _free(network, there.values())
            _run(hosts, network, images[suite], paths.cache, name, there[name])
    with ThreadPoolExecutor(8) as pool:
        public = hosts.identity.with_suffix(".pub").read_text(encoding="utf-8")
        keys = list(pool.map(lambda name: admit(hosts.container(name), public), there))
    hosts.known_hosts.write_text(
        "".join(f"{there[name]} {key}\n" for name, key in zip(there, keys, strict=True)), encoding="utf-8"
    )
    hosts.inventory.write_text(_inventory(hosts, network, there), encoding="utf-8")
    for address in there.values():
        wait_for_ssh(address)
    say(f"{len(there)} hosts: {hosts.inventory}")


def down(hosts: Hosts, names: Sequence[str] = ()) -> None:
    """Remove these hosts, or all with their network, keys and inventory. What is not there is no error."""
    there = _containers(hosts)
    gone = [there[name] for name in names if name in there] if names else list(there.values())
    if gone:
        _remove(gone)
    if names:
        return
    open_network(hosts.network)
    if docker("network", "ls", "--quiet", "--filter", f"label={LABEL}={hosts.key}"):
        docker("network", "rm", hosts.network)
    for file in (hosts.identity, hosts.identity.with_suffix(".pub"), hosts.known_hosts, hosts.inventory):
        file.unlink(missing_ok=True)


def down_below(folder: Path) -> list[str]:
    """Remove all hosts whose inventory is somewhere in this folder; return where."""
    template = f'{{{{.Label "{LABEL}.folder"}}}}'
    known = {
        Path(line) for line in docker("network", "ls", "--filter", f"label={LABEL}", "--format", template).splitlines()
    }
    below = sorted(place for place in known if place.is_relative_to(folder))
    for place in below:
        down(Hosts(place))
    return [str(place) for place in below]


def _remove(containers: Sequence[str]) -> None:
    """On a machine that is busy a daemon may not see at once that what it killed has ended."""
    for _attempt in range(3):
        with contextlib.suppress(OSError):
            docker("rm", "--force", "--volumes", *containers)
            return
        time.sleep(5)
    docker("rm", "--force", "--volumes", *containers)


def switch(hosts: Hosts, verb: str, names: Sequence[str]) -> None:
    """Cut the power of hosts (`stop`), or give it back (`start`); let them stand still (`pause`), or go on (`unpause`)."""
    there = _containers(hosts)
    chosen = [there[name] for name in names]
    if verb != "start":
        docker({"stop": "kill"}.get(verb, verb), *chosen)
        return
    docker("start", *chosen)
    addresses = _addresses(hosts)
    for name in names:
        wait_for_ssh(addresses[name])


def _suites(names: Sequence[str]) -> dict[str, str]:
    """The suite of each host."""
    parts = [name.partition(":") for name in names]
    return {name: suite or host_image.SUITE for name, _sign, suite in parts}


def _network(hosts: Hosts) -> Network:
    if not docker("network", "ls", "--quiet", "--filter", f"label={LABEL}={hosts.key}"):
        _create_network(hosts)
    found = json.loads(docker("network", "inspect", hosts.network))[0]
    subnets = [ipaddress.ip_network(entry["Subnet"]) for entry in found["IPAM"]["Config"]]
    four = next(subnet for subnet in subnets if isinstance(subnet, ipaddress.IPv4Network))
    six = next(subnet for subnet in subnets if isinstance(subnet, ipaddress.IPv6Network))
    return Network(f"br-{found['Id'][:12]}", four, six)


def _create_network(hosts: Hosts) -> None:
    # An internal network would drop what goes from pod to pod over two hosts: Docker's rules see the bridge's packets too.
    taken = docker("network", "ls", "--format", "{{.Name}}").split()
    used = docker("network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}", *taken).split()
    problem: OSError | None = None
    for subnet in RANGE.subnets(new_prefix=24):
        number = subnet.network_address.packed[2]
        if str(subnet) in used:
            continue
        six = f"{RANGE_6}:{number:x}::"
        try:
            docker(
                "network", "create", "--label", f"{LABEL}={hosts.key}", "--ipv6",
                "--label", f"{LABEL}.folder={hosts.folder.resolve()}",
                "--subnet", str(subnet), "--gateway", str(subnet[1]),
                "--subnet", f"{six}/64", "--gateway", f"{six}1", hosts.network,
            )  # fmt: skip
        except OSError as error:
            # Somebody else may have taken it since.
            problem = error
            continue
        return
    raise problem or OSError(f"no subnet of {RANGE} is free")


def _key(hosts: Hosts) -> None:
    if not hosts.identity.exists():
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", hosts.network, "-f", str(hosts.identity)]
        subprocess.run(words, check=True, capture_output=True)


def _run(hosts: Hosts, network: Network, image: str, cache: Path, name: str, address: str) -> None:
    addresses = {"ip": address, "ip6": str(network.subnet_6[int(address.rpartition(".")[2])])}
    labels = {LABEL: hosts.key, f"{LABEL}.name": name}
    boot(hosts.container(name), name, labels, hosts.network, addresses, network.gateway, image, cache)


def _inventory(hosts: Hosts, network: Network, there: dict[str, str]) -> str:
    """JSON is YAML that needs no library."""
    common = f"-o UserKnownHostsFile={hosts.known_hosts} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
    variables = {
        "ansible_user": host_image.USER,
        "ansible_become": True,
        "ansible_ssh_private_key_file": str(hosts.identity),
        "ansible_ssh_common_args": common,
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        # Over what the workshop's environment says of the machine that plays start from.
        "ansible_remote_tmp": "~/.ansible/tmp",
        "ansible_async_dir": "~/.ansible_async",
        "stand_in_subnet": str(network.subnet),
        "stand_in_spare_addresses": [str(network.subnet[number]) for number in range(2, FIRST)],
    }
    known = {
        name: {"ansible_host": address, "stand_in_address_6": str(network.subnet_6[int(address.rpartition(".")[2])])}
        for name, address in sorted(there.items())
    }
    return json.dumps({"stand_ins": {"hosts": known, "vars": variables}}, indent=2) + "\n"


def _free(network: Network, taken: Collection[str]) -> str:
    return next(address for number in range(FIRST, 200) if (address := str(network.subnet[number])) not in taken)


def _containers(hosts: Hosts) -> dict[str, str]:
    """Name to container."""
    template = f'{{{{.Label "{LABEL}.name"}}}} {{{{.ID}}}}'
    listing = docker("ps", "--all", "--filter", f"label={LABEL}={hosts.key}", "--format", template)
    return dict(line.split() for line in listing.splitlines())


def _addresses(hosts: Hosts) -> dict[str, str]:
    there = _containers(hosts)
    if not there:
        return {}
    found = json.loads(docker("inspect", *there.values()))
    return {
        entry["Config"]["Labels"][f"{LABEL}.name"]: entry["NetworkSettings"]["Networks"][hosts.network]["IPAMConfig"][
            "IPv4Address"
        ]
        for entry in found
    }


def main(words: list[str]) -> int:
    """What scenarios, targets and people call."""
    verb, *rest = words or [""]
    try:
        if verb == "image" and not rest:
            ensure(find_paths().cache / "hosts", _say)
            print(host_image.ensure(find_paths(), _say))
        elif verb == "up" and len(rest) > 1:
            up(Hosts(Path(rest[0])), rest[1:], _say)
        elif verb == "down" and rest:
            down(Hosts(Path(rest[0])), rest[1:])
        elif verb in ("stop", "start", "pause", "unpause") and len(rest) > 1:
            switch(Hosts(Path(rest[0])), verb, rest[1:])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (UnavailableError, OSError, KeyError) as problem:
        print(f"hosts: {problem}", file=sys.stderr)
        return 1
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
