"""Virtual environments in the cache, each named by what it was made from."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .paths import Paths, python_version
from .steps import Log, StepError

MARK = "complete"


@dataclass(frozen=True, slots=True)
class Venv:
    """A virtual environment that is made from one requirements file."""

    path: Path
    requirements: Path

    @property
    def ready(self) -> bool:
        return (self.path / MARK).exists()


def describe(paths: Paths, name: str) -> Venv:
    """The environment of ``tests/requirements/<name>.txt`` for the Python that runs this."""
    requirements = paths.repository / "tests" / "requirements" / f"{name}.txt"
    sources = [requirements, *_included(requirements)]
    text = sys.version + "".join(source.read_text(encoding="utf-8") for source in sources)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return Venv(paths.venvs / f"{name}-py{python_version()}-{digest}", requirements)


def make(venv: Venv, log: Log) -> None:
    """Create it unless it is there; one that was left half made is made anew."""
    venv.path.parent.mkdir(parents=True, exist_ok=True)
    with venv.path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if venv.ready:
            log.say(f"{venv.path} is there")
            return
        if venv.path.exists():
            log.say(f"{venv.path} was left half made: made anew")
            shutil.rmtree(venv.path)
        log.run(sys.executable, "-m", "venv", venv.path)
        log.run(venv.path / "bin" / "pip", "install", "--progress-bar=off", "-r", venv.requirements)
        (venv.path / MARK).touch()


def place_get_pip(paths: Paths, venv: Venv, log: Log) -> None:
    """Put pip's bootstrap script where ansible-test looks before it asks a host that not every network reaches."""
    version = _pip_wanted(venv)
    script = paths.home / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    wheels = paths.cache / "wheels"
    log.run(venv.path / "bin" / "pip", "download", "--no-deps", "--dest", wheels, f"pip=={version}")
    wheel = wheels / f"pip-{version}-py3-none-any.whl"
    script.parent.mkdir(parents=True, exist_ok=True)
    part = script.with_suffix(".part")
    part.write_text(GET_PIP.format(wheel=str(wheel), version=version), encoding="utf-8")
    part.replace(script)


# ansible-test calls it as it would call get-pip.py: with pip's options, and --no-setuptools, --no-wheel.
GET_PIP = """\
import runpy
import sys

options = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
extras = [name for name in ("setuptools", "wheel") if "--no-" + name not in sys.argv]
sys.path.insert(0, {wheel!r})
sys.argv = ["pip", "install", "--upgrade", *options, "pip=={version}", *extras]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def _pip_wanted(venv: Venv) -> str:
    source = venv.path / "lib" / f"python{python_version()}" / "site-packages" / "ansible_test" / "_internal"
    found = re.search(r"pip='([\d.]+)'", (source / "python_requirements.py").read_text(encoding="utf-8"))
    if found is None:
        raise StepError("this ansible-test does not say which pip it wants")
    return found.group(1)


def _included(requirements: Path) -> list[Path]:
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return [(requirements.parent / line.split()[1]).resolve() for line in lines if line.startswith("-r ")]
