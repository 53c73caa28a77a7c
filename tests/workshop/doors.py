"""The doors of `make`: which steps each one takes."""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import cleaning, cloud, equipment, gates, lab, machine, quickstart, venvs
from .paths import Paths, tool_environment
from .steps import Runner, Step, report

OLD_VERSIONS = ("core-2.16", "core-2.17", "core-2.18")


def test(paths: Paths) -> list[Step]:
    """Everything that must be green; the lab's long chain is listed first, the other worker takes what is left."""
    there, on_openstack = _on_openstack(paths, lab.chosen(lab.targets(paths), None), drills_too=False)
    targets, scenarios, on_hosts = _apart(paths, there, lab.scenarios(paths))
    waiting = deque(targets)
    return [
        *gates.preparation(paths),
        lab.binaries(paths),
        lab.up(paths.lab),
        lab.integration(paths, waiting, paths.lab, "integration", "lab"),
        *gates.lint(paths),
        *gates.unit(paths),
        *gates.sanity(paths),
        *gates.docs(paths),
        *gates.package(paths),
        # They take long the first time, and nothing but the tests on hosts waits for them.
        *equipment.prepare(paths),
        lab.up(paths.roles_lab, "roles-lab"),
        lab.molecule(paths, scenarios),
        *on_hosts,
        *on_openstack,
        lab.integration(paths, waiting, paths.roles_lab, "integration-beside", "molecule"),
        lab.down(paths.lab, ("integration",)),
        lab.down(paths.roles_lab, ("molecule", "integration-beside"), "roles-lab-down"),
    ]


def lint(paths: Paths) -> list[Step]:
    return [*gates.preparation(paths), *gates.lint(paths)]


def unit(paths: Paths) -> list[Step]:
    return [*gates.preparation(paths), *gates.unit(paths)]


def sanity(paths: Paths) -> list[Step]:
    return [*gates.preparation(paths), *gates.sanity(paths)]


def docs(paths: Paths) -> list[Step]:
    return [*gates.preparation(paths), *gates.docs(paths)]


def package(paths: Paths) -> list[Step]:
    return [*gates.preparation(paths), *gates.package(paths)]


def integration(paths: Paths) -> list[Step]:
    chosen = lab.chosen(lab.targets(paths), os.environ.get("TARGET"))
    there, on_openstack = _on_openstack(paths, chosen, drills_too=len(chosen) == 1)
    targets, _none, on_hosts = _apart(paths, there, [], drills_too=len(chosen) == 1)
    steps = _around_lab(paths, lab.integration(paths, deque(targets), paths.lab, "integration", "lab"))
    hosts = _with_equipment(paths, [*on_hosts, *on_openstack])
    return [*gates.preparation(paths), *(steps if targets else ()), *hosts]


def molecule(paths: Paths) -> list[Step]:
    chosen = lab.chosen(lab.scenarios(paths), os.environ.get("SCENARIO"))
    _none, scenarios, on_hosts = _apart(paths, [], chosen)
    start, stop = lab.up(paths.roles_lab, "roles-lab"), lab.down(paths.roles_lab, ("molecule",), "roles-lab-down")
    steps = [lab.binaries(paths), start, lab.molecule(paths, scenarios), stop]
    return [*gates.preparation(paths), *(steps if scenarios else ()), *_with_equipment(paths, on_hosts)]


def bench(paths: Paths) -> list[Step]:
    print(machine.describe(), flush=True)
    return [
        *_in_lab(paths, lab.fleet(paths), lab.benchmarks(paths)),
        *equipment.benchmark(paths),
        *cloud.benchmark(paths),
    ]


def drills(paths: Paths) -> list[Step]:
    steps = [*gates.preparation(paths), lab.binaries(paths), lab.up(paths.lab), lab.drills(paths)]
    for name in OLD_VERSIONS:
        steps += gates.old_version(paths, name, before=steps[-1].name)
    last = steps[-1].name
    on_lab_or_hosts = _on_openstack(paths, lab.targets(paths), drills_too=True)[0]
    on_hosts = _apart(paths, on_lab_or_hosts, [], drills_too=True)[2]
    return [*steps, *equipment.prepare(paths), *on_hosts, *cloud.drills(paths), lab.down(paths.lab, (last,))]


def bring_up(paths: Paths) -> list[Step]:
    """A lab of the user's own, in the place where the playbook puts it by default."""
    return [*gates.preparation(paths), lab.binaries(paths), quickstart.user_lab(paths)]


def open_door(name: str, paths: Paths) -> int:
    """Run the steps of a door, print what they gave."""
    with _alone(paths):
        if name == "quickstart":
            return quickstart.run(paths)
        steps = DOORS[name](paths)
        environment = tool_environment(paths, venvs.describe(paths, "dev").path)
        return report(Runner(steps, paths.logs, environment, paths.repository).run())


DOORS: dict[str, Callable[[Paths], list[Step]]] = {
    "test": test,
    "lint": lint,
    "unit": unit,
    "sanity": sanity,
    "docs": docs,
    "package": package,
    "integration": integration,
    "molecule": molecule,
    "drills": drills,
    "bench": bench,
    "lab": bring_up,
    "clean": cleaning.clean,
    "distclean": cleaning.distclean,
}


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """One door of a checkout is open at a time: they share the laid-out copy and the lab."""
    paths.checkout.mkdir(parents=True, exist_ok=True)
    with (paths.checkout / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another make works in this checkout: waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _apart(
    paths: Paths, targets: list[str], scenarios: list[str], *, drills_too: bool = False
) -> tuple[list[str], list[str], list[Step]]:
    """Targets and scenarios that a lab is enough for, and the step of those that need hosts."""
    folders = {name: paths.repository / "tests" / "integration" / "targets" / name for name in targets}
    folders |= {name: paths.repository / "extensions" / "molecule" / name for name in scenarios}
    apart = {name for name, folder in folders.items() if equipment.needs_hosts(folder)}
    chosen = [name for name in targets if name in apart and (drills_too or not cloud.is_drill(folders[name]))]
    steps = equipment.tests(paths, chosen, [name for name in scenarios if name in apart])
    return [name for name in targets if name not in apart], [name for name in scenarios if name not in apart], steps


def _on_openstack(paths: Paths, targets: list[str], *, drills_too: bool) -> tuple[list[str], list[Step]]:
    """Targets that need no OpenStack, and the steps of those that do."""
    folder = paths.repository / "tests" / "integration" / "targets"
    there = [name for name in targets if cloud.needs_openstack(folder / name)]
    chosen = [name for name in there if drills_too or not cloud.is_drill(folder / name)]
    return [name for name in targets if name not in there], cloud.tests(paths, chosen)


def _with_equipment(paths: Paths, steps: list[Step]) -> list[Step]:
    return [*equipment.prepare(paths), *steps] if steps else []


def _in_lab(paths: Paths, *steps: Step) -> list[Step]:
    return [*gates.preparation(paths), *_around_lab(paths, *steps)]


def _around_lab(paths: Paths, *steps: Step) -> list[Step]:
    names = tuple(step.name for step in steps)
    return [lab.binaries(paths), lab.up(paths.lab), *steps, lab.down(paths.lab, names)]
