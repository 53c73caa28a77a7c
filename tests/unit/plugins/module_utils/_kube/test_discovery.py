# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.navarch.fleet.plugins.module_utils._kube.discovery import (
    Discovery,
    Resource,
    read_aggregated,
    read_plain,
)

AGGREGATED = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": "apps"},
            "versions": [
                {
                    "version": version,
                    "resources": [
                        {
                            "resource": "deployments",
                            "responseKind": {
                                "group": "apps",
                                "version": version,
                                "kind": "Deployment",
                            },
                            "scope": "Namespaced",
                            "verbs": ["get", "list", "delete"],
                        }
                    ],
                }
                for version in ("v1", "v1beta1")
            ],
        }
    ],
}
PLAIN = {
    "resources": [
        {
            "name": "deployments",
            "kind": "Deployment",
            "namespaced": True,
            "verbs": ["list", "delete", "get"],
        },
        {
            "name": "deployments/scale",
            "kind": "Scale",
            "namespaced": True,
            "verbs": ["get"],
        },
    ]
}


def test_both_forms_of_discovery_give_the_same_resource():
    assert read_aggregated(AGGREGATED)[0] == read_plain("apps/v1", PLAIN)[0]


def test_subresources_are_no_resources():
    assert [resource.kind for resource in read_plain("apps/v1", PLAIN)] == ["Deployment"]


def test_each_kind_is_storable_once_in_the_version_the_server_prefers():
    assert [known.api_version for known in Discovery(read_aggregated(AGGREGATED)).storable()] == ["apps/v1"]


def test_paths_of_collection_object_and_subresource():
    pods = Resource("", "v1", "Pod", "pods", True, frozenset())
    nodes = Resource("", "v1", "Node", "nodes", False, frozenset())
    assert pods.path() == "/api/v1/pods"
    assert pods.path("shop", "a", "status") == "/api/v1/namespaces/shop/pods/a/status"
    assert nodes.path("ignored", "n") == "/api/v1/nodes/n"
    assert pods.path("shop", "../../secrets/x") == "/api/v1/namespaces/shop/pods/..%2F..%2Fsecrets%2Fx"


def test_enablements_are_sorted_so_that_an_unchanged_server_reads_the_same():
    resources = read_aggregated(AGGREGATED)
    assert Discovery(resources).enablements() == Discovery(reversed(resources)).enablements()
