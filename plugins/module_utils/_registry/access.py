# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what: roles for people in the hub, and for our own account in a member. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from .names import ACCOUNT, GROUP, HUB_CONFIGMAP, MANAGED_BY_LABEL, MANAGER, SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]
    Rule = dict[str, list[str]]

_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "get", "list", "patch", "update", "watch"]
_API_GROUP = "rbac.authorization.k8s.io"
_API_VERSION = f"{_API_GROUP}/v1"


class JoinProfile(Enum):
    """What our account may do in a member."""

    NAMESPACED = "namespaced"
    """Everything inside the namespaces that are named, and reading what facts need."""
    DEPLOYER = "deployer"
    """Objects of every kind, but no escalation: no ``escalate``, ``bind``, ``impersonate``, ``approve``, ``sign``."""
    ADMIN = "admin"
    """Everything: the role cluster-admin."""


def hub_roles(namespace: str) -> list[Manifest]:
    """The roles that come with the registry; an operator binds people to them.

    ``navarch-viewer`` and ``navarch-operator`` are for the whole hub, ``navarch-deployer`` for a namespace of
    applications; the Role ``navarch-clusters`` beside the registry opens the credentials of all members.
    """
    fleet = ["multicluster.x-k8s.io", GROUP]
    read_fleet = _rule(fleet, ["*"], _READ)
    return [
        _role("ClusterRole", "navarch-viewer", [read_fleet, _rule(["coordination.k8s.io"], ["leases"], _READ)]),
        _role(
            "ClusterRole",
            "navarch-deployer",
            [
                _rule([GROUP], ["applications", "applications/status"], _WRITE),
                _rule(["multicluster.x-k8s.io"], ["placementdecisions"], _WRITE),
                _rule([""], ["secrets"], _WRITE),
                _rule(["coordination.k8s.io"], ["leases"], _WRITE),
                _rule(["", "events.k8s.io"], ["events"], ["create", "get", "list", "patch"]),
            ],
        ),
        _role(
            "ClusterRole",
            "navarch-operator",
            [
                _rule(fleet, ["*"], _WRITE),
                _rule([""], ["configmaps", "secrets", "serviceaccounts"], _WRITE),
                _rule([""], ["namespaces"], ["create", *_READ]),
                _rule(["coordination.k8s.io"], ["leases"], _WRITE),
                _rule(["", "events.k8s.io"], ["events"], ["create", "get", "list", "patch"]),
                _rule(["apiextensions.k8s.io"], ["customresourcedefinitions"], _READ),
            ],
        ),
        _role(
            "Role",
            "navarch-viewer",
            [{**_rule([""], ["configmaps"], ["get"]), "resourceNames": [HUB_CONFIGMAP]}],
            namespace,
        ),
        _role("Role", "navarch-clusters", [_rule([""], ["secrets"], ["get", "list"])], namespace),
    ]


def member_access(profile: JoinProfile, namespaces: tuple[str, ...]) -> list[Manifest]:
    """Roles and bindings for our account in a member.

    :param namespaces: where the profile ``namespaced`` works.
    """
    name = binding_name(profile)
    if profile is JoinProfile.ADMIN:
        return [_binding("ClusterRoleBinding", name, "ClusterRole", "cluster-admin")]
    if profile is JoinProfile.DEPLOYER:
        rules = [_rule(["*"], ["*"], _WRITE), {"nonResourceURLs": ["*"], "verbs": ["get"]}]
        return [_role("ClusterRole", name, rules), _binding("ClusterRoleBinding", name, "ClusterRole", name)]
    inside = f"{name}-inside"
    return [
        _role("ClusterRole", name, _reader_rules(name, inside)),
        _role("ClusterRole", inside, [_rule(["*"], ["*"], _WRITE)]),
        _binding("ClusterRoleBinding", name, "ClusterRole", name),
        *(
            _binding("RoleBinding", ACCOUNT, "ClusterRole", inside, namespace)
            for namespace in sorted({*namespaces, SYSTEM_NAMESPACE})
        ),
    ]


def binding_name(profile: JoinProfile) -> str:
    """The ClusterRoleBinding of a profile: the one object whose end is the end of our access.

    Its name differs from those of :func:`hub_roles`, as the hub may be a member too.
    """
    return f"{ACCOUNT}-join-{profile.value}"


def _reader_rules(name: str, inside: str) -> list[Rule]:
    """What facts need, and what leaving needs: giving up exactly these objects."""
    return [
        _rule([""], ["namespaces", "nodes", "pods"], _READ),
        _rule(["apiextensions.k8s.io"], ["customresourcedefinitions"], _READ),
        {**_rule([""], ["namespaces"], ["delete", "patch"]), "resourceNames": [SYSTEM_NAMESPACE]},
        {**_rule([_API_GROUP], ["clusterroles"], ["delete", "get", "patch"]), "resourceNames": [name, inside]},
        {**_rule([_API_GROUP], ["clusterrolebindings"], ["delete", "get"]), "resourceNames": [name]},
        {"nonResourceURLs": ["*"], "verbs": ["get"]},
    ]


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def _role(kind: str, name: str, rules: list[Rule], namespace: str | None = None) -> Manifest:
    return {"apiVersion": _API_VERSION, "kind": kind, "metadata": _metadata(name, namespace), "rules": rules}


def _binding(kind: str, name: str, role_kind: str, role: str, namespace: str | None = None) -> Manifest:
    return {
        "apiVersion": _API_VERSION,
        "kind": kind,
        "metadata": _metadata(name, namespace),
        "roleRef": {"apiGroup": _API_GROUP, "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": SYSTEM_NAMESPACE}],
    }


def _metadata(name: str, namespace: str | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {MANAGED_BY_LABEL: MANAGER}}
    if namespace:
        metadata["namespace"] = namespace
    return metadata
