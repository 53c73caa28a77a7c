# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CustomResourceDefinitions of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .names import GROUP, SCHEMA_ANNOTATION, SCHEMA_VERSION

if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]


def owned_definitions() -> list[dict[str, Any]]:
    """The definitions that are ours: installed, updated and removed with the registry."""
    return [_cluster(), _application()]


def shared_definitions() -> list[dict[str, Any]]:
    """Those of SIG-Multicluster: installed where absent, and left alone where somebody else brought them."""
    return [_cluster_profile(), _placement_decision()]


def _string(description: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": description} if description else {}), **more}


def _list(items: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def _object(properties: Schema, description: str = "", required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if description:
        schema["description"] = description
    if required:
        schema["required"] = list(required)
    return schema


def _free(description: str) -> Schema:
    return {"type": "object", "description": description, "x-kubernetes-preserve-unknown-fields": True}


def _strings(description: str) -> Schema:
    """A map of names to texts."""
    return {"type": "object", "description": description, "additionalProperties": {"type": "string"}}


_CONDITIONS = _list(
    _object(
        {
            "type": _string(),
            "status": _string(enum=["True", "False", "Unknown"]),
            "reason": _string(),
            "message": _string(maxLength=32768),
            "lastTransitionTime": _string(format="date-time"),
            "observedGeneration": {"type": "integer", "format": "int64"},
        },
        required=("type", "status", "reason", "message", "lastTransitionTime"),
    )
)


def _cluster() -> dict[str, Any]:
    taint = _object(
        {
            "key": _string(),
            "value": _string(),
            "effect": _string(enum=["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            "timeAdded": _string(format="date-time"),
        },
        required=("key", "effect"),
    )
    spec = _object(
        {
            "provider": _string("Who runs it: idc, openstack, aws, ..."),
            "region": _string(),
            "zones": _list(_string()),
            "taints": _list(taint),
            "apiEndpoint": _string("URL of its API server."),
            "secretRef": _object({"namespace": _string(), "name": _string()}, "The Secret with its credential."),
            "joinProfile": _string("What our account may do there.", enum=["namespaced", "deployer", "admin"]),
            "cost": {"type": "number", "description": "Per core and hour, in no currency."},
            "infrastructure": _free("How its machines are fenced: hosts, BMC, server ids."),
            "maintenanceWindows": _list(
                _free("When it takes no new work: start and end, or cron, duration and timezone.")
            ),
        }
    )
    observer = _object(
        {
            "name": _string("From where it was looked at."),
            "observedAt": _string(format="date-time"),
            "ready": _string(enum=["True", "False", "Unknown"]),
            "reason": _string(),
            "failures": {"type": "integer", "description": "Failed looks in a row."},
            "failingSince": _string(format="date-time"),
        },
        required=("name", "observedAt", "ready"),
    )
    enablement = _object(
        {
            "groupVersion": _string(),
            "resources": _list(_object({"name": _string(), "kind": _string()}, required=("name", "kind"))),
        },
        required=("groupVersion",),
    )
    status = _object(
        {
            "kubernetesVersion": _string(),
            "systemUID": _string("UID of its namespace kube-system: its identity."),
            "provider": _string("As its nodes tell; spec.provider goes first."),
            "region": _string("As its nodes tell; spec.region goes first."),
            "zones": _list(_string(), "As its nodes tell; spec.zones goes first."),
            "apiEnablements": _list(enablement),
            "nodeSummary": _object({"totalNum": {"type": "integer"}, "readyNum": {"type": "integer"}}),
            "nodes": _list(
                _object(
                    {
                        "labels": _strings("What they have in common."),
                        "taints": _list(taint),
                        "sizes": _list(_object({"count": {"type": "integer"}, "free": _strings("Of each of them.")})),
                    }
                ),
                "Ready nodes that look the same; similar ones by their average where they would be too many to list.",
            ),
            "nodeLabelsLeftOut": _list(_string(), "Labels of nodes that tell them apart."),
            "resourceSummary": _object(
                {
                    "allocatable": _strings("Of its usable nodes together."),
                    "allocated": _strings("Requested by pods that have a node."),
                    "allocating": _strings("Requested by pods that wait for one."),
                }
            ),
            "conditions": _CONDITIONS,
            "observers": _list(observer),
            "observedAt": _string(format="date-time"),
        }
    )
    columns = [
        _column("Provider", ".spec.provider"),
        _column("Region", ".spec.region"),
        _column("Version", ".status.kubernetesVersion"),
        _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        _column("Reason", '.status.conditions[?(@.type=="Ready")].reason', priority=1),
        _column("Nodes", ".status.nodeSummary.readyNum", "integer"),
        _column("Observed", ".status.observedAt", "date"),
        _column("Age", ".metadata.creationTimestamp", "date"),
    ]
    root = _object({"spec": spec, "status": status}, "A member of the fleet.")
    return _definition(GROUP, "Cluster", "clusters", "Cluster", root, columns, categories=["navarch"])


def _application() -> dict[str, Any]:
    spec = _object(
        {
            "namespace": _string("Where its objects live in the members."),
            "placement": _free("As Karmada's PropagationPolicy.spec.placement."),
            "overrides": _list(_free("As Karmada's OverridePolicy.spec.overrideRules.")),
            "rollout": _free("Waves, soak, deadline."),
            "failover": _free("Toleration, purge mode, fencing, fail-back."),
            "sourceDigest": _string("Of what it was rendered from; the content is in the revisions."),
        }
    )
    status = _object(
        {
            "revision": {"type": "integer", "format": "int64", "description": "The one in force."},
            "epoch": {"type": "integer", "format": "int64", "description": "Of the last lock that wrote."},
            "phase": _string(),
            "clusterNames": _string("For columns: the chosen clusters in one line."),
            "clusters": _free("Per cluster: replicas per workload and health."),
            "conditions": _CONDITIONS,
        }
    )
    for part in (spec, status):
        # What users and later versions write must survive a hub that has not been updated yet.
        part["x-kubernetes-preserve-unknown-fields"] = True
    columns = [
        _column("Revision", ".status.revision", "integer"),
        _column("Phase", ".status.phase"),
        _column("Clusters", ".status.clusterNames"),
        _column("Age", ".metadata.creationTimestamp", "date"),
    ]
    root = _object({"spec": spec, "status": status}, "An application that is spread over the fleet.")
    return _definition(GROUP, "Application", "applications", "Namespaced", root, columns, categories=["navarch"])


def _cluster_profile() -> dict[str, Any]:
    """ClusterProfile of cluster-inventory-api v0.1.0 (KEP-4322), field for field."""
    cluster = _object(
        {
            "server": _string(),
            "tls-server-name": _string(),
            "insecure-skip-tls-verify": {"type": "boolean"},
            "certificate-authority": _string(),
            "certificate-authority-data": _string(format="byte"),
            "proxy-url": _string(),
            "disable-compression": {"type": "boolean"},
            "extensions": _list(
                _object({"name": _string(), "extension": _free("Data of a provider.")}, required=("name", "extension"))
            ),
        },
        required=("server",),
    )
    provider = _object({"name": _string(), "cluster": cluster}, required=("name",))
    manager = _object({"name": _string()}, "Who owns this profile.", required=("name",))
    manager["x-kubernetes-validations"] = [{"rule": "self == oldSelf", "message": "ClusterManager is immutable"}]
    prop = _object(
        {
            "name": _string(minLength=1, maxLength=253),
            "value": _string(minLength=1, maxLength=1024),
            "lastObservedTime": _string(format="date-time"),
        },
        required=("name", "value"),
    )
    status = _object(
        {
            "conditions": _CONDITIONS,
            "version": _object({"kubernetes": _string()}),
            "properties": _list(prop),
            "accessProviders": _list(provider, "How to reach it; never a credential."),
            "credentialProviders": _list(provider, "Deprecated in favour of accessProviders."),
        }
    )
    spec = _object({"displayName": _string(), "clusterManager": manager}, required=("clusterManager",))
    root = _object({"spec": spec, "status": status}, "One cluster of an inventory.", required=("spec",))
    return _definition("multicluster.x-k8s.io", "ClusterProfile", "clusterprofiles", "Namespaced", root, [])


def _placement_decision() -> dict[str, Any]:
    """PlacementDecision of KEP-5313: the clusters that a scheduler chose, up to 100 in each slice."""
    decision = _object(
        {
            "clusterProfileRef": _object({"name": _string(), "namespace": _string()}, required=("name",)),
            "reason": _string(),
        },
        required=("clusterProfileRef",),
    )
    decisions = {**_list(decision, "The chosen clusters."), "minItems": 0, "maxItems": 100}
    root = _object(
        {"decisions": decisions, "schedulerName": _string("Who decided.")},
        "The clusters that a scheduler chose.",
        required=("decisions",),
    )
    definition = _definition("multicluster.x-k8s.io", "PlacementDecision", "placementdecisions", "Namespaced", root, [])
    del definition["spec"]["versions"][0]["subresources"]
    return definition


def _column(name: str, path: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "jsonPath": path, "type": kind, **more}


def _definition(
    group: str,
    kind: str,
    plural: str,
    scope: str,
    root: Schema,
    columns: list[dict[str, Any]],
    **names: list[str],
) -> dict[str, Any]:
    properties = {"apiVersion": _string(), "kind": _string(), "metadata": {"type": "object"}, **root["properties"]}
    version: dict[str, Any] = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {**root, "properties": properties}},
        "subresources": {"status": {}},
    }
    if columns:
        version["additionalPrinterColumns"] = columns
    # Ours carry the mark, by which removal tells them from somebody else's of the same name.
    metadata = {"name": f"{plural}.{group}", "annotations": {SCHEMA_ANNOTATION: str(SCHEMA_VERSION)}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": group,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                **names,
            },
            "scope": "Cluster" if scope == "Cluster" else "Namespaced",
            "versions": [version],
        },
    }
