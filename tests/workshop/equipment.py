"""What tests on hosts need: Docker and the image of a host, the binaries and images of nodes; and those tests themselves.

A target or a scenario that brings up hosts says so in its file `aliases`, with the line `needs/hosts`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from . import docker, host_image, lab
from .paths import Paths
from .steps import Counts, Log, Show, Step, StepError

NEED = "needs/hosts"
STEPS = ("hosts", "node-files")


def needs_hosts(folder: Path) -> bool:
    """Whether a target or a scenario brings up hosts."""
    aliases = folder / "aliases"
    return aliases.is_file() and NEED in aliases.read_text(encoding="utf-8").split()


def prepare(paths: Paths) -> list[Step]:
    """The image of a host, and what nodes run; both are kept in the cache."""
    return [
        Step("hosts", lambda log: _hosts(paths, log), ("venv", "layout")),
        Step("node-files", lambda log: _node_files(paths, log), ("venv", "layout")),
    ]


def tests(paths: Paths, targets: list[str], scenarios: list[str]) -> list[Step]:
    """The targets and scenarios on hosts, one after the other; no step if there are none."""

    def work(log: Log) -> Counts:
        folder = paths.collection / "tests" / "integration" / "targets"
        return lab.each(log, targets, lambda name: lab.run_target(paths, paths.lab, folder / name, log)) + lab.each(
            log, scenarios, lambda name: lab.run_scenario(paths, name, log)
        )

    return (
        [Step("on-hosts", where_possible(paths, (*targets, *scenarios), work), STEPS)] if targets or scenarios else []
    )


def benchmark(paths: Paths) -> list[Step]:
    """Clusters out of hosts, beside kubeadm's own steps; alone, after the other figures."""

    def work(log: Log) -> None:
        log.run("python", paths.collection / "tests" / "benchmark" / "provisioning.py", deadline=3600)

    guarded = where_possible(paths, ("provisioning",), work)
    return [*prepare(paths), Step("bench-provisioning", guarded, (*STEPS, "bench"), Show.PLAIN)]


def where_possible(
    paths: Paths, names: Sequence[str], work: Callable[[Log], Counts | None]
) -> Callable[[Log], Counts | None]:
    """The work where there can be hosts; elsewhere each of these is skipped, with the reason."""

    def guarded(log: Log) -> Counts | None:
        reason = unavailable(paths, log)
        if not reason:
            return work(log)
        for name in names:
            log.announce(f"- {name} skipped: {reason}")
        return Counts(skipped=len(names))

    return guarded


def unavailable(paths: Paths, log: Log) -> str:
    """Why there can be no hosts here, if there can't; in continuous integration that is a failure."""
    try:
        docker.ensure(paths.cache / "hosts", log.say)
    except docker.UnavailableError as problem:
        if os.environ.get("CI", "") not in ("", "0", "false"):
            raise StepError(f"hosts are needed here: {problem}") from None
        return str(problem)
    return ""


def _hosts(paths: Paths, log: Log) -> Counts | None:
    reason = unavailable(paths, log)
    if reason:
        log.announce(f"no hosts: {reason}")
        return Counts(skipped=1)
    log.say(host_image.ensure(paths, log.say))
    return None


def _node_files(paths: Paths, log: Log) -> None:
    data = paths.collection / "tests" / "workshop" / "data"
    log.run("ansible-playbook", data / "node_files.yml", deadline=5400)
    module = "ansible_collections.navarch.fleet.tests.workshop.web_image"
    log.run("python", "-m", module, paths.cache, environment={"PYTHONPATH": str(paths.tree)})
