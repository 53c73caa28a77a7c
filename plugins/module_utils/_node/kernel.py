# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel of a host has to offer: modules, parameters, no swap."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import files
from .commands import attempt, run
from .errors import NodeError
from .steps import Step

MODULES, PARAMETERS, SWAP = "kernel_modules", "sysctls", "swap"
_MODULES_FILE = "/etc/modules-load.d/90-navarch.conf"
_PARAMETERS_FILE = "/etc/sysctl.d/90-navarch.conf"
_FSTAB = "/etc/fstab"


@dataclass(frozen=True)
class Found:
    """What the kernel has now, and what it will have after a restart."""

    modules: frozenset[str]
    parameters: Mapping[str, str]
    swaps: tuple[str, ...]
    modules_file: str
    parameters_file: str
    fstab: str


def observe(modules: Sequence[str], parameters: Mapping[str, str]) -> Found:
    """Look at the modules and parameters that are asked for, and at swap."""
    return Found(
        modules=frozenset(name for name in modules if _has(name)),
        parameters={name: value for name in parameters if (value := _parameter(name)) is not None},
        swaps=tuple(line.split()[0] for line in (files.read("/proc/swaps") or "").splitlines()[1:]),
        modules_file=files.read(_MODULES_FILE) or "",
        parameters_file=files.read(_PARAMETERS_FILE) or "",
        fstab=files.read(_FSTAB) or "",
    )


def plan(modules: Sequence[str], parameters: Mapping[str, str], swap: str, found: Found) -> list[Step]:
    """What has to be loaded, set or switched off. `swap` is `off` or `keep`."""
    steps = [Step(MODULES, "load", name, after="loaded") for name in modules if name not in found.modules]
    wanted = modules_text(modules)
    if modules and wanted != found.modules_file:
        steps.append(Step(MODULES, "write", _MODULES_FILE, before=found.modules_file, after=wanted))
    wanted = parameters_text(parameters)
    if parameters and wanted != found.parameters_file:
        steps.append(Step(PARAMETERS, "write", _PARAMETERS_FILE, before=found.parameters_file, after=wanted))
    for name, value in parameters.items():
        now = found.parameters.get(name)
        if now != value:
            steps.append(Step(PARAMETERS, "set", name, f"it is {now}", now or "", value))
    if swap == "off":
        if found.swaps:
            steps.append(Step(SWAP, "switch off", " ".join(found.swaps), before="on", after="off"))
        if found.fstab != without_swap(found.fstab):
            steps.append(Step(SWAP, "write", _FSTAB, "it names swap", found.fstab, without_swap(found.fstab)))
    return steps


def act(step: Step) -> None:
    """Carry out one step."""
    if step.action == "write":
        files.write(step.subject, step.after, 0o644)
    elif step.topic == MODULES:
        _load(step.subject)
    elif step.topic == PARAMETERS:
        _set(step.subject, step.after)
    else:
        run(["swapoff", "-a"], deadline=300)


def modules_text(modules: Sequence[str]) -> str:
    """What makes the modules load at each start."""
    return "".join(f"{name}\n" for name in modules)


def parameters_text(parameters: Mapping[str, str]) -> str:
    """What sets the parameters at each start."""
    return "".join(f"{name} = {value}\n" for name, value in parameters.items())


def without_swap(fstab: str) -> str:
    """The table of file systems with its lines about swap as comments."""
    lines = fstab.splitlines(keepends=True)
    return "".join(f"# {line}" if _is_swap(line) else line for line in lines)


def _is_swap(line: str) -> bool:
    fields = line.split()
    return len(fields) > 2 and not line.startswith("#") and fields[2] == "swap"


def _has(module: str) -> bool:
    """Loaded, built in, or visible by what it does: a kernel may hide its modules from us."""
    name = module.replace("-", "_")
    effects = {"br_netfilter": "/proc/sys/net/bridge", "nf_conntrack": "/proc/sys/net/netfilter"}
    if os.path.exists(f"/sys/module/{name}") or os.path.exists(effects.get(name, "/nonexistent")):
        return True
    if any(line.split()[-1] == name for line in (files.read("/proc/filesystems") or "").splitlines()):
        return True
    built_in = files.read(f"/lib/modules/{os.uname().release}/modules.builtin") or ""
    return any(line.rpartition("/")[2].split(".")[0].replace("-", "_") == name for line in built_in.splitlines())


def _load(module: str) -> None:
    completed = attempt(["modprobe", module])
    if completed.code != 0:
        raise NodeError(
            f"The kernel module {module} can't be loaded: {completed.errors.strip()}.",
            "Install the package with this kernel's modules, or restart into the kernel that is installed.",
        )


def _place(parameter: str) -> str:
    return "/proc/sys/" + parameter.replace(".", "/")


def _parameter(name: str) -> str | None:
    text = files.read(_place(name))
    return None if text is None else " ".join(text.split())


def _set(name: str, value: str) -> None:
    try:
        with open(_place(name), "w", encoding="ascii") as file:
            file.write(value)
    except OSError as problem:
        raise NodeError(f"The kernel parameter {name} can't be set to {value}: {problem.strerror}.") from None
