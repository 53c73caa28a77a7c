# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building binaries from their Go modules, with the progress to be seen while it lasts."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import InfrastructureError
from .releases import Machine, Product, as_numbers, linker_flags, required_go

_USUAL_PLACES = "/usr/local/go/bin:/usr/lib/go/bin:/snap/bin"
_TELL_EVERY = 10.0


@dataclass(slots=True)
class _Progress:
    """What Go has said so far; one thread writes, another reads."""

    fetched: int = 0
    compiled: int = 0
    told: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=30))

    def listen(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._hear(line.rstrip())

    def stage(self) -> str:
        """A word for the time in which nothing is compiled any more; Go itself is silent then."""
        still, self.told = self.told == self.compiled, self.compiled
        return ", linking" if still else ""

    def _hear(self, line: str) -> None:
        if line.startswith("go: downloading "):
            self.fetched += 1
        elif line and " " not in line and not line.startswith("#"):
            self.compiled += 1
        else:
            self.last.append(line)


def check(product: Product, version: str, source: Path, caches: Path) -> None:
    """Say at once, in one sentence, why this product can't be built here, if it can't."""
    if product.unbuildable:
        raise InfrastructureError(
            f"{product.name} cannot be built here: {product.unbuildable}.",
            next_step="Take its official release, or the distribution's package.",
        )
    pinned = sorted((file.stem for file in source.glob("*.mod")), key=as_numbers)
    if version not in pinned:
        raise InfrastructureError(
            f"{product.name} {version} cannot be built: the collection has Go modules for {', '.join(pinned)}.",
            next_step="Ask for one of these, or for source 'release'.",
        )
    go_mod = _go_mod(source, version).read_text(encoding="utf-8")
    needed = required_go(go_mod)
    advice = f"Install Go {needed} or newer (https://go.dev/dl)."
    go = _go()
    if go is None:
        raise InfrastructureError("Go is not installed.", next_step=advice)
    answer = subprocess.run(
        [go, "env", "GOVERSION"], cwd=source, env=_environment(caches), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0 or as_numbers(answer.stdout) < as_numbers(needed):
        found = answer.stdout.strip().removeprefix("go") or _first_line(answer.stderr)
        raise InfrastructureError(f"Go is too old ({found}); {needed} is needed.", next_step=advice)


def build(
    product: Product,
    version: str,
    names: Iterable[str],
    machine: Machine,
    source: Path,
    folder: Path,
    caches: Path,
    say: Callable[[str], None],
) -> None:
    """Build these binaries of a product into `folder`."""
    go = _go() or "go"
    wanted = {product.packages[name]: name for name in names}
    environment = {
        **_environment(caches),
        "CGO_ENABLED": "0",
        "GOOS": machine.system,
        "GOARCH": machine.architecture,
        "GOTMPDIR": str(folder),
    }
    title = f"{product.name} {version}"
    module = _lay_out(source, version, folder)
    readonly = ["-mod=readonly", "-modcacherw", *(["-tags", product.tags] if product.tags else [])]
    listing = [go, "list", *readonly, "-deps", *wanted]
    packages = len(_run(listing, module, environment, say, lambda seen: f"{title}: {seen.fetched} modules fetched"))
    say(f"{title}: building {', '.join(wanted.values())} from {packages} packages")
    common = [go, "build", *readonly, "-trimpath", "-buildvcs=false", "-v"]
    command = [*common, "-ldflags", linker_flags(product, version), "-o", f"{folder}{os.sep}", *wanted]
    _run(
        command,
        module,
        environment,
        say,
        lambda seen: f"{title}: {seen.compiled} of at most {packages} packages compiled{seen.stage()}",
    )
    for package, name in wanted.items():
        # Go names a binary after the last part of its package that is no version.
        made = next(part for part in reversed(package.split("/")) if part not in ("v2", "v3"))
        (folder / made).rename(folder / name)


def _go_mod(source: Path, version: str) -> Path:
    return source / f"{version}.mod"


def _lay_out(source: Path, version: str, folder: Path) -> Path:
    """One version's Go module. All versions of a product share their sources and their checksums."""
    module = folder / ".module"
    module.mkdir(exist_ok=True)
    for file in (*source.glob("*.go"), *source.glob("go.sum")):
        shutil.copy(file, module)
    shutil.copy(_go_mod(source, version), module / "go.mod")
    return module


def _run(
    command: list[str],
    source: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    describe: Callable[[_Progress], str],
) -> list[str]:
    seen, output = _Progress(), list[str]()
    began = told = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        readers = [
            threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True),
            threading.Thread(target=lambda: seen.listen(process.stderr or ()), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - told >= _TELL_EVERY:
                    told = time.monotonic()
                    say(f"{describe(seen)}, {told - began:.0f} s")
        except BaseException:
            process.terminate()
            raise
        for reader in readers:
            reader.join()
    if process.returncode != 0:
        words = "; ".join(line for line in seen.last if line.strip()) or f"status {process.returncode}"
        raise InfrastructureError(f"go {command[1]} failed: {words[-1500:]}")
    return output


def _go() -> str | None:
    return shutil.which("go") or shutil.which("go", path=_USUAL_PLACES)


def _environment(caches: Path) -> dict[str, str]:
    """The user's Go settings, with everything that Go writes kept inside our cache."""
    home = Path.home()
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    own = {
        "GOWORK": "off",
        "GOENV": os.environ.get("GOENV") or str(configuration / "go" / "env"),
        # Go keeps counters of its own use here; the settings file named above is the user's.
        "XDG_CONFIG_HOME": str(caches / "config"),
    }
    defaults = {"GOCACHE": str(caches / "build"), "GOMODCACHE": str(caches / "modules")}
    return {**defaults, **os.environ, **own}


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:300] if lines else "it does not say its version"
