"""Where the OpenStack lab keeps its things, and which ports of 127.0.0.1 it listens on.

There is one lab for all checkouts of a user: it takes 2 GiB of memory and a minute and a half of CPU to begin.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from ..paths import Paths

DATA = Path(__file__).resolve().parents[1] / "data"
CODE = DATA / "openstack-code"
ADDRESS = "127.0.0.1"
PASSWORD = "lab"
REGION = "RegionOne"
COMPUTES = ("node1", "node2", "node3")
PACKAGES = ("keystone", "openstack-placement", "glance", "neutron", "nova", "ironic", "octavia", "PyMySQL", "uwsgi")
# Below those that labs of API servers choose from.
PORTS = {
    "keystone": 11500,
    "placement": 11778,
    "glance": 11292,
    "neutron": 11696,
    "nova": 11774,
    "ironic": 11385,
    "octavia": 11876,
    "mysql": 11306,
    "amqp": 11672,
    "dist": 11673,
    "epmd": 11369,
}
DATABASES = ("keystone", "placement", "glance", "neutron", "nova", "nova_api", "nova_cell0", "ironic", "octavia")


@dataclass(frozen=True, slots=True)
class Lab:
    """The folders of the lab."""

    folder: Path

    @property
    def venv(self) -> Path:
        """Named by what it is made from: another set of versions is another environment, and other data."""
        constraints = (DATA / "openstack" / "constraints.txt").read_text(encoding="utf-8")
        text = sys.version + constraints + " ".join(PACKAGES)
        return self.folder / f"venv-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def instances(self) -> Path:
        """A folder for each server: what Nova's driver was told, and its console."""
        return self.var / "instances"

    @property
    def pristine(self) -> Path:
        """The databases of a cloud in which nothing was made yet; named by what is written into them."""
        text = (CODE / "identity.py").read_text(encoding="utf-8") + repr((ADDRESS, PORTS, DATABASES, REGION))
        return self.var / f"pristine-{self.venv.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.tar"

    @property
    def clouds(self) -> Path:
        """clouds.yaml with `lab` (an ordinary member of project demo) and `lab-admin`."""
        return self.folder / "clouds.yaml"


def find_lab(paths: Paths) -> Lab:
    return Lab(paths.cache / "openstack")


def url(service: str, path: str = "") -> str:
    return f"http://{ADDRESS}:{PORTS[service]}{path}"
