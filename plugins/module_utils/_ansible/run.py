# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one call of a room from a module, and leave the module by one exit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .._kube.errors import FleetError

if TYPE_CHECKING:
    from typing import Any

    from .module import FleetModule


def run(module: FleetModule, call: Callable[[], dict[str, Any]]) -> None:
    """Exit with what ``call`` returns; see :func:`outcome`."""
    result = outcome(call)
    if result.get("failed"):
        module.fail_json(**{key: value for key, value in result.items() if key != "failed"})
    module.exit_json(**result)


def outcome(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``call`` returns; an error of ours becomes one message that names cluster, object, next step.

    A result that holds ``failed`` keeps everybody's ``clusters``, so one failed member hides nobody.
    """
    try:
        return call()
    except FleetError as error:
        return {"failed": True, "msg": str(error), "error": error.to_dict(), "clusters": {}}


def failures(errors: dict[str, FleetError], total: int) -> dict[str, Any]:
    """``failed`` and ``msg`` for the members that failed; empty when none did."""
    if not errors:
        return {}
    first = sorted(errors)[0]
    if len(errors) == 1:
        message = str(errors[first])
    else:
        message = f"{len(errors)} of {total} clusters failed: " + "; ".join(
            str(errors[name]) for name in sorted(errors)[:5]
        )
        message += "" if len(errors) <= 5 else f"; and {len(errors) - 5} more"
    return {"failed": True, "msg": message, "error": errors[first].to_dict()}
