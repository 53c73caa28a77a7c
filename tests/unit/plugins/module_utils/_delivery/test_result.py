# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.plan import ClusterPlan, Plan
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.result import access_failure
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import UnauthorizedError, UnreachableError


def expired(cluster: str) -> UnauthorizedError:
    return UnauthorizedError("the token expired", code=401, cluster=cluster, next_step="Join again")


def plan(*clusters: ClusterPlan) -> Plan:
    return Plan({entry.cluster: entry for entry in clusters})


def test_a_target_that_refuses_us_stops_the_delivery_and_all_such_are_named():
    error = access_failure(plan(ClusterPlan("b", error=expired("b")), ClusterPlan("a", error=expired("a"))))
    assert isinstance(error, UnauthorizedError)
    assert str(error) == ("cluster a: the token expired; b can't be used either. Nothing was written. Join again")


def test_a_target_that_does_not_answer_holds_nobody_up():
    assert access_failure(plan(ClusterPlan("a", error=UnreachableError("no answer", cluster="a")))) is None


def test_a_cluster_that_the_application_leaves_holds_nobody_up():
    assert access_failure(plan(ClusterPlan("a", leaving=True, error=expired("a")))) is None


def test_nothing_wrong_is_no_failure():
    assert access_failure(plan(ClusterPlan("a"))) is None
