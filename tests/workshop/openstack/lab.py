"""The OpenStack lab as a whole.

What is fake: no packets (Neutron's driver binds ports, nobody plugs them), no hypervisor (Nova's driver writes down what it
is told, and makes a container that answers SSH for images that ask for one), no data plane of Octavia, no BMC behind Ironic.
"""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import docker, host_image
from ..paths import REPOSITORY, find_paths
from .configuration import write_configuration
from .initialising import forget, initialise
from .installing import Say, install
from .places import CODE, Lab
from .processes import alive, names
from .services import start, stop


def up(lab: Lab, say: Say) -> None:
    """Have the cloud run; what is there already is used."""
    with _locked(lab):
        _have(lab, say)
        _start(lab, say)


def user(lab: Lab) -> Path | None:
    """The checkout that brought it up last, if it is there still."""
    try:
        found = Path((lab.folder / "user").read_text(encoding="utf-8"))
    except OSError:
        return None
    return found if found.is_dir() else None


def fresh(lab: Lab, say: Say) -> None:
    """Have a cloud run in which nothing was made yet."""
    with _locked(lab):
        stop(lab)
        _have(lab, say)
        forget(lab)
        _start(lab, say)


def down(lab: Lab) -> None:
    """Stop all of its processes."""
    with _locked(lab):
        stop(lab)


def status(lab: Lab) -> str:
    lines = [f"{name:16} {'runs' if alive(lab, name) else 'is down'}" for name in names(lab)]
    return "\n".join([*lines, f"clouds.yaml: {lab.clouds}"])


def _have(lab: Lab, say: Say) -> None:
    began = time.monotonic()
    install(lab, say)
    _prepare_hosts(say)
    say(f"OpenStack: programs after {time.monotonic() - began:.0f} s")
    initialise(lab, say)
    say(f"OpenStack: databases after {time.monotonic() - began:.0f} s")


def _start(lab: Lab, say: Say) -> None:
    began = time.monotonic()
    (lab.folder / "user").write_text(str(REPOSITORY), encoding="utf-8")
    write_configuration(lab)
    start(lab)
    _offer(lab)
    say(f"OpenStack: started in {time.monotonic() - began:.0f} s; clouds `lab` and `lab-admin` in {lab.clouds}")


def _prepare_hosts(say: Say) -> None:
    """What servers with image `container` are made of; without it, only they fail."""
    paths = find_paths()
    try:
        docker.ensure(paths.cache / "hosts", say)
        host_image.ensure(paths, say)
    except (docker.UnavailableError, OSError) as problem:
        say(f"OpenStack: no servers that answer SSH, because {problem}")


def _offer(lab: Lab) -> None:
    """Flavors, images and an external network, as an operator of the cloud provides them."""
    words = [str(lab.python), str(CODE / "offers.py"), str(lab.clouds)]
    subprocess.run(words, check=True)


@contextmanager
def _locked(lab: Lab) -> Iterator[None]:
    lab.folder.mkdir(parents=True, exist_ok=True)
    with (lab.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
