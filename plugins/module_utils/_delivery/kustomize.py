# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kustomizations, built by kubectl: the one source that needs a program."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .._kube.errors import InputError

_DEADLINE = 120.0
"""Seconds for one build: a base may be fetched from afar."""

_KEPT_ENVIRONMENT = (
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NO_PROXY",
    "PATH",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "https_proxy",
    "http_proxy",
    "no_proxy",
)
_LONGEST_CAUSE = 600


def build_kustomization(folder: Path, kubectl: str | None) -> tuple[str, str]:
    """The YAML that `kubectl kustomize` makes of a folder, and the name for it in errors."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a directory", next_step="Name the folder that holds the kustomization.yaml")
    program = find_kubectl(kubectl)
    try:
        done = subprocess.run(
            [program, "kustomize", str(folder)],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_DEADLINE,
            # It needs no cluster, so it gets no kubeconfig and none of our credentials.
            env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"kustomization {folder}: not built within {_DEADLINE:.0f} s", next_step="Check its remote bases"
        ) from error
    except OSError as error:
        raise InputError(
            f"{program} can't be run: {error.strerror}", next_step="Check the path given as kubectl"
        ) from error
    if done.returncode != 0:
        cause = " ".join(done.stderr.split()).removeprefix("error: ")[:_LONGEST_CAUSE]
        raise InputError(
            f"kustomization {folder}: {cause or f'kubectl ended with {done.returncode}'}",
            next_step="Correct the kustomization",
        )
    return done.stdout, f"kustomization {folder}"


def find_kubectl(kubectl: str | None) -> str:
    """The program to run: as given, else from PATH, else the newest that the binaries role has put in the cache."""
    if kubectl:
        found = shutil.which(os.path.expanduser(kubectl))
        if found is None:
            raise InputError(f"kubectl is not at {kubectl}", next_step="Check the path given as kubectl")
        return found
    found = shutil.which("kubectl")
    if found:
        return found
    cached = sorted(_binaries().glob("kubernetes-*/kubectl"), key=_version_of)
    if cached:
        return str(cached[-1])
    raise InputError(
        "a kustomization needs kubectl, and there is none in PATH nor in the cache",
        next_step="Install kubectl, or give its path as kubectl, or run the role navarch.fleet.binaries",
    )


def _binaries() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "navarch" / "binaries"


def _version_of(program: Path) -> tuple[int, ...]:
    """``(1, 37, 2)`` of ``.../kubernetes-v1.37.2-linux-amd64/kubectl``."""
    version = program.parent.name.split("-")[1].lstrip("v")
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
