"""`make quickstart`: the user's first day, as the commands that they would type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import gates, lab, venvs
from .paths import Paths, tool_environment
from .steps import Log, Runner, Show, Step, report

LOST = "idc-north"
PATIENCE = 10
"""Seconds: a third of the default, so that the reader need not wait for it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One command of the day, and what the reader should look for in what it prints."""

    name: str
    words: str
    command: tuple[str, ...]


def acts(folder: Path) -> list[Act]:
    """Lab, registry, rollout, loss, failover, return."""

    def component(state: str) -> tuple[str, ...]:
        return (
            "ansible",
            "localhost",
            "-m",
            "navarch.fleet.lab_component",
            "-a",
            f"directory={folder} cluster={LOST} state={state}",
        )

    def play(name: str, *options: str) -> tuple[str, ...]:
        return ("ansible-playbook", f"navarch.fleet.{name}", *options)

    shop = ("-e", "@shop.yml")
    return [
        Act(
            "lab",
            "A hub and three members come up: real API servers, simulated nodes.",
            play("lab", "-e", f"lab_directory={folder}"),
        ),
        Act("registry", "The hub gets its custom resources and roles.", play("registry")),
        Act("join", "The members enter the registry.", play("join", "-e", f"@{folder / 'clusters.yml'}")),
        Act("inventory", "The registry, seen as an inventory.", ("ansible-inventory", "-i", "fleet.yml", "--graph")),
        Act(
            "plan",
            "What would go where, why, and the diff; nothing is changed.",
            play("apply", *shop, "--check", "--diff"),
        ),
        Act("rollout", "The same, carried out.", play("apply", *shop)),
        Act("status", "Where the application runs now.", play("status")),
        Act("loss", f"The API server of {LOST} is killed: its process, by SIGKILL.", component("killed")),
        Act(
            "failover",
            f"The share of {LOST} moves to the clusters that its placement allows.",
            play("failover", "-e", f"failover_toleration={PATIENCE}"),
        ),
        Act("status-lost", f"Where it runs without {LOST}.", play("status")),
        Act("restart", f"{LOST} comes back.", component("running")),
        Act("failback", "Stale copies are removed first, then the share returns.", play("failover")),
        Act("status-back", "Where it runs at the end.", play("status")),
    ]


def run(paths: Paths) -> int:
    """Prepare quietly, then show each act with its output."""
    environment = tool_environment(paths, venvs.describe(paths, "dev").path)
    folder = user_lab_folder(paths)
    shown = environment | {
        "NAVARCH_HUB_KUBECONFIG": str(folder / "hub.kubeconfig"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False",
    }
    preparation = Runner([*gates.preparation(paths), lab.binaries(paths)], paths.logs, environment, paths.repository)
    prepared = preparation.run()
    if any(result.error for result in prepared):
        return report(prepared)
    steps: list[Step] = []
    for act in acts(folder):
        after = (steps[-1].name,) if steps else ()
        steps.append(Step(act.name, _showing(act), after, Show.PLAIN))
    show = Runner(steps, paths.logs / "quickstart", shown, paths.collection / "docs" / "quickstart", workers=1)
    code = report([*prepared, *show.run()])
    print(f"The lab runs on in {folder}; `make clean` stops and removes it.", flush=True)
    return code


def user_lab_folder(paths: Paths) -> Path:
    """Where the lab playbook puts a lab unless told otherwise."""
    return paths.cache / "lab"


def user_lab(paths: Paths) -> Step:
    """`make lab`: a lab to play with."""
    command = ("ansible-playbook", "navarch.fleet.lab", "-e", f"lab_directory={user_lab_folder(paths)}")

    def work(log: Log) -> None:
        log.run(*command)

    return Step("lab", work, ("binaries",), Show.PLAIN)


def _showing(act: Act) -> Callable[[Log], None]:
    def work(log: Log) -> None:
        log.say(act.words)
        log.run(*act.command)

    return work
