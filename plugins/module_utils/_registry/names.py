# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that the hub and the members are written in."""

from __future__ import annotations

from .._kube.discovery import Resource

SYSTEM_NAMESPACE = "navarch-system"
"""Where our own objects live, in the hub unless said otherwise, and in each member always."""

GROUP = "fleet.navarch.dev"
API_VERSION = f"{GROUP}/v1alpha1"
PREFIX = f"{GROUP}/"
PROFILE_API_VERSION = "multicluster.x-k8s.io/v1alpha1"

SCHEMA_VERSION = 1
"""Raised when the meaning of what the hub holds changes; a hub with a higher one is refused."""

MANAGER = "navarch"
"""The value of ``app.kubernetes.io/managed-by``, and our name as cluster manager of ClusterProfiles."""

HUB_CONFIGMAP = "navarch-hub"
MEMBER_CONFIGMAP = "navarch-member"
ACCOUNT = "navarch"
"""Name of our ServiceAccount, bindings and roles in a member."""

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
HUB_LABEL = f"{PREFIX}hub"
"""On each object that join made in a member: the id of the hub it belongs to."""
CREDENTIAL_LABEL = f"{PREFIX}credential"
"""On Secrets of the hub; the value is the member whose credential it holds."""
SCHEMA_ANNOTATION = f"{PREFIX}schema-version"
EXPIRES_ANNOTATION = f"{PREFIX}token-expires-at"
ISSUED_ANNOTATION = f"{PREFIX}token-issued-at"
JOIN_ANNOTATION = f"{PREFIX}created-by-join"
"""On the member's namespace when it was join that made it."""
IS_HUB_ANNOTATION = f"{PREFIX}is-hub"
"""On a Cluster that is the hub itself: automatic failover leaves it alone."""

TAINT_UNSCHEDULABLE = f"{PREFIX}unschedulable"
TAINT_NOT_READY = f"{PREFIX}not-ready"
"""Never stored: a member that is not ready has it when work is placed."""
TAINT_UNREACHABLE = f"{PREFIX}unreachable"

READY = "Ready"
CREDENTIAL_EXPIRING = "CredentialExpiring"
FACTS_INCOMPLETE = "FactsIncomplete"

FAILOVER_LEASE = "failover"
REGISTRY_LEASE = "registry"
AUTOSCALE_LEASE = "autoscale"

_ALL = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


def application_lease(application: str) -> str:
    """The lease that whoever changes an application holds, beside the Application."""
    return f"application-{application}"


def secret_name(member: str) -> str:
    """The hub's Secret with a member's credential."""
    return f"cluster-{member}"


def _resource(group: str, version: str, kind: str, plural: str, scope: str) -> Resource:
    return Resource(group, version, kind, plural, scope == "namespaced", _ALL)


# The kinds that we write ourselves; their paths never need discovery.
CLUSTERS = _resource(GROUP, "v1alpha1", "Cluster", "clusters", "cluster")
APPLICATIONS = _resource(GROUP, "v1alpha1", "Application", "applications", "namespaced")
MACHINE_SETS = _resource(GROUP, "v1alpha1", "MachineSet", "machinesets", "cluster")
PROFILES = _resource("multicluster.x-k8s.io", "v1alpha1", "ClusterProfile", "clusterprofiles", "namespaced")
DECISIONS = _resource("multicluster.x-k8s.io", "v1alpha1", "PlacementDecision", "placementdecisions", "namespaced")
DEFINITIONS = _resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", "cluster"
)
NAMESPACES = _resource("", "v1", "Namespace", "namespaces", "cluster")
SECRETS = _resource("", "v1", "Secret", "secrets", "namespaced")
CONFIGMAPS = _resource("", "v1", "ConfigMap", "configmaps", "namespaced")
ACCOUNTS = _resource("", "v1", "ServiceAccount", "serviceaccounts", "namespaced")
NODES = _resource("", "v1", "Node", "nodes", "cluster")
PODS = _resource("", "v1", "Pod", "pods", "namespaced")
LEASES = _resource("coordination.k8s.io", "v1", "Lease", "leases", "namespaced")
ROLES = _resource("rbac.authorization.k8s.io", "v1", "Role", "roles", "namespaced")
ROLE_BINDINGS = _resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "namespaced")
CLUSTER_ROLES = _resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "cluster")
CLUSTER_ROLE_BINDINGS = _resource(
    "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "cluster"
)

KINDS = {
    (resource.api_version, resource.kind): resource
    for resource in (
        CLUSTERS, APPLICATIONS, MACHINE_SETS, PROFILES, DECISIONS, DEFINITIONS, NAMESPACES, SECRETS, CONFIGMAPS, ACCOUNTS, LEASES,
        ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS,
    )
}  # fmt: skip
"""The resource of an object of ours, by its apiVersion and kind."""
