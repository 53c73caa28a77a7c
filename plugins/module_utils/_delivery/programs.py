# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that some sources need: found, and run without our credentials, our terminal or an endless wait."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .._kube.errors import InputError

_KEPT_ENVIRONMENT = (
    "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "NO_PROXY", "PATH", "SSH_AUTH_SOCK", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "https_proxy", "http_proxy", "no_proxy",
)  # fmt: skip
_LONGEST_CAUSE = 600
_LOGGED = re.compile(r"""[EF]\d{4} \S+ +\d+ \S+\] "command failed" err="(.*)\"""", re.DOTALL)
"""An error in the form of klog."""
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def run_program(
    command: Sequence[str],
    subject: str,
    *,
    deadline: float,
    advice: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """What a program prints.

    :param subject: what it is run for, such as ``chart shop``, for errors.
    :param advice: what to do when it fails.
    :param environment: variables beside those that every program gets; it gets no kubeconfig.
    :raises InputError: it fails, with its own words.
    """
    kept = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=deadline,
            cwd=folder,
            env={**kept, **(environment or {})},
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{subject}: not done within {deadline:.0f} s", next_step=advice) from error
    except OSError as error:
        raise InputError(
            f"{command[0]} can't be run: {error.strerror}", next_step="Check the path that was given for it"
        ) from error
    if done.returncode != 0:
        cause = without_login(" ".join(_said(done.stderr).split()))[:_LONGEST_CAUSE]
        name = Path(command[0]).name
        raise InputError(f"{subject}: {cause or f'{name} ended with {done.returncode}'}", next_step=advice)
    return done.stdout


def find_program(name: str, given: str | None, product: str, purpose: str) -> str:
    """The program to run: as given, else from PATH, else the newest that the binaries role has put in the cache.

    :param product: whose folder of the cache it is in.
    :param purpose: what needs it, such as ``a chart``, for the error.
    """
    if given:
        found = shutil.which(os.path.expanduser(given))
        if found is None:
            raise InputError(f"{name} is not at {given}", next_step=f"Check the path given as {name}")
        return found
    found = shutil.which(name)
    if found:
        return found
    cached = sorted(_binaries().glob(f"{product}-*/{name}"), key=_version_of)
    if cached:
        return str(cached[-1])
    raise InputError(
        f"{purpose} needs {name}, and there is none in PATH nor in the cache",
        next_step=f"Install {name}, or give its path as {name}, or run the role navarch.fleet.binaries "
        f"with binaries_names: [{name}]",
    )


def without_login(text: str) -> str:
    """The text without the user and password that an address in it may carry."""
    return _LOGIN.sub("", text)


def _said(text: str) -> str:
    """What a program said, without the marks of the log that kubectl writes it into."""
    found = _LOGGED.fullmatch(text.strip())
    return found[1].replace('\\"', '"') if found else text


def _binaries() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "navarch" / "binaries"


def _version_of(program: Path) -> tuple[int, ...]:
    """``(1, 37, 2)`` of ``.../kubernetes-v1.37.2-linux-amd64/kubectl``."""
    version = program.parent.name.split("-")[1].lstrip("v")
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
