# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module what_if from its options to its results, without any hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.supposing import suppose
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import CredentialError, InputError

AGGREGATED = {"replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}}
CLUSTERS = [
    {"name": "idc", "region": "north", "zones": ["n1", "n2"], "available": 6},
    {"name": "cloud", "region": "east", "zones": ["e1"], "available": 4},
]
SHOP = {"name": "shop", "placement": AGGREGATED, "workloads": [{"replicas": 5}]}
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template:
    spec:
      containers: [{name: web, resources: {requests: {cpu: 500m}}}]
"""


def params(**changes: Any) -> dict[str, Any]:
    options = {
        "clusters": CLUSTERS, "applications": [SHOP], "base": None, "lose": None, "cordon": None, "add": None,
        "scale": None, "survive": None, "max_losses": 500, "trigger": None, "estimator": None, "facts_age": 60,
        "deadline": 10, "must_fit": False, "hub_kubeconfig": None, "hub_host": None,
    }  # fmt: skip
    return {**options, **changes}


def test_given_clusters_and_applications_need_no_hub() -> None:
    results = suppose(params(lose="idc"))
    assert results["changed"] is False
    assert results["unplaced"] == {"default/shop": {"Deployment/shop/shop": 5}}
    assert results["clusters"]["idc"] == {"state": "lost", "replicas": {"before": 5, "after": 0}, "used": {}}
    assert results["lines"][0] == "Supposed: idc lost"


def test_numbers_of_available_replicas_are_shared_by_all_applications() -> None:
    other = {**SHOP, "name": "blog"}
    results = suppose(params(applications=[SHOP, other]))
    assert results["totals"]["replicas_unplaced"] == 0
    results = suppose(params(applications=[SHOP, other, {**SHOP, "name": "third"}]))
    assert list(results["unplaced"]) == ["default/third"]


def test_what_runs_is_said_for_the_application_or_for_each_workload() -> None:
    standing = {**SHOP, "current": {"cloud": 5}}
    assert suppose(params(applications=[standing]))["applications"] == {}
    workload = {"replicas": 5, "current": {"cloud": 5}}
    assert suppose(params(applications=[{**SHOP, "workloads": [workload]}]))["applications"] == {}


def test_everything_can_be_said_in_texts_as_surveys_do() -> None:
    results = suppose(
        params(
            clusters=json.dumps(CLUSTERS), applications=json.dumps([SHOP]), lose="region=north\nzone=e1",
            add="west available=20", scale="shop=+1", survive="any 1 cluster, any 1 region",
        )
    )  # fmt: skip
    assert results["applications"]["default/shop"]["after"] == {"Deployment/shop/shop": {"west": 6}}
    assert [each["demand"] for each in results["survival"]] == ["any 1 cluster", "any 1 region"]


def test_files_hold_clusters_and_applications_also_as_users_write_them(tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text(json.dumps({"clusters": CLUSTERS, "applications": [SHOP]}))
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    (tmp_path / "blog.yml").write_text(
        "application_name: blog\napplication_namespace: blog\napplication_sources: [{file: web.yaml}]\n"
        f"application_placement: {json.dumps(AGGREGATED)}\n"
    )
    results = suppose(params(clusters="fleet.json", applications=["blog.yml"], base=str(tmp_path), scale="blog=9"))
    assert results["unplaced"] == {"default/blog": {"Deployment/blog/web": 6}}
    assert results["missing"] == {"replicas": 4, "resources": {"cpu": "2"}}


def test_an_application_falls_short_only_where_it_may_not() -> None:
    assert "failed" not in suppose(params(lose="idc"))
    failed = suppose(params(lose="idc", survive="any 1 cluster", must_fit=True))
    assert failed["failed"]
    assert failed["msg"] == "1 application falls short; any 1 cluster would not be survived: see lines"


def test_a_cluster_that_spans_zones_is_lost_with_any_of_them_and_that_is_said() -> None:
    results = suppose(params(lose="zone=n2"))
    assert results["clusters"]["idc"]["state"] == "lost"
    assert results["notes"] == ["idc spans the zones n1, n2: it counts as lost with any of them"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lose": "region=nroth"}, r"no cluster with region nroth .did you mean north"),
        ({"applications": [{**SHOP, "placment": {}}]}, r"applications.placment: unknown field .did you mean placement"),
        ({"applications": [{**SHOP, "workloads": [{"replica": 1}]}]}, r"replica: unknown field .did you mean replicas"),
        ({"applications": [{**SHOP, "placement": {"x": 1}}]}, r"applications.shop.placement.x: unknown field"),
        ({"applications": [SHOP, SHOP]}, "default/shop is given twice"),
        ({"applications": [{"workloads": []}]}, "an application needs a name"),
        ({"applications": "nowhere.yml"}, "applications: .*nowhere.yml can't be read: No such file"),
        ({"clusters": "{a: ["}, "neither YAML nor JSON"),
        ({"clusters": [{"name": "a", "regoin": "x"}]}, r"regoin: unknown field .did you mean region"),
        ({"survive": "any 1 regoin"}, r"regoin is neither a field nor a label .*did you mean region"),
    ],
)
def test_bad_input_is_one_message(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        suppose(params(**change))


def test_without_clusters_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAVARCH_HUB_KUBECONFIG", raising=False)
    monkeypatch.delenv("NAVARCH_HUB_HOST", raising=False)
    with pytest.raises(CredentialError, match="nothing says which API server is the hub"):
        suppose(params(clusters=None))
