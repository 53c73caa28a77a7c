# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes that a what-if supposes, from the words of users: `region=eu`, `copy of a as b`, `shop: 2x`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from .errors import RequestError
from .request import CLUSTER_FIELDS, JSON, Cluster
from .room import UNLIMITED_PODS, emptied
from .validate import nearest

if TYPE_CHECKING:
    from .application import Application

FIELDS = ("cluster", "region", "zone", "provider")
OWN_TAINTS = "fleet.navarch.dev/"
_COPY = re.compile(r"copy\s+of\s+(\S+)\s+as\s+(\S+)", re.IGNORECASE)
_FACTOR = re.compile(r"(?:x\s*(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s*x)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is supposed, by the names of clusters and applications."""

    lost: frozenset[str] = frozenset()
    cordoned: frozenset[str] = frozenset()
    added: tuple[Cluster, ...] = ()
    scaled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Replicas by `tenant/name` and workload."""
    trigger: str | None = None
    """`reschedule` to place everything afresh."""
    again: frozenset[str] = frozenset()
    """Applications that are placed again in any case: they are given anew."""

    @property
    def concern_all(self) -> bool:
        """Whether also applications that lose nothing are placed again."""
        return bool(self.added) or self.trigger is not None


def read_changes(
    data: JSON, clusters: Sequence[Cluster], applications: Mapping[str, Application], *, trigger: str | None = None
) -> Changes:
    """The changes, each name in them checked against the fleet.

    :param data: `lose`, `cordon`, `add` and `scale`, each as list, mapping or text.
    :raises RequestError: something in them is not known, with the nearest right name.
    """
    lost = frozenset(name for item in entries(data.get("lose")) for name in matching(item, clusters, "lose"))
    added = _added(data.get("add"), clusters, applications)
    cordoned = frozenset(
        name for item in entries(data.get("cordon")) for name in matching(item, (*clusters, *added), "cordon")
    )
    scaled = _scaled(data.get("scale"), applications)
    return Changes(lost, cordoned - lost, added, scaled, trigger)


def entries(value: object) -> list[object]:
    """The parts of a list, of lines, or of a text with commas; surveys know only texts."""
    if value is None:
        return []
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in entries(item)]
    return [value]


def matching(item: object, clusters: Sequence[Cluster], path: str) -> list[str]:
    """The clusters that `region=eu`, `zone=a`, `provider=idc`, `rack=7` (a label) or a name stands for."""
    if isinstance(item, Mapping):
        return [name for key, value in item.items() for name in matching(f"{key}={value}", clusters, path)]
    text = str(item).strip()
    key, equals, value = (part.strip() for part in text.removeprefix("label ").partition("="))
    if not equals:
        parts = text.split()
        if len(parts) != 2 or parts[0] not in FIELDS:
            key, value = "cluster", text
        else:
            key, value = parts
    _refuse_unknown_key(key, clusters, path)
    found = [cluster.name for cluster in clusters if value in values_of(cluster, key)]
    if not found:
        known = sorted({each for cluster in clusters for each in values_of(cluster, key)})
        what = "cluster" if key == "cluster" else f"cluster with {key}"
        raise RequestError(path, f"there is no {what} {value}{_hint(value, known)}")
    return found


def values_of(cluster: Cluster, key: str) -> tuple[str, ...]:
    """What a cluster says for a field, or for a label."""
    if key == "cluster":
        return (cluster.name,)
    if key == "zone":
        return cluster.zones
    if key in FIELDS:
        value = cluster.region if key == "region" else cluster.provider
        return (value,) if value else ()
    return (cluster.labels[key],) if key in cluster.labels else ()


def known_keys(clusters: Iterable[Cluster]) -> list[str]:
    """The fields and labels by which clusters can be named."""
    return [*FIELDS, *sorted({key for cluster in clusters for key in cluster.labels} - set(FIELDS))]


def _refuse_unknown_key(key: str, clusters: Sequence[Cluster], path: str) -> None:
    known = known_keys(clusters)
    if key not in known:
        raise RequestError(path, f"{key} is neither a field nor a label of any cluster{_hint(key, known)}")


def _added(value: object, clusters: Sequence[Cluster], applications: Mapping[str, Application]) -> tuple[Cluster, ...]:
    there = {cluster.name: cluster for cluster in clusters}
    added: dict[str, Cluster] = {}
    for item in entries(value):
        cluster = _new_cluster(item, {**there, **added}, applications)
        if cluster.name in there or cluster.name in added:
            raise RequestError("add", f"there is a cluster {cluster.name} already; give the new one another name")
        added[cluster.name] = cluster
    return tuple(added.values())


def _new_cluster(item: object, there: Mapping[str, Cluster], applications: Mapping[str, Application]) -> Cluster:
    if isinstance(item, Mapping):
        fields = dict(item)
    else:
        fields = _fields_of(str(item))
    model = fields.pop("copyOf", None)
    resources = {name: fields.pop(name) for name in list(fields) if _is_resource(name)}
    for name in fields:
        if name not in CLUSTER_FIELDS:
            raise RequestError(f"add.{name}", f"unknown field{_hint(name, [*CLUSTER_FIELDS, 'copyOf'])}")
    if model is not None:
        if model not in there:
            raise RequestError("add", f"there is no cluster {model} to copy{_hint(str(model), list(there))}")
        return _copied(there[model], fields, applications)
    if resources and "resourceSummary" not in fields:
        fields["resourceSummary"] = {"allocatable": {"pods": UNLIMITED_PODS, **resources}}
    return Cluster.from_dict(fields, path="add")


def _fields_of(text: str) -> dict[str, Any]:
    """`copy of a as b`, or `b region=eu cpu=64 memory=256Gi`."""
    copy = _COPY.match(text)
    rest = text[copy.end() :].split() if copy else text.split()[1:]
    fields: dict[str, Any] = {"copyOf": copy[1], "name": copy[2]} if copy else {"name": text.split()[0]}
    for part in rest:
        name, equals, value = part.partition("=")
        if not equals:
            raise RequestError("add", f"{part!r} in {text!r} is no name=value; also understood is 'copy of a as b'")
        if name == "zone":
            fields["zones"] = [value]
        elif name in CLUSTER_FIELDS or _is_resource(name):
            fields[name] = int(value) if name == "available" and value.isdigit() else value
        else:
            fields.setdefault("labels", {})[name] = value
    return fields


def _is_resource(name: str) -> bool:
    return name in ("cpu", "memory", "pods", "ephemeral-storage") or "/" in name


def _copied(model: Cluster, fields: JSON, applications: Mapping[str, Application]) -> Cluster:
    """What the model is, without what runs there and what happened to it."""
    running = sum(
        target.replicas
        for application in applications.values()
        for targets in application.current.values()
        for target in targets
        if target.name == model.name
    )
    taints = tuple(taint for taint in model.taints if not taint.key.startswith(OWN_TAINTS))
    blank = replace(emptied(model, running), taints=taints, ready=True, deleting=False)
    if "resourceSummary" in fields or "available" in fields:
        blank = replace(blank, available=None, resource_summary=None)
    given = Cluster.from_dict(fields, path="add")
    changed = {name: getattr(given, name) for name in map(_attribute, fields)}
    return replace(blank, **changed)


def _attribute(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)


def _scaled(value: object, applications: Mapping[str, Application]) -> dict[str, dict[str, int]]:
    scaled: dict[str, dict[str, int]] = {}
    for name, wish in _wishes(value):
        key = _application(name, applications)
        workloads = {each.key: each.replicas or 0 for each in applications[key].workloads}
        chosen = scaled.setdefault(key, {})
        if isinstance(wish, Mapping):
            for named, each in wish.items():
                workload = _workload(str(named), workloads, name)
                chosen[workload] = _count(each, workloads[workload], f"scale.{name}.{named}")
        elif len(workloads) > 1 and not _is_factor(wish):
            raise RequestError(
                f"scale.{name}",
                f"it has {len(workloads)} workloads ({', '.join(sorted(workloads)[:5])}); give a factor such as 2x, or a number for each",
            )
        else:
            chosen.update({key: _count(wish, count, f"scale.{name}") for key, count in workloads.items()})
    return scaled


def _wishes(value: object) -> Iterator[tuple[str, object]]:
    """(application, what to make of it)."""
    for item in entries(value):
        if isinstance(item, Mapping):
            yield from ((str(name), wish) for name, wish in item.items())
            continue
        name, separator, wish = re.sub(r"\s*:\s*", "=", str(item)).partition("=")
        if not separator:
            raise RequestError("scale", f"{item!r} is no application=2x, application=10 or application=+3")
        yield name.strip(), wish.strip()


def _application(name: str, applications: Mapping[str, Application]) -> str:
    found = [key for key in applications if name in (key, key.partition("/")[2])]
    if len(found) > 1 and name not in found:
        raise RequestError("scale", f"{name} is in several tenants; say which: {', '.join(found)}")
    if not found:
        known = [*applications, *(key.partition("/")[2] for key in applications)]
        raise RequestError("scale", f"there is no application {name}{_hint(name, known)}")
    return name if name in found else found[0]


def _workload(name: str, workloads: Mapping[str, int], application: str) -> str:
    found = [key for key in workloads if name in (key, key.rpartition("/")[2])]
    if len(found) != 1 and name not in found:
        raise RequestError(
            f"scale.{application}",
            f"{'several workloads are' if found else 'there is no workload'} {name}{_hint(name, list(workloads))}",
        )
    return name if name in found else found[0]


def _is_factor(wish: object) -> bool:
    text = str(wish).strip()
    return bool(_FACTOR.fullmatch(text) or _PERCENT.fullmatch(text))


def _count(wish: object, now: int, path: str) -> int:
    """What `2x`, `150%`, `+3`, `-1` or `10` makes of so many replicas; parts count as whole ones."""
    text = str(wish).strip()
    factor, percent = _FACTOR.fullmatch(text), _PERCENT.fullmatch(text)
    if factor:
        exact = now * Decimal(factor[1] or factor[2])
    elif percent:
        exact = now * Decimal(percent[1]) / 100
    elif re.fullmatch(r"[+-]\d+", text):
        exact = Decimal(max(now + int(text), 0))
    elif re.fullmatch(r"\d+", text):
        exact = Decimal(text)
    else:
        raise RequestError(path, f"{text!r} is none of 2x, 150%, +3, -1 and 10")
    return int(exact.to_integral_value(ROUND_CEILING))


def _hint(name: str, known: Sequence[str]) -> str:
    meant = nearest(name, known)
    if meant:
        return f" (did you mean {meant}?)"
    return f"; known are {', '.join(known[:20])}" if known else ""
