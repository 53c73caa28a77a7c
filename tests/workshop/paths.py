"""Where the workshop keeps its things, and the environment that its tools see.

Nothing is written outside the cache folder: tools that write to the home folder get one inside the cache.
"""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTION = Path("ansible_collections/navarch/fleet")
# What package managers are told by the user stays true inside the cache's home folder.
USER_SETTINGS = (".config/pip", ".pip", ".netrc")


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of the cache."""

    cache: Path
    repository: Path

    @property
    def key(self) -> str:
        """Tells this checkout from others that share the cache."""
        return hashlib.sha256(str(self.repository).encode()).hexdigest()[:8]

    @property
    def home(self) -> Path:
        return self.cache / "home"

    @property
    def venvs(self) -> Path:
        return self.cache / "venvs"

    @property
    def checkout(self) -> Path:
        """What belongs to this checkout alone: the laid-out copy, the test lab, logs."""
        return self.cache / "checkouts" / self.key

    @property
    def tree(self) -> Path:
        """The folder that holds ``ansible_collections``."""
        return self.checkout / "tree"

    @property
    def collection(self) -> Path:
        return self.tree / COLLECTION

    @property
    def logs(self) -> Path:
        return self.checkout / "logs"

    @property
    def lab(self) -> Path:
        """Where targets, drills and benchmarks run."""
        return self.checkout / "lab"

    @property
    def roles_lab(self) -> Path:
        """Where scenarios of roles run, beside the targets."""
        return self.checkout / "roles-lab"


def find_paths() -> Paths:
    """The cache folder follows the XDG base directory specification."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Paths(cache=Path(base) / "navarch", repository=REPOSITORY)


def tool_environment(paths: Paths, venv: Path | None) -> dict[str, str]:
    """The environment for every tool: the venv first in PATH, home and caches inside our cache."""
    unwanted = ("ANSIBLE_", "MOLECULE_", "PYTHON", "VIRTUAL_ENV", "MYPY", "RUFF", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    home = _home(paths)
    environment = kept | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(paths.cache.parent),
        "PIP_CACHE_DIR": str(paths.cache / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPYCACHEPREFIX": str(paths.cache / "pycache"),
        "PYTHONUNBUFFERED": "1",
        "GOENV": os.environ.get("GOENV") or str(Path.home() / ".config" / "go" / "env"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        # Their defaults are in the home folder of the account, whatever HOME says.
        "ANSIBLE_REMOTE_TMP": str(home / ".ansible" / "tmp"),
        "ANSIBLE_ASYNC_DIR": str(home / ".ansible_async"),
        "ANSIBLE_COLLECTIONS_PATH": str(paths.tree),
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "PY_COLORS": "0",
        "COLUMNS": "160",
        "ANSIBLE_DEPRECATION_WARNINGS": "True",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "RUFF_CACHE_DIR": str(paths.checkout / "ruff"),
        "MYPY_CACHE_DIR": str(paths.checkout / "mypy"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(paths.checkout / "hypothesis"),
        "NAVARCH_TEST_LAB": str(paths.lab),
        "NAVARCH_TEST_CLOUDS": str(paths.cache / "openstack" / "clouds.yaml"),
        "NAVARCH_HUB_KUBECONFIG": str(paths.lab / "hub.kubeconfig"),
        "LC_ALL": "C.UTF-8",
    }
    if venv is not None:
        environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
        environment["VIRTUAL_ENV"] = str(venv)
    return environment


def python_version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _home(paths: Paths) -> Path:
    paths.home.mkdir(parents=True, exist_ok=True)
    for setting in USER_SETTINGS:
        real, ours = Path.home() / setting, paths.home / setting
        if real.exists() and not ours.is_symlink():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(real)
    return paths.home
