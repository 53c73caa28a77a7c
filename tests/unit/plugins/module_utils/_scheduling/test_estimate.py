# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quantities are exact, and a pod asks for what Kubernetes says it asks for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.estimate import Taken, estimator, pod_request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.quantity import (
    format_quantity,
    parse_quantity,
    thousandths,
    whole,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Cluster


@pytest.mark.parametrize(
    ("text", "units", "milli"),
    [
        ("500m", 1, 500),
        ("1.5Gi", 1610612736, 1610612736000),
        ("2e3", 2000, 2000000),
        ("1E3", 1000, 1000000),
        ("1E", 10**18, 10**21),
        (".5", 1, 500),
        (3, 3, 3000),
        ("100n", 1, 1),
        ("-1500m", -1, -1500),
        (0.1, 1, 100),
    ],
)
def test_a_quantity_is_rounded_up_only_when_asked(text: Any, units: int, milli: int) -> None:
    assert (whole(parse_quantity(text)), thousandths(parse_quantity(text))) == (units, milli)


@pytest.mark.parametrize("text", ["", "1Gb", "one", "1 Gi", "0x10", "1e", "--1"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["250m", "3", "1073741824", "100n"])
def test_a_quantity_is_written_the_short_way(text: str) -> None:
    assert format_quantity(parse_quantity(text)) == text


def asks(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("pod", "request_of_it"),
    [
        ({"containers": [asks("100m"), asks("200m")]}, {"cpu": "300m"}),
        ({"containers": [asks("100m")], "initContainers": [asks("1")]}, {"cpu": "1"}),
        ({"containers": [asks("1")], "initContainers": [asks("500m", restartPolicy="Always")]}, {"cpu": "1500m"}),
        (
            {"containers": [asks("100m")], "initContainers": [asks("500m", restartPolicy="Always"), asks("1")]},
            {"cpu": "1500m"},
        ),
        ({"containers": [asks("1")], "overhead": {"cpu": "250m"}}, {"cpu": "1250m"}),
        ({"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}]}, {"nvidia.com/gpu": "1"}),
        ({"containers": [{}], "overhead": {"cpu": "250m"}}, None),
        ({"containers": [{"resources": {"requests": {"memory": "64Mi"}}}]}, {"memory": "64Mi"}),
        ({"containers": [asks("1"), asks("1")], "resources": {"requests": {"cpu": "1500m"}}}, {"cpu": "1500m"}),
    ],
)
def test_what_a_pod_asks_for(pod: dict[str, Any], request_of_it: dict[str, str] | None) -> None:
    assert pod_request(pod) == request_of_it


def test_what_was_promised_a_moment_ago_is_gone() -> None:
    cluster = Cluster.from_dict({"name": "a", "resourceSummary": {"allocatable": {"cpu": 4, "pods": 10}}})
    promised = {"a": Taken(3, {"cpu": parse_quantity("1500m")})}
    assert estimator("resourceSummary", {"cpu": "500m"}, unknown=9)(cluster) == 8
    assert estimator("resourceSummary", {"cpu": "500m"}, unknown=9, taken=promised)(cluster) == 5
    assert estimator("resourceSummary", None, unknown=9, taken=promised)(cluster) == 7
