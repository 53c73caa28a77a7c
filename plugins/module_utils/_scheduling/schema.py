# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a placement, as JSON Schema: the one source for validation, editors and documentation.

Names and meaning are those of Karmada's PropagationPolicy.spec.placement; what we add says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .scorers import SCORERS

Schema = Mapping[str, Any]


def _object(properties: Schema, *, required: tuple[str, ...] = (), description: str = "") -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        "required": list(required),
    }
    return {**schema, "description": description} if description else schema


def _list(items: Schema, description: str = "") -> dict[str, Any]:
    schema = {"type": "array", "items": items}
    return {**schema, "description": description} if description else schema


_TEXT = {"type": "string"}
_NAMES = _list({"type": "string", "minLength": 1})
_COUNT = {"type": "integer", "minimum": 0}

_LABEL_RULE = _object(
    {"key": _TEXT, "operator": {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}, "values": _list(_TEXT)},
    required=("key", "operator"),
)
LABEL_SELECTOR = _object(
    {"matchLabels": {"type": "object", "additionalProperties": _TEXT}, "matchExpressions": _list(_LABEL_RULE)},
    description="A Kubernetes label selector over the labels of the clusters.",
)
_FIELD_RULE = _object(
    {
        "key": {"enum": ["provider", "region", "zone"]},
        "operator": {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
        "values": _list(_TEXT),
    },
    required=("key", "operator"),
)
_AFFINITY = {
    "labelSelector": LABEL_SELECTOR,
    "fieldSelector": _object({"matchExpressions": _list(_FIELD_RULE)}),
    "clusterNames": _NAMES,
    "exclude": _NAMES,
}
CLUSTER_AFFINITY = _object(
    _AFFINITY, description="Clusters that match every part given; none given means all clusters."
)
_BOUNDS = {
    "minReplicas": {**_COUNT, "description": "Ours: a cluster that gets any replica gets at least so many."},
    "maxReplicas": {
        "type": "integer",
        "minimum": 1,
        "description": "Ours: no cluster gets more than so many.",
    },
}
_AFFINITY_NAME = {"type": "string", "minLength": 1, "maxLength": 32}
_NAME = {"type": "string", "minLength": 1}
_WEIGHT = {"type": "number", "minimum": 0}

_OTHERS = _object(
    {
        "application": {**_NAME, "description": "Name of an application of the same tenant, or tenant/name."},
        "labelSelector": {**LABEL_SELECTOR, "description": "Applications of the same tenant by their labels."},
        "topology": {
            "enum": ["cluster", "region", "zone", "provider"],
            "description": "How near is near; the same cluster by default.",
        },
    },
    description="Other applications, by name or by labels.",
)


def _between_applications(description: str) -> dict[str, Any]:
    weight = {"type": "integer", "minimum": 1, "maximum": 100}
    return _object(
        {
            "required": _list(_OTHERS, "Has to hold."),
            "preferred": _list(_object({"weight": weight, "term": _OTHERS}, required=("weight", "term")), "Counts."),
        },
        description=description,
    )


_GROUP_BY = _object({"groupByLabelKey": _NAME}, required=("groupByLabelKey",))

PLACEMENT = _object(
    {
        "clusterAffinity": CLUSTER_AFFINITY,
        "clusterAffinities": _list(
            _object(
                {
                    "affinityName": _AFFINITY_NAME,
                    **_AFFINITY,
                    "overflowAffinities": _list(
                        _object({"affinityName": _AFFINITY_NAME, **_AFFINITY}, required=("affinityName",)),
                        "Groups that take what the group itself cannot hold, in this order.",
                    ),
                },
                required=("affinityName",),
            ),
            "Groups to try one after the other.",
        ),
        "clusterTolerations": _list(
            _object(
                {
                    "key": _TEXT,
                    "operator": {"enum": ["Exists", "Equal"]},
                    "value": _TEXT,
                    "effect": {"enum": ["", "NoSchedule", "PreferNoSchedule", "NoExecute"]},
                    "tolerationSeconds": {"type": "integer"},
                }
            ),
            "Taints of clusters that do not keep the workloads away.",
        ),
        "spreadConstraints": _list(
            _object(
                {
                    "spreadByField": {"enum": ["cluster", "region", "zone", "provider"]},
                    "spreadByLabel": {"type": "string", "minLength": 1},
                    "minGroups": _COUNT,
                    "maxGroups": _COUNT,
                }
            ),
            "Over how many clusters, regions, zones, providers or labelled groups to spread.",
        ),
        "replicaScheduling": _object(
            {
                "replicaSchedulingType": {"enum": ["Duplicated", "Divided"]},
                "replicaDivisionPreference": {"enum": ["Weighted", "Aggregated"]},
                "weightPreference": _object(
                    {
                        "staticWeightList": _list(
                            _object(
                                {"targetCluster": CLUSTER_AFFINITY, "weight": {"type": "integer", "minimum": 1}},
                                required=("targetCluster", "weight"),
                            )
                        ),
                        "dynamicWeight": {"enum": ["AvailableReplicas"]},
                        "hierarchy": _list(
                            _object(
                                {
                                    "byField": {"enum": ["provider", "region", "zone"]},
                                    "byLabel": {"type": "string", "minLength": 1},
                                    "weights": {"type": "object", "additionalProperties": _COUNT},
                                    "defaultWeight": _COUNT,
                                }
                            ),
                            "Ours: weights of groups, from wide to narrow; each group divides its share among the groups"
                            " inside it, the narrowest among its clusters.",
                        ),
                    }
                ),
                **_BOUNDS,
                "clusterReplicas": _list(
                    _object({"targetCluster": CLUSTER_AFFINITY, **_BOUNDS}, required=("targetCluster",)),
                    "Ours: other bounds for some clusters; the first rule that matches a cluster counts.",
                ),
            },
            description="How replicas are handed out; every cluster gets all of them when it is left out.",
        ),
        "selection": {
            "enum": ["together", "each"],
            "description": "Ours: choose the clusters once for the whole application (the default), or for each workload.",
        },
        "whenUnsatisfiable": {
            "enum": ["refuse", "partial"],
            "description": "Ours: when not everything fits, place nothing (the default), or what fits.",
        },
        "rebalance": {
            "enum": ["allowed", "never"],
            "description": "Ours: whether a rebalance may move replicas of it (the default), or never does.",
        },
        "scoring": _object(
            dict.fromkeys(SCORERS, _WEIGHT),
            description="Ours: how much each scorer counts where clusters are chosen. Stickiness alone when left out.",
        ),
        "applicationAffinity": _between_applications("Ours: near which other applications it stands."),
        "applicationAntiAffinity": _between_applications("Ours: from which other applications it keeps away."),
        "workloadAffinity": _object(
            {"affinity": _GROUP_BY, "antiAffinity": _GROUP_BY},
            description="With, or apart from, the applications of the tenant that have the same value of a label.",
        ),
        "applicationGroup": {
            **_NAME,
            "maxLength": 63,
            "description": "Ours: applications of a tenant with the same group stand in the same clusters.",
        },
        "dataLocality": _object(
            {
                "objects": _list(
                    _object(
                        {"apiVersion": _NAME, "kind": _NAME, "namespace": _NAME, "name": _NAME},
                        required=("kind", "name"),
                    ),
                    "Volumes, services and other objects that are in the clusters already.",
                ),
                "mode": {
                    "enum": ["preferred", "required"],
                    "description": "Clusters that hold them come first (the default), or no others will do.",
                },
            },
            required=("objects",),
            description="Ours: to stand where data is.",
        ),
    },
    description="Where an application goes.",
)
