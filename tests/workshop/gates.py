"""The gates that need no cluster. Each is one step; only the generated documents are written into the checkout."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from . import lab, layout, venvs
from .paths import COLLECTION, Paths, python_version
from .steps import Counts, Log, Step, StepError

NAME = "navarch.fleet"
PACKAGE = "ansible_collections.navarch.fleet.plugins"
SAME_CASES, NEW_CASES = "ci", "default"
"""Hypothesis' profiles. A run for a change tries what the run before tried; the drills look for what nobody tried yet."""
IMPORTER_SETTINGS = {"GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "no"}
"""Its lint sees part of what the step ansible-lint sees, with the same profile, and gives up after three minutes."""


def preparation(paths: Paths) -> list[Step]:
    """The environment of the tools, and the checkout where Ansible looks for it."""
    venv = venvs.describe(paths, "dev")
    return [
        Step("venv", lambda log: venvs.make(venv, log)),
        Step("layout", lambda log: layout.lay_out(paths, log)),
    ]


def lint(paths: Paths) -> list[Step]:
    tree, collection = paths.tree, paths.collection

    def ruff(log: Log) -> None:
        log.run("ruff", "check", ".", directory=collection)
        log.run("ruff", "format", "--check", "--diff", ".", directory=collection)

    def mypy(log: Log) -> None:
        options = ("--config-file", collection / "pyproject.toml", "--namespace-packages", "--explicit-package-bases")
        log.run("mypy", *options, "-p", PACKAGE, environment={"MYPYPATH": str(tree)}, directory=tree)
        log.run(
            "mypy",
            *options,
            "-p",
            "workshop",
            environment={"MYPYPATH": f"{collection / 'tests'}:{tree}"},
            directory=tree,
        )

    def ansible_lint(log: Log) -> None:
        log.run("ansible-lint", "--offline", "--nocolor", environment=_fresh_home(paths), directory=collection)

    after = ("venv", "layout")
    return [Step("ruff", ruff, after), Step("mypy", mypy, after), Step("ansible-lint", ansible_lint, after)]


def unit(paths: Paths) -> list[Step]:
    return [Step("unit", lambda log: run_pytest(paths, log, SAME_CASES), ("venv", "layout"))]


def run_pytest(paths: Paths, log: Log, cases: str) -> Counts:
    """The unit tests; pytest counts them.

    :param cases: hypothesis' profile, which says whether properties are tried on the same cases each time.
    """
    options = (
        "--import-mode=importlib", "-p", "no:cacheprovider", "-q", "-n", "2", "--durations=5", "--hypothesis-profile", cases
    )  # fmt: skip
    code, output = log.attempt(
        "python", "-m", "pytest", *options, "tests/unit",
        environment={"PYTHONPATH": str(paths.tree)},
        directory=paths.collection,
    )  # fmt: skip
    counts = Counts(_count(output, "passed"), _count(output, "failed"), _count(output, "skipped"))
    broken = _count(output, "error") + _count(output, "errors")
    if code and not counts.failed + broken:
        raise StepError(f"pytest ended with {code}")
    return counts + Counts(failed=broken)


def sanity(paths: Paths) -> list[Step]:
    venv = venvs.describe(paths, "dev")
    return [Step("sanity", lambda log: run_sanity(paths, venv, log), ("venv", "layout"))]


def run_sanity(paths: Paths, venv: venvs.Venv, log: Log) -> None:
    """Every sanity test, none of them excused."""
    excuses = sorted((paths.collection / "tests" / "sanity").glob("ignore*"))
    if excuses:
        raise StepError(f"no ignore file is allowed: {', '.join(file.name for file in excuses)}")
    venvs.place_get_pip(paths, venv, log)
    log.run(
        "ansible-test", "sanity", "--local", "--color", "no", "--python", python_version(), directory=paths.collection
    )


def docs(paths: Paths) -> list[Step]:
    """The documentation of every plugin and role is complete, and reference pages come out of it."""

    def antsibull(log: Log) -> None:
        options = ("--plugin-docs", "--validate-collection-refs=self", "--skip-rstcheck")
        log.run("antsibull-docs", "lint-collection-docs", *options, ".", directory=paths.collection)
        log.run("antsibull-changelog", "lint", directory=paths.collection)

    def written(log: Log) -> None:
        # The one thing that goes into the checkout itself; the unit tests fail where that was forgotten.
        module = "ansible_collections.navarch.fleet.tests.documents"
        log.run("python", "-m", module, paths.repository, environment={"PYTHONPATH": str(paths.tree)})

    def reference(log: Log) -> None:
        folder = paths.checkout / "reference"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", folder)
        log.run("antsibull-docs", "collection", *options, NAME, directory=paths.collection)
        log.say(f"reference pages: {folder}")

    after = ("venv", "layout")
    return [Step("documents", written, after), Step("docs", antsibull, after), Step("reference", reference, after)]


def package(paths: Paths) -> list[Step]:
    """What users get: the tarball, Galaxy's own check of it, and that its essential folders are enough."""
    importer = venvs.describe(paths, "importer")
    # A playbook shows kubernetes.core's modules; the package `ansible` brings that collection.
    others = venvs.describe(paths, "dev").path / "lib" / f"python{python_version()}" / "site-packages"

    def build(log: Log) -> None:
        layout.build(paths, log)

    def check(log: Log) -> None:
        venvs.make(importer, log)
        program = importer.path / "bin"
        environment = IMPORTER_SETTINGS | {
            "ANSIBLE_COLLECTIONS_PATH": f"{paths.tree}:{others}",
            "PATH": f"{program}:{log.environment['PATH']}",
            "VIRTUAL_ENV": str(importer.path),
        }
        output = log.run(
            program / "python", "-m", "galaxy_importer.main", _tarball(paths),
            environment=environment, directory=paths.checkout,
        )  # fmt: skip
        findings = [line for line in output.splitlines() if re.match(r"(WARNING|ERROR)\b", line)]
        if findings:
            raise StepError(f"galaxy-importer has {len(findings)} findings; the first: {findings[0]}")

    def stripped(log: Log) -> None:
        root = layout.install_stripped(paths, _tarball(paths), log)
        alone = {"ANSIBLE_COLLECTIONS_PATH": str(root)}
        listing = log.run("ansible-doc", "--list", NAME, environment=alone, directory=root)
        modules = [line.split()[0] for line in listing.splitlines() if line.startswith(f"{NAME}.")]
        if not modules:
            raise StepError("ansible-doc sees no module")
        log.run("ansible-doc", *modules, environment=alone, directory=root)
        playbooks = [f"{NAME}.{file.stem}" for file in sorted((root / COLLECTION / "playbooks").glob("*.yml"))]
        log.run("ansible-playbook", "--syntax-check", *playbooks, environment=alone, directory=root)
        play = paths.collection / "tests" / "workshop" / "data" / "stripped.yml"
        log.run("ansible-playbook", play, environment=alone, directory=root)

    return [
        Step("build", build, ("venv", "layout")),
        Step("importer", check, ("build",)),
        Step("stripped", stripped, ("build",)),
    ]


def old_version(paths: Paths, name: str, before: str) -> list[Step]:
    """Unit tests, sanity and one end-to-end play with an older ansible-core that the collection promises to work with."""
    venv = venvs.describe(paths, name)
    path = {
        "PATH": f"{venv.path / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "VIRTUAL_ENV": str(venv.path),
    }

    def within(log: Log) -> Log:
        log.environment = {**log.environment, **path}
        return log

    return [
        Step(f"{name}-venv", lambda log: venvs.make(venv, log)),
        Step(f"{name}-unit", lambda log: run_pytest(paths, within(log), NEW_CASES), (f"{name}-venv", "layout")),
        # ansible-test writes into the collection, and plays share the lab: one version after the other.
        Step(
            f"{name}-sanity",
            lambda log: run_sanity(paths, venv, within(log)),
            (f"{name}-venv",),
            following=(f"{name}-unit", before),
        ),
        Step(
            f"{name}-play",
            lambda log: lab.end_to_end(paths, within(log)),
            (f"{name}-venv", "lab"),
            following=(f"{name}-sanity",),
        ),
    ]


def _fresh_home(paths: Paths) -> dict[str, str]:
    """ansible-lint installs the collection into Ansible's home and would find yesterday's there tomorrow."""
    home = paths.checkout / "homes" / "lint"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return {"ANSIBLE_HOME": str(home)}


def _tarball(paths: Paths) -> Path:
    return next((paths.checkout / "dist").glob("*.tar.gz"))


def _count(output: str, word: str) -> int:
    last = [line for line in output.splitlines() if re.search(r"\bin [\d.]+s", line)]
    found = re.search(rf"(\d+) {word}\b", last[-1]) if last else None
    return int(found.group(1)) if found else 0
