"""The lab of real API servers that tests run against, and the tests that need it."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .paths import Paths
from .steps import Counts, Log, Show, Step, StepError

PLAY = """\
---
- name: {target}
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/navarch.fleet.fleet:
      hub_kubeconfig: "{{{{ lookup('ansible.builtin.env', 'NAVARCH_HUB_KUBECONFIG') }}}}"
  roles:
    - role: {target}
"""

REPEATED = (
    "application_adoption_survives_kills",
    "application_carries_many_objects",
    "application_resumes",
    "application_rollout_outlives_a_member",
    "application_rollout_survives_kills",
    "application_survives",
    "failover_brakes_storms",
    "failover_moves_and_returns",
    "join_finishes_what_was_interrupted",
    "lab_heals",
)

LONG = (
    "application_adoption_survives_kills",
    "application_carries_many_objects",
    "application_reaches_many_members",
    "application_sources_private",
    "cluster_api_makes_and_scales",
)
"""Targets that take minutes, or were not yet seen to pass as a whole on a quiet machine: part of the drills, and of the
integration tests only where they are named."""


def binaries(paths: Paths) -> Step:
    """The programs of the lab, downloaded or built once; the long part of a first run, so it starts first."""

    def work(log: Log) -> None:
        log.run("ansible-playbook", paths.collection / "tests" / "workshop" / "data" / "binaries.yml", deadline=3600)

    return Step("binaries", work, ("venv", "layout"), Show.MARKED)


def up(folder: Path, name: str = "lab") -> Step:
    """A hub and three members; what an earlier run left behind is removed first."""

    def work(log: Log) -> None:
        if not keep_lab():
            play_lab(folder, log, "absent")
        play_lab(folder, log, "present")

    return Step(name, work, ("binaries",))


def down(folder: Path, following: tuple[str, ...], name: str = "lab-down") -> Step:
    """Removes the lab, also when tests failed; KEEP_LAB=1 keeps it to look at."""

    def work(log: Log) -> None:
        if keep_lab():
            log.say(f"KEEP_LAB is set: the lab stays in {folder}")
        else:
            play_lab(folder, log, "absent")

    return Step(name, work, ("venv", "layout"), following=following)


def play_lab(folder: Path, log: Log, state: str) -> None:
    log.run("ansible-playbook", "navarch.fleet.lab", "-e", f"lab_directory={folder}", "-e", f"lab_state={state}")


def targets(paths: Paths) -> list[str]:
    """The integration targets."""
    folder = paths.repository / "tests" / "integration" / "targets"
    return [target for target in sorted(_folders(folder)) if not target.startswith("setup_")]


def scenarios(paths: Paths) -> list[str]:
    """The scenarios of Molecule."""
    folder = paths.repository / "extensions" / "molecule"
    return [file.parent.name for file in sorted(folder.glob("*/molecule.yml"))]


def integration(paths: Paths, waiting: deque[str], folder: Path, name: str, after: str) -> Step:
    """One play per target, one after the other, because the targets of one lab share it."""
    found = paths.collection / "tests" / "integration" / "targets"

    def work(log: Log) -> Counts:
        return each(log, _taken(waiting), lambda target: run_target(paths, folder, found / target, log))

    return Step(name, work, (after,))


def molecule(paths: Paths, names: list[str]) -> Step:
    """One scenario per role, in a lab of their own: roles change what targets rely on."""

    def work(log: Log) -> Counts:
        return each(log, names, lambda scenario: run_scenario(paths, scenario, log))

    return Step("molecule", work, ("roles-lab",))


def end_to_end(paths: Paths, log: Log) -> None:
    """Registry, join, inventory, plan, rollout, status and removal, as a user types them."""
    shop = ("-e", "@shop.yml")
    plays = (
        ("registry",),
        ("join", "-e", f"@{paths.lab / 'clusters.yml'}"),
        ("apply", *shop, "--check", "--diff"),
        ("apply", *shop),
        ("status",),
        ("remove", *shop),
    )
    examples = paths.collection / "docs" / "quickstart"
    for name, *options in plays:
        log.run("ansible-playbook", f"navarch.fleet.{name}", *options, directory=examples)
    log.run("ansible-inventory", "-i", "fleet.yml", "--graph", directory=examples)


def drills(paths: Paths) -> Step:
    """What has to hold every time: kills, returns and interrupted plays, again and again."""
    found = paths.collection / "tests" / "integration" / "targets"

    def work(log: Log) -> Counts:
        rounds = int(os.environ.get("ROUNDS", "5"))
        names = [*LONG, *[name for name in REPEATED if (found / name).is_dir()] * rounds]
        return each(log, names, lambda name: run_target(paths, paths.lab, found / name, log))

    return Step("drills", work, ("lab",))


def fleet(paths: Paths) -> Step:
    """The lab's members in the lab's registry."""

    def work(log: Log) -> None:
        log.run("ansible-playbook", "navarch.fleet.registry")
        log.run("ansible-playbook", "navarch.fleet.join", "-e", f"@{paths.lab / 'clusters.yml'}")

    return Step("fleet", work, ("lab",))


def benchmarks(paths: Paths) -> Step:
    def work(log: Log) -> Counts:
        folder = paths.collection / "tests" / "benchmark"
        found = [file.stem for file in sorted(folder.glob("bench_*.py"))]
        python = {"PYTHONPATH": str(paths.tree)}
        return each(log, found, lambda name: log.attempt("python", folder / f"{name}.py", environment=python)[0])

    return Step("bench", work, ("fleet",), Show.PLAIN)


def keep_lab() -> bool:
    return os.environ.get("KEEP_LAB", "") not in ("", "0")


def run_target(paths: Paths, folder: Path, target: Path, log: Log) -> int:
    environment = _lab_environment(folder) | {"ANSIBLE_ROLES_PATH": str(target.parent)}
    script = target / "runme.sh"
    if script.exists():
        return log.attempt("bash", script, environment=environment, directory=target)[0]
    plays = paths.checkout / "plays"
    plays.mkdir(parents=True, exist_ok=True)
    play = plays / f"{target.name}.yml"
    play.write_text(PLAY.format(target=target.name), encoding="utf-8")
    return log.attempt("ansible-playbook", play, environment=environment, directory=plays)[0]


def run_scenario(paths: Paths, scenario: str, log: Log) -> int:
    ephemeral = paths.checkout / "molecule" / scenario
    shutil.rmtree(ephemeral, ignore_errors=True)
    ephemeral.mkdir(parents=True)
    places = {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(ephemeral),
        "MOLECULE_NO_LOG": "false",
        **_lab_environment(paths.roles_lab),
    }
    return log.attempt("molecule", "test", "-s", scenario, environment=places, directory=paths.collection)[0]


def _lab_environment(folder: Path) -> dict[str, str]:
    return {"NAVARCH_TEST_LAB": str(folder), "NAVARCH_HUB_KUBECONFIG": str(folder / "hub.kubeconfig")}


def _taken(waiting: deque[str]) -> Iterator[str]:
    """Takes what nobody else took; the deque's own operations are atomic."""
    while True:
        try:
            yield waiting.popleft()
        except IndexError:
            return


def each(log: Log, names: Iterable[str], work: Callable[[str], int]) -> Counts:
    """Run them all, whatever happens to one; say how each ended and how long it took."""
    total = Counts()
    for name in names:
        began = time.monotonic()
        try:
            code = work(name)
        except StepError as problem:
            log.say(str(problem))
            code = 1
        seconds = time.monotonic() - began
        if code:
            log.show_end()
        log.announce(f"{'✘' if code else '✔'} {name} {seconds:.1f} s")
        total += Counts(failed=1, broken=(name,)) if code else Counts(passed=1)
    return total


def chosen(names: list[str], only: str | None) -> list[str]:
    if only and only not in names:
        raise StepError(f"there is no {only}; there are {', '.join(names)}")
    return [only] if only else [name for name in names if name not in LONG]


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
