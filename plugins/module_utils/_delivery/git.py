# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources at a commit of a git repository: fetched shallowly by git, pinned to the commit that was found.

Git runs without a terminal and without the hooks of anybody. A login in the address is refused, since it would show on
the command line: git's own credential helpers and SSH keys are used as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._kube.errors import InputError
from .._scheduling.validate import check
from .programs import find_program, run_program, without_login

_DEADLINE = 300.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_LFS_SKIP_SMUDGE": "1",
    # Not `ext`, which would run any program.
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
}
_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_SSL_CAINFO")
_TEXT = {"type": "string", "minLength": 1}
GIT = {
    "type": "object",
    "properties": {"repository": _TEXT, "ref": _TEXT, "path": _TEXT},
    "additionalProperties": False,
    "required": ["repository"],
    "description": "A reference to a repository; ref is a branch, a tag or a commit, HEAD by default.",
}


Run = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Reference:
    """What the user names: a repository, and where in it."""

    repository: str
    ref: str
    path: str | None


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of one commit."""

    folder: Path
    commit: str
    label: str
    """``git example.com/shop@1f0c5a2e3b4d``, for origins and errors."""

    def inside(self, path: str) -> Path:
        """A path in the repository.

        :raises InputError: it is not there, or leads out of it.
        """
        found = self.folder / path
        if not found.resolve().is_relative_to(self.folder.resolve()):
            raise InputError(f"{self.label}: {path} leads out of the repository", next_step="Name a path inside of it")
        if not found.exists():
            raise InputError(f"{self.label}: there is no {path}", next_step="Check the path and the ref")
        return found


def read_reference(value: Any, number: int) -> Reference:
    """The reference that a source gives.

    :raises InputError: everything that is wrong with it.
    """
    problems = list(check(value, GIT, f"source {number}.git"))
    if problems:
        raise InputError("; ".join(map(str, problems)), next_step="Give repository, ref and path")
    repository, ref = value["repository"], value.get("ref") or "HEAD"
    if without_login(repository) != repository and not repository.startswith("ssh://"):
        raise InputError(
            f"source {number}: the address of the repository holds a login, which would be seen on the command line",
            next_step="Leave it out, and give it to git by a credential helper, or use SSH",
        )
    for name, text in (("repository", repository), ("ref", ref)):
        if text.startswith("-") or any(character.isspace() for character in text):
            raise InputError(f"source {number}: {text!r} is no {name}", next_step=f"Correct the {name}")
    return Reference(repository, ref, value.get("path"))


def fetch(reference: Reference, folder: Path, base: Path) -> Checkout:
    """Get the files of a reference into an empty folder.

    :param base: where a repository that is a relative path is.
    """
    git = find_program("git", None, "git", "a git reference")
    environment = {**_ENVIRONMENT, **{key: os.environ[key] for key in _KEPT if key in os.environ}}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    subject = f"git {without_login(reference.repository)}, {reference.ref}"
    repository = _address(reference.repository, base)
    calm = [git, "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", "-c", "core.symlinks=true"]

    def run(*arguments: str) -> str:
        return run_program(
            [*calm, *arguments],
            subject,
            deadline=_DEADLINE,
            advice="Check the repository, the ref, and that git may read it without asking",
            environment=environment,
            folder=folder,
        )

    run("init", "--quiet")
    run("remote", "add", "origin", repository)
    if _COMMIT.fullmatch(reference.ref):
        _fetch_commit(run, reference.ref)
    else:
        _fetch_named(run, reference.ref)
    run("checkout", "--quiet", "--detach", "FETCH_HEAD")
    commit = run("rev-parse", "HEAD").strip()
    _refuse_leaks(folder, subject)
    return Checkout(folder, commit, f"git {without_login(reference.repository)}@{commit[:12]}")


def _fetch_named(run: Run, ref: str) -> None:
    try:
        run("fetch", "--quiet", "--depth", "1", "--no-tags", "origin", ref)
    except InputError as error:
        # Plain files behind a web server can't be fetched in part.
        if "shallow" not in error.message:
            raise
        run("fetch", "--quiet", "--no-tags", "origin", ref)


def _fetch_commit(run: Run, commit: str) -> None:
    try:
        run("fetch", "--quiet", "--depth", "1", "--no-tags", "origin", commit)
    except InputError:
        # A server need not give a commit by its id; it is in the history of something then.
        run("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        run("update-ref", "FETCH_HEAD", commit)


def _refuse_leaks(folder: Path, subject: str) -> None:
    """A link in somebody's repository must not make a file of this machine a manifest."""
    inside = folder.resolve()
    for found in folder.rglob("*"):
        if found.is_symlink() and not found.resolve().is_relative_to(inside):
            raise InputError(
                f"{subject}: {found.relative_to(folder)} is a link that leads out of the repository",
                next_step="Remove it from the repository",
            )


def _address(repository: str, base: Path) -> str:
    """A path on this machine starts from the base, as other sources do."""
    if "://" in repository or re.match(r"[^/]+@?[^/]*:", repository):
        return repository
    return str((base / Path(repository).expanduser()).resolve())


def form_of(path: Path) -> Mapping[str, str]:
    """As what a path in a repository is read when nothing else is said: by what lies there."""
    if path.is_file():
        return {"file": str(path)}
    if (path / "Chart.yaml").is_file():
        return {"helm": str(path)}
    names = ("kustomization.yaml", "kustomization.yml", "Kustomization")
    return {"kustomization" if any((path / name).is_file() for name in names) else "directory": str(path)}
