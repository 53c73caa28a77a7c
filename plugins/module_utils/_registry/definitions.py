# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CustomResourceDefinitions of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .definition_parts import CONDITIONS, column, definition, free_form, list_of, object_with, text, texts
from .machine_definitions import machine_set_definition, machine_set_facts
from .names import GROUP

if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]


def owned_definitions() -> list[dict[str, Any]]:
    """The definitions that are ours: installed, updated and removed with the registry."""
    return [_cluster(), _application(), machine_set_definition()]


def shared_definitions() -> list[dict[str, Any]]:
    """Those of SIG-Multicluster: installed where absent, and left alone where somebody else brought them."""
    return [_cluster_profile(), _placement_decision()]


def _cluster() -> dict[str, Any]:
    taint = object_with(
        {
            "key": text(),
            "value": text(),
            "effect": text(enum=["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            "timeAdded": text(format="date-time"),
        },
        required=("key", "effect"),
    )
    spec = object_with(
        {
            "provider": text("Who runs it: idc, openstack, aws, ..."),
            "region": text(),
            "zones": list_of(text()),
            "taints": list_of(taint),
            "apiEndpoint": text("URL of its API server."),
            "secretRef": object_with({"namespace": text(), "name": text()}, "The Secret with its credential."),
            "joinProfile": text("What our account may do there.", enum=["namespaced", "deployer", "admin"]),
            "cost": {"type": "number", "description": "Per core and hour, in no currency."},
            "infrastructure": free_form("How its machines are fenced: hosts, BMC, server ids."),
            "maintenanceWindows": list_of(
                free_form("When it takes no new work: start and end, or cron, duration and timezone.")
            ),
        }
    )
    observer = object_with(
        {
            "name": text("From where it was looked at."),
            "observedAt": text(format="date-time"),
            "ready": text(enum=["True", "False", "Unknown"]),
            "reason": text(),
            "failures": {"type": "integer", "description": "Failed looks in a row."},
            "failingSince": text(format="date-time"),
        },
        required=("name", "observedAt", "ready"),
    )
    enablement = object_with(
        {
            "groupVersion": text(),
            "resources": list_of(object_with({"name": text(), "kind": text()}, required=("name", "kind"))),
        },
        required=("groupVersion",),
    )
    status = object_with(
        {
            "kubernetesVersion": text(),
            "systemUID": text("UID of its namespace kube-system: its identity."),
            "provider": text("As its nodes tell; spec.provider goes first."),
            "region": text("As its nodes tell; spec.region goes first."),
            "zones": list_of(text(), "As its nodes tell; spec.zones goes first."),
            "apiEnablements": list_of(enablement),
            "nodeSummary": object_with({"totalNum": {"type": "integer"}, "readyNum": {"type": "integer"}}),
            "nodes": list_of(
                object_with(
                    {
                        "labels": texts("What they have in common."),
                        "taints": list_of(taint),
                        "sizes": list_of(
                            object_with({"count": {"type": "integer"}, "free": texts("Of each of them.")})
                        ),
                    }
                ),
                "Ready nodes that look the same; similar ones by their average where they would be too many to list.",
            ),
            "nodeLabelsLeftOut": list_of(text(), "Labels of nodes that tell them apart."),
            "resourceSummary": object_with(
                {
                    "allocatable": texts("Of its usable nodes together."),
                    "allocated": texts("Requested by pods that have a node."),
                    "allocating": texts("Requested by pods that wait for one."),
                }
            ),
            "machineSets": machine_set_facts(),
            "conditions": CONDITIONS,
            "observers": list_of(observer),
            "observedAt": text(format="date-time"),
        }
    )
    columns = [
        column("Provider", ".spec.provider"),
        column("Region", ".spec.region"),
        column("Version", ".status.kubernetesVersion"),
        column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        column("Reason", '.status.conditions[?(@.type=="Ready")].reason', priority=1),
        column("Nodes", ".status.nodeSummary.readyNum", "integer"),
        column("Observed", ".status.observedAt", "date"),
        column("Age", ".metadata.creationTimestamp", "date"),
    ]
    root = object_with({"spec": spec, "status": status}, "A member of the fleet.")
    return definition(GROUP, "Cluster", "clusters", "Cluster", root, columns, categories=["navarch"])


def _application() -> dict[str, Any]:
    spec = object_with(
        {
            "namespace": text("Where its objects live in the members."),
            "placement": free_form("As Karmada's PropagationPolicy.spec.placement."),
            "overrides": list_of(free_form("As Karmada's OverridePolicy.spec.overrideRules.")),
            "rollout": free_form("Waves, soak, deadline."),
            "failover": free_form("Toleration, purge mode, fencing, fail-back."),
            "sourceDigest": text("Of what it was rendered from; the content is in the revisions."),
        }
    )
    status = object_with(
        {
            "revision": {"type": "integer", "format": "int64", "description": "The one in force."},
            "epoch": {"type": "integer", "format": "int64", "description": "Of the last lock that wrote."},
            "phase": text(),
            "clusterNames": text("For columns: the chosen clusters in one line."),
            "clusters": free_form("Per cluster: replicas per workload and health."),
            "conditions": CONDITIONS,
        }
    )
    for part in (spec, status):
        # What users and later versions write must survive a hub that has not been updated yet.
        part["x-kubernetes-preserve-unknown-fields"] = True
    columns = [
        column("Revision", ".status.revision", "integer"),
        column("Phase", ".status.phase"),
        column("Clusters", ".status.clusterNames"),
        column("Age", ".metadata.creationTimestamp", "date"),
    ]
    root = object_with({"spec": spec, "status": status}, "An application that is spread over the fleet.")
    return definition(GROUP, "Application", "applications", "Namespaced", root, columns, categories=["navarch"])


def _cluster_profile() -> dict[str, Any]:
    """ClusterProfile of cluster-inventory-api v0.1.0 (KEP-4322), field for field."""
    cluster = object_with(
        {
            "server": text(),
            "tls-server-name": text(),
            "insecure-skip-tls-verify": {"type": "boolean"},
            "certificate-authority": text(),
            "certificate-authority-data": text(format="byte"),
            "proxy-url": text(),
            "disable-compression": {"type": "boolean"},
            "extensions": list_of(
                object_with(
                    {"name": text(), "extension": free_form("Data of a provider.")}, required=("name", "extension")
                )
            ),
        },
        required=("server",),
    )
    provider = object_with({"name": text(), "cluster": cluster}, required=("name",))
    manager = object_with({"name": text()}, "Who owns this profile.", required=("name",))
    manager["x-kubernetes-validations"] = [{"rule": "self == oldSelf", "message": "ClusterManager is immutable"}]
    prop = object_with(
        {
            "name": text(minLength=1, maxLength=253),
            "value": text(minLength=1, maxLength=1024),
            "lastObservedTime": text(format="date-time"),
        },
        required=("name", "value"),
    )
    status = object_with(
        {
            "conditions": CONDITIONS,
            "version": object_with({"kubernetes": text()}),
            "properties": list_of(prop),
            "accessProviders": list_of(provider, "How to reach it; never a credential."),
            "credentialProviders": list_of(provider, "Deprecated in favour of accessProviders."),
        }
    )
    spec = object_with({"displayName": text(), "clusterManager": manager}, required=("clusterManager",))
    root = object_with({"spec": spec, "status": status}, "One cluster of an inventory.", required=("spec",))
    return definition("multicluster.x-k8s.io", "ClusterProfile", "clusterprofiles", "Namespaced", root, [])


def _placement_decision() -> dict[str, Any]:
    """PlacementDecision of KEP-5313: the clusters that a scheduler chose, up to 100 in each slice."""
    decision = object_with(
        {
            "clusterProfileRef": object_with({"name": text(), "namespace": text()}, required=("name",)),
            "reason": text(),
        },
        required=("clusterProfileRef",),
    )
    decisions = {**list_of(decision, "The chosen clusters."), "minItems": 0, "maxItems": 100}
    root = object_with(
        {"decisions": decisions, "schedulerName": text("Who decided.")},
        "The clusters that a scheduler chose.",
        required=("decisions",),
    )
    found = definition("multicluster.x-k8s.io", "PlacementDecision", "placementdecisions", "Namespaced", root, [])
    del found["spec"]["versions"][0]["subresources"]
    return found
