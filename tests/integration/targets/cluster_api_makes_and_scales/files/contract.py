# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cluster API as a provider of machine sets: real API server and controllers, machines in their memory."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.provider import MachineSet
from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._machines.cluster_api import (
    DEPLOYMENTS,
    MACHINES,
    ClusterApiProvider,
)
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._infrastructure.provider_contract import (
    ProviderContract,
)

NAMESPACE = "clusters"
PATTERN = "west-workers"


class TestClusterApi(ProviderContract):
    """Everything that ``ProviderContract`` asks for."""

    @pytest.fixture(scope="class")
    def session(self) -> Iterator[Session]:
        session = Session("management", read_kubeconfig(os.environ["NAVARCH_TEST_MANAGEMENT"]), timeout=60)
        for name in ("one", "two"):
            session.create(DEPLOYMENTS, deployment(session, name))
        yield session
        for name in ("one", "two"):
            session.delete(DEPLOYMENTS, name, NAMESPACE)

    @pytest.fixture(scope="class")
    def provider(self, session: Session) -> ClusterApiProvider:
        return ClusterApiProvider(session)

    @pytest.fixture
    def machine_set(self, session: Session) -> Iterator[MachineSet]:
        yield MachineSet("one", "west", settings("one"))
        for name in ("one", "two"):
            session.patch(DEPLOYMENTS, name, {"spec": {"replicas": 0}}, NAMESPACE)
        until = time.monotonic() + 180
        while session.list(MACHINES, NAMESPACE, label_selector="cluster.x-k8s.io/deployment-name in (one, two)"):
            assert time.monotonic() < until, "machines are left behind"
            time.sleep(0.2)

    @pytest.fixture
    def other(self) -> MachineSet:
        return MachineSet("two", "west", settings("two"))

    @pytest.fixture
    def impossible(self, machine_set: MachineSet) -> MachineSet:
        return replace(machine_set, settings=settings("none"))


def settings(name: str) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "machine_deployment": name, "timeout": 60}


def deployment(session: Session, name: str) -> dict[str, Any]:
    """One like the target's, without machines."""
    pattern = session.get(DEPLOYMENTS, PATTERN, NAMESPACE)
    assert pattern is not None
    metadata, spec = pattern["metadata"], copy.deepcopy(pattern["spec"])
    for labels in (spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]):
        labels["cluster.x-k8s.io/deployment-name"] = name
    made = {"name": name, "namespace": NAMESPACE, "annotations": metadata["annotations"]}
    return {**pattern, "metadata": made, "spec": {**spec, "replicas": 0}, "status": {}}
