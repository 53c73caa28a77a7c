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

_OPERATOR = {
    "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
    "description": "In and NotIn compare with values, Exists and DoesNotExist take none.",
}
_VALUES = _list(_TEXT, "For In and NotIn.")
_LABEL_RULE = _object(
    {"key": {**_TEXT, "description": "Name of the label."}, "operator": _OPERATOR, "values": _VALUES},
    required=("key", "operator"),
)
LABEL_SELECTOR = _object(
    {
        "matchLabels": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "Labels with their values; all of them.",
        },
        "matchExpressions": _list(_LABEL_RULE, "Rules over labels; all of them."),
    },
    description="A Kubernetes label selector over the labels of the clusters.",
)
_FIELD_RULE = _object(
    {
        "key": {"enum": ["provider", "region", "zone"], "description": "Field of the cluster; zone: one of its zones."},
        "operator": _OPERATOR,
        "values": _VALUES,
    },
    required=("key", "operator"),
)
_AFFINITY = {
    "labelSelector": LABEL_SELECTOR,
    "fieldSelector": _object(
        {"matchExpressions": _list(_FIELD_RULE, "All of them.")},
        description="Rules over provider, region and zone of the clusters.",
    ),
    "clusterNames": {**_NAMES, "description": "Only these clusters."},
    "exclude": {**_NAMES, "description": "Not these, whatever else says."},
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
_AFFINITY_NAME = {"type": "string", "minLength": 1, "maxLength": 32, "description": "Name of the group, once only."}
_NAME = {"type": "string", "minLength": 1}
_WEIGHT = {"type": "number", "minimum": 0}
_SCORED = (
    "To stay where it runs.",
    "Much room.",
    "Little use of the resource that is scarcest there.",
    "A low price.",
    "Near the applications that it prefers, far from those that it shuns.",
    "Where its data is.",
)

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
    weight = {"type": "integer", "minimum": 1, "maximum": 100, "description": "How much it counts among the preferred."}
    return _object(
        {
            "required": _list(_OTHERS, "Has to hold."),
            "preferred": _list(_object({"weight": weight, "term": _OTHERS}, required=("weight", "term")), "Counts."),
        },
        description=description,
    )


_GROUP_BY = _object(
    {"groupByLabelKey": {**_NAME, "description": "Applications with the same value of this label are a group."}},
    required=("groupByLabelKey",),
    description="Members of one group.",
)

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
                    "key": {**_TEXT, "description": "Key of the taint; none with operator Exists means any."},
                    "operator": {"enum": ["Exists", "Equal"], "description": "Equal by default."},
                    "value": {**_TEXT, "description": "Value of the taint, for operator Equal."},
                    "effect": {
                        "enum": ["", "NoSchedule", "PreferNoSchedule", "NoExecute"],
                        "description": "Effect of the taint; none means any.",
                    },
                    "tolerationSeconds": {"type": "integer", "description": "For how long; for ever by default."},
                }
            ),
            "Taints of clusters that do not keep the workloads away.",
        ),
        "spreadConstraints": _list(
            _object(
                {
                    "spreadByField": {
                        "enum": ["cluster", "region", "zone", "provider"],
                        "description": "What makes a group; cluster by default.",
                    },
                    "spreadByLabel": {
                        "type": "string",
                        "minLength": 1,
                        "description": "Clusters with the same value of this label are a group.",
                    },
                    "minGroups": {**_COUNT, "description": "At least so many groups; 1 by default."},
                    "maxGroups": {**_COUNT, "description": "At most so many; left out means no limit."},
                }
            ),
            "Over how many clusters, regions, zones, providers or labelled groups to spread.",
        ),
        "replicaScheduling": _object(
            {
                "replicaSchedulingType": {
                    "enum": ["Duplicated", "Divided"],
                    "description": "Each chosen cluster gets all replicas, or they are divided (the default here).",
                },
                "replicaDivisionPreference": {
                    "enum": ["Weighted", "Aggregated"],
                    "description": "By weight (the default), or into as few clusters as hold them.",
                },
                "weightPreference": _object(
                    {
                        "staticWeightList": _list(
                            _object(
                                {
                                    "targetCluster": CLUSTER_AFFINITY,
                                    "weight": {
                                        "type": "integer",
                                        "minimum": 1,
                                        "description": "Against the weights of the others.",
                                    },
                                },
                                required=("targetCluster", "weight"),
                            ),
                            "Weights of clusters; of several rules that match the highest counts.",
                        ),
                        "dynamicWeight": {
                            "enum": ["AvailableReplicas"],
                            "description": "By the room that each cluster has; staticWeightList is not looked at then.",
                        },
                        "hierarchy": _list(
                            _object(
                                {
                                    "byField": {
                                        "enum": ["provider", "region", "zone"],
                                        "description": "What makes a group.",
                                    },
                                    "byLabel": {**_NAME, "description": "Or the label that makes one."},
                                    "weights": {
                                        "type": "object",
                                        "additionalProperties": _COUNT,
                                        "description": "Weight by group.",
                                    },
                                    "defaultWeight": {
                                        **_COUNT,
                                        "description": "Of groups not named; 0, or 1 where none is.",
                                    },
                                }
                            ),
                            "Ours: weights of groups, from wide to narrow; each group divides its share among the groups"
                            " inside it, the narrowest among its clusters.",
                        ),
                    },
                    description="What the weight of a cluster is; all are equal when it is left out.",
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
            {name: {**_WEIGHT, "description": text} for name, text in zip(SCORERS, _SCORED, strict=True)},
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
                        {
                            "apiVersion": {**_NAME, "description": "Any when left out."},
                            "kind": {**_NAME, "description": "Such as PersistentVolumeClaim."},
                            "namespace": {**_NAME, "description": "None for objects without one."},
                            "name": {**_NAME, "description": "Its name."},
                        },
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
