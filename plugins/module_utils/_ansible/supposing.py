# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``what_if``: from its options to a fleet and the changes supposed, and the answer to its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .._kube import library
from .._kube.errors import InputError
from .._scheduling.application import Application
from .._scheduling.changes import Changes, entries, read_changes
from .._scheduling.errors import RequestError
from .._scheduling.outlook import outlook_data, outlook_lines, survival_data, survival_lines
from .._scheduling.request import Cluster
from .._scheduling.survive import Survival, read_demand, survive
from .._scheduling.validate import nearest, validate_placement
from .._scheduling.what_if import Fleet, Outlook, what_if
from .placing import estimator_for, fresh_members, given_clusters, given_current, given_workload, refuse

if TYPE_CHECKING:
    from typing import Any

CHANGES = ("lose", "cordon", "add", "scale")
FILE_FIELDS = ("clusters", "applications")
APPLICATION_FIELDS = (
    "name",
    "tenant",
    "namespace",
    "placement",
    "workloads",
    "current",
    "clusters",
    "observedAffinity",
)
WORKLOAD_FIELDS = (
    "apiVersion",
    "kind",
    "namespace",
    "name",
    "uid",
    "replicas",
    "resourceRequest",
    "nodeClaim",
    "current",
)


def suppose(params: Mapping[str, Any]) -> dict[str, Any]:
    """The results of the module; ``failed`` among them when something falls short and must not."""
    try:
        fleet, given, notes = _fleet(params)
        wished = {name: parsed(params[name]) for name in CHANGES}
        changes = read_changes(wished, fleet.clusters, fleet.applications, trigger=params["trigger"])
        everywhere = (*fleet.clusters, *changes.added)
        demands = [read_demand(str(item), everywhere) for item in entries(parsed(params["survive"]))]
        outlook = what_if(fleet, replace(changes, again=given))
        found = [survive(outlook.after, demand, params["max_losses"]) for demand in demands]
    except RequestError as error:
        raise InputError(str(error), next_step="Nothing was asked of any cluster; correct it in the input") from error
    notes += _spanning(fleet.clusters, changes, wished["lose"])
    return _results(outlook, found, changes, notes, must_fit=params["must_fit"])


def parsed(value: object) -> object:
    """The value of an option; a survey's text may hold JSON or YAML."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        return _document(value, "the option")
    return value


def _results(
    outlook: Outlook, found: Sequence[Survival], changes: Changes, notes: Sequence[str], *, must_fit: bool
) -> dict[str, Any]:
    data = {**outlook_data(outlook), **survival_data(found)}
    lines = [_title(changes), *outlook_lines(outlook)]
    if found:
        lines += ["", *survival_lines(found)]
    short = data["totals"]["falling_short"]
    failures = [f"{short} application{' falls' if short == 1 else 's fall'} short"] if short else []
    failures += [f"{each['demand']} would not be survived" for each in data["survival"] if not each["survived"]]
    return {
        "changed": False,
        **data,
        "lines": lines,
        "notes": list(notes),
        **({"failed": True, "msg": f"{'; '.join(failures)}: see lines"} if failures and must_fit else {}),
    }


def _title(changes: Changes) -> str:
    parts = [f"{', '.join(sorted(changes.lost))} lost"] if changes.lost else []
    parts += [f"{', '.join(sorted(changes.cordoned))} cordoned"] if changes.cordoned else []
    parts += [f"{', '.join(cluster.name for cluster in changes.added)} added"] if changes.added else []
    parts += [
        f"{application.removeprefix('default/')}: {workload} with {count} replicas"
        for application, counts in changes.scaled.items()
        for workload, count in counts.items()
    ]
    parts += ["all placed afresh"] if changes.trigger else []
    return f"Supposed: {'; '.join(parts) or 'nothing, the fleet as it is'}"


def _spanning(clusters: Sequence[Cluster], changes: Changes, lose: object) -> list[str]:
    zones = any("zone" in str(item) for item in entries(lose))
    return [
        f"{cluster.name} spans the zones {', '.join(cluster.zones)}: it counts as lost with any of them"
        for cluster in clusters
        if zones and cluster.name in changes.lost and len(cluster.zones) > 1
    ]


def _fleet(params: Mapping[str, Any]) -> tuple[Fleet, frozenset[str], list[str]]:
    """The fleet, which of its applications are given anew, and what should be known about it."""
    clusters, given = _inline(params)
    estimator = params["estimator"] or estimator_for(clusters)
    if clusters is not None:
        applications = {key: replace(each, estimator=estimator) for key, each in given.items()}
        return Fleet(clusters, applications), frozenset(), []
    fleet, notes = _registered(params, [application.placement for application in given.values()])
    anew = {key: _in_place(each, fleet.applications.get(key)) for key, each in given.items()}
    return Fleet(fleet.clusters, {**fleet.applications, **anew}), frozenset(anew), notes


def _in_place(given: Application, standing: Application | None) -> Application:
    """What is given for an application that stands already would be its next apply."""
    if standing is None:
        return given
    current = {key: targets for key, targets in standing.current.items() if key in {w.key for w in given.workloads}}
    return replace(given, current=current, present=standing.placed_now, observed_affinity=standing.observed_affinity)


def _registered(params: Mapping[str, Any], placements: Sequence[Mapping[str, Any]]) -> tuple[Fleet, list[str]]:
    """The members and applications of the hub; nothing is recorded."""
    from .._delivery.standing import known_clusters, standings
    from .._registry.members import list_members
    from .hub import open_hub

    hub = open_hub(params)
    members = fresh_members(hub, list_members(hub), params, check_mode=True)
    standing = standings(hub)
    all_placements = (*placements, *(each.record.spec.placement for each in standing.found.values()))
    clusters = known_clusters(hub, members, all_placements)
    notes = [f"{key} is left out: {error}" for key, error in standing.failed.items()]
    notes += [f"{key} is left out: it has no revision yet" for key in standing.pending]
    return Fleet(clusters, {key: each.question(clusters) for key, each in standing.found.items()}), notes


def _inline(params: Mapping[str, Any]) -> tuple[tuple[Cluster, ...] | None, dict[str, Application]]:
    """Clusters and applications from the options, and from the files that they name."""
    base = Path(params["base"] or ".")
    documents = list(_documents(parsed(params["clusters"]), "clusters", base))
    documents += _documents(parsed(params["applications"]), "applications", base)
    clusters = [each for document in documents for each in document.get("clusters") or ()]
    applications: dict[str, Application] = {}
    for document in documents:
        for each in document.get("applications") or ():
            key, application = _application(each, document.get("folder"))
            if key in applications:
                raise RequestError("applications", f"{key} is given twice")
            applications[key] = application
    named = params["clusters"] is not None or any("clusters" in document for document in documents)
    return (given_clusters(clusters) if named else None), applications


def _documents(value: object, field: str, base: Path) -> Iterator[dict[str, Any]]:
    """Each item as ``{clusters: [...]}`` or ``{applications: [...]}``, with the folder of the file it came from."""
    for item in entries(value):
        if isinstance(item, Mapping):
            yield {field: [item]}
            continue
        path = base / Path(str(item)).expanduser()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InputError(f"{field}: {path} can't be read: {reason}", next_step="Give a file, or values") from error
        content = _document(text, str(path))
        if isinstance(content, Mapping) and "application_name" in content:
            yield {"applications": [content], "folder": path.parent}
        elif isinstance(content, Mapping) and set(content) & set(FILE_FIELDS):
            yield {**{name: content[name] for name in FILE_FIELDS if name in content}, "folder": path.parent}
        elif isinstance(content, list):
            yield {field: content, "folder": path.parent}
        else:
            raise RequestError(
                str(path), f"it holds neither a list nor {' or '.join(FILE_FIELDS)}, and no application_name"
            )


def _document(text: str, name: str) -> object:
    library.require("PyYAML")
    try:
        return library.yaml.safe_load(text)
    except library.yaml.YAMLError as error:
        raise InputError(f"{name} is neither YAML nor JSON: {str(error)[:200]}", next_step="Correct it") from error


def _application(data: object, folder: Path | None) -> tuple[str, Application]:
    if not isinstance(data, Mapping):
        raise RequestError("applications", f"expected a dictionary, not {data!r}")
    if "application_name" in data:
        return _described(data, folder)
    _refuse_unknown(data, APPLICATION_FIELDS, "applications")
    name = str(data.get("name") or "")
    if not name:
        raise RequestError("applications", "an application needs a name")
    placement = data.get("placement") or {}
    refuse(validate_placement(placement, path=f"applications.{name}.placement"))
    given = [_complete(each, data) for each in data.get("workloads") or ()]
    workloads = tuple(given_workload(each) for each in given)
    return f"{data.get('tenant') or 'default'}/{name}", Application(
        clusters=(),
        placement=placement,
        workloads=workloads,
        current={
            each.key: given_current(entry) for each, entry in zip(workloads, given, strict=True) if entry["current"]
        },
        present=tuple(data.get("clusters") or ()),
        observed_affinity=data.get("observedAffinity"),
    )


def _complete(workload: Mapping[str, Any], application: Mapping[str, Any]) -> dict[str, Any]:
    """A workload with what its application says for all of them."""
    name = application["name"]
    _refuse_unknown(workload, WORKLOAD_FIELDS, f"applications.{name}.workloads")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": application.get("namespace") or name,
        "name": name,
        "current": application.get("current") or {},
        **workload,
    }


def _described(data: Mapping[str, Any], folder: Path | None) -> tuple[str, Application]:
    """An application in the form that the role application takes."""
    from .._delivery.application import Spec
    from .._delivery.decide import Current, question
    from .._delivery.manifests import with_namespaces
    from .._delivery.sources import Context, read_sources

    name, tenant = str(data["application_name"]), str(data.get("application_tenant") or "default")
    placement = data.get("application_placement") or {}
    refuse(validate_placement(placement, path=f"{name}: application_placement"))
    spec = Spec(tenant, name, str(data.get("application_namespace") or "default"), placement)
    found = read_sources(data.get("application_sources") or [], Context(base=folder))
    # No server is asked: kinds that run pods have namespaces, and of all others only the kind counts here.
    objects = with_namespaces(found.objects, spec.namespace, lambda _version, _kind: True)
    return f"{tenant}/{name}", question(spec, objects, (), Current())


def _refuse_unknown(data: object, known: Sequence[str], path: str) -> None:
    if not isinstance(data, Mapping):
        raise RequestError(path, f"expected a dictionary, not {data!r}")
    for field in data:
        if field not in known:
            meant = nearest(str(field), known)
            hint = f" (did you mean {meant}?)" if meant else f"; known are {', '.join(known)}"
            raise RequestError(f"{path}.{field}", f"unknown field{hint}")
