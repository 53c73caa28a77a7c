# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dividing what belongs to a workload and follows its replicas."""

from __future__ import annotations

from collections.abc import Mapping

from .._scheduling.webster import webster
from .identity import Manifest
from .workloads import completions_wanted, replicas_of


def completions_of(job: Manifest, parallelism: Mapping[str, int], uid: str = "") -> dict[str, int] | None:
    """The completions of a Job per cluster, in proportion to the parallelism it got there.

    None where nothing is to be divided: the Job counts no completions, or every cluster runs the whole Job.
    """
    completions = completions_wanted(job)
    whole = replicas_of(job)
    running = {cluster: count for cluster, count in parallelism.items() if count > 0}
    if completions is None or not running or all(count == whole for count in running.values()):
        return None
    return webster(completions, running, uid=uid)
