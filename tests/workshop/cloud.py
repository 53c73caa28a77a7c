"""Tests that need OpenStack: the lab comes up once, fresh, and goes when the last of them has ended.

A target says so in its file `aliases`, with the line `needs/openstack`; one that takes too long for `make test` adds `drill`.
"""

from __future__ import annotations

from pathlib import Path

from . import equipment, lab
from .openstack import installing
from .openstack import lab as openstack_lab
from .openstack.places import find_lab
from .paths import Paths
from .steps import Counts, Log, Show, Step, StepError

NEED = "needs/openstack"
DRILL = "drill"


def needs_openstack(folder: Path) -> bool:
    return NEED in _aliases(folder)


def is_drill(folder: Path) -> bool:
    return DRILL in _aliases(folder)


def tests(paths: Paths, targets: list[str]) -> list[Step]:
    """The lab, the targets one after the other, and the end of the lab; no step if there are none."""
    if not targets:
        return []
    folder = paths.collection / "tests" / "integration" / "targets"
    on_hosts = any(
        equipment.needs_hosts(paths.repository / "tests" / "integration" / "targets" / name) for name in targets
    )

    def work(log: Log) -> Counts:
        return lab.each(log, targets, lambda name: lab.run_target(paths, paths.lab, folder / name, log))

    return [
        *_up(paths),
        Step(
            "on-openstack",
            equipment.where_possible(paths, targets, work),
            ("openstack", *(equipment.STEPS if on_hosts else ())),
        ),
        *_down(paths),
    ]


def drills(paths: Paths) -> list[Step]:
    """All targets on OpenStack, the long ones too."""
    folder = paths.repository / "tests" / "integration" / "targets"
    return tests(paths, [name for name in lab.targets(paths) if needs_openstack(folder / name)])


def benchmark(paths: Paths) -> list[Step]:
    """Servers made side by side and one after the other; then a whole cluster."""

    def work(log: Log) -> None:
        for name in ("openstack_machines", "openstack_cluster"):
            module = f"ansible_collections.navarch.fleet.tests.benchmark.{name}"
            log.run("python", "-m", module, environment={"PYTHONPATH": str(paths.tree)}, deadline=3600)

    # After all others: figures want a machine for themselves.
    needed = ("openstack", *equipment.STEPS, "bench-provisioning")
    guarded = equipment.where_possible(paths, ("openstack",), work)
    return [*_up(paths), Step("bench-openstack", guarded, needed, Show.PLAIN), *_down(paths, ("bench-openstack",))]


def _up(paths: Paths) -> list[Step]:
    def work(log: Log) -> None:
        try:
            (openstack_lab.up if lab.keep_lab() else openstack_lab.fresh)(find_lab(paths), log.say)
        except (installing.LabError, OSError) as problem:
            raise StepError(str(problem)) from problem

    # Its servers are the same containers as the hosts of other tests.
    return [Step("openstack", equipment.where_possible(paths, ("OpenStack",), work), ("venv", "layout"))]


def _down(paths: Paths, following: tuple[str, ...] = ("on-openstack",)) -> list[Step]:
    def work(log: Log) -> None:
        if lab.keep_lab():
            log.say("KEEP_LAB is set: OpenStack runs on")
        else:
            openstack_lab.down(find_lab(paths))

    return [Step("openstack-down", work, ("layout",), following=following)]


def _aliases(folder: Path) -> list[str]:
    file = folder / "aliases"
    return file.read_text(encoding="utf-8").split() if file.is_file() else []
