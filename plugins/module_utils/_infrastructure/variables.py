# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of an inventory that nobody reads, or that can't be what they are: names, labels, taints, kubeadm's documents. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NEAR = 0.8
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KUBERNETES = ("kubernetes.io", "k8s.io")
_OF_KUBELETS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
    }
)
"""Labels of Kubernetes that a kubelet may give to its own Node; with any other it does not start."""
_PREFIXES_OF_KUBELETS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
KINDS = (
    "InitConfiguration",
    "ClusterConfiguration",
    "JoinConfiguration",
    "KubeletConfiguration",
    "KubeProxyConfiguration",
    "ResetConfiguration",
    "UpgradeConfiguration",
)
_ARGUMENTS = ("extraArgs", "kubeletExtraArgs")


@dataclass(frozen=True, slots=True)
class Said:
    """What was found: what has to be mended, and what is only worth a look."""

    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def unread(given: Collection[str], known: Collection[str], prefixes: Collection[str]) -> Said:
    """Variables that look like ours, but that no role reads.

    Args:
        given: names of a host's variables.
        known: names that roles read.
        prefixes: what the names of roles' variables begin with. Without a near name, only `cluster_` is told of.
    """
    findings, warnings = [], []
    for name in sorted(set(given) - set(known)):
        if not name.startswith(tuple(prefixes)):
            continue
        if near := nearest(name, known):
            findings.append(f"nobody reads {name}; {near} is meant, it seems.")
        elif name.startswith("cluster_"):
            warnings.append(f"nobody reads {name}; if it is your own, give it another beginning than cluster_.")
    return Said(tuple(findings), tuple(warnings))


def nearest(name: str, known: Collection[str]) -> str:
    """The name that was meant, or nothing."""
    squeezed = {each.replace("_", "").lower(): each for each in known}
    if name.replace("_", "").lower() in squeezed:
        return squeezed[name.replace("_", "").lower()]
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=_NEAR)), "")


def labels(given: object) -> Iterator[str]:
    """What is wrong with a host's labels."""
    if not isinstance(given, Mapping):
        yield f"cluster_node_labels is {given!r}; it is a dictionary."
        return
    for key, value in given.items():
        prefix, slash, name = str(key).rpartition("/")
        if not _LABEL_NAME.fullmatch(name) or (slash and not _LABEL_PREFIX.fullmatch(prefix)):
            yield f"{key!r} can't be the name of a label."
        elif slash and not _may_be_own(str(key), prefix):
            yield (
                f"with the label {key} its kubelet would not start: a Node must not give itself labels of {prefix}. "
                "Set it afterwards, from outside (navarch.fleet.node), or take a name of your own."
            )
        if str(value) and not _LABEL_NAME.fullmatch(str(value)):
            yield f"{value!r} can't be the value of the label {key}."


def label_value(variable: str, value: object) -> Iterator[str]:
    """Whether a variable can become the value of a label."""
    if value and not _LABEL_NAME.fullmatch(str(value)):
        yield f"{variable} is {value!r}; it becomes a label, so it has at most 63 letters, digits, dashes, dots and underlines."


def taints(given: object) -> Iterator[str]:
    """What is wrong with a host's taints."""
    for taint in given if isinstance(given, list) else [given]:
        if not isinstance(taint, Mapping) or not taint.get("key"):
            yield f"cluster_node_taints has {taint!r}; a taint is {{key, value, effect}}."
        elif taint.get("effect") not in _EFFECTS:
            yield f"the taint {taint['key']} has the effect {taint.get('effect')!r}; it is one of {', '.join(_EFFECTS)}."


def kubeadm(given: object) -> Iterator[str]:
    """What is wrong with the user's own configuration of kubeadm."""
    if not isinstance(given, Mapping):
        yield f"cluster_kubeadm is {given!r}; it is a dictionary of documents by kind."
        return
    for kind, document in given.items():
        if kind not in KINDS:
            near = nearest(str(kind), KINDS)
            yield f"cluster_kubeadm has the kind {kind}, which kubeadm does not know{f'; {near} is meant, it seems' if near else ''}."
        elif not isinstance(document, Mapping):
            yield f"cluster_kubeadm.{kind} is {document!r}; it is a dictionary."
        else:
            yield from _arguments(document, f"cluster_kubeadm.{kind}")


def measures(given: object, known: Collection[str]) -> Iterator[str]:
    """What is wrong with the switches of measures for security."""
    if not isinstance(given, Mapping):
        yield f"cluster_security is {given!r}; it is a dictionary of measures, each true or false."
        return
    for name, value in given.items():
        if name not in known:
            near = nearest(str(name), known)
            yield f"cluster_security has no measure {name}; {f'{near} is meant, it seems' if near else 'there are ' + ', '.join(sorted(known))}."
        elif not isinstance(value, bool):
            yield f"cluster_security.{name} is {value!r}; it is true or false."


def _may_be_own(key: str, prefix: str) -> bool:
    if not any(prefix == ours or prefix.endswith(f".{ours}") for ours in _KUBERNETES):
        return True
    own = any(prefix == each or prefix.endswith(f".{each}") for each in _PREFIXES_OF_KUBELETS)
    return own or key in _OF_KUBELETS


def _arguments(document: Mapping[str, Any], place: str) -> Iterator[str]:
    for key, value in document.items():
        if key in _ARGUMENTS and (
            not isinstance(value, list) or any(not isinstance(each, Mapping) or "name" not in each for each in value)
        ):
            yield f"{place}.{key} is no list of {{name, value}}, which it is since kubeadm's v1beta4."
        elif isinstance(value, Mapping):
            yield from _arguments(value, f"{place}.{key}")
