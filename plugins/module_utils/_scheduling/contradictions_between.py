# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a placement says of scores, of other applications and of data, and can't mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .scorers import APPLICATION_AFFINITY, DATA_LOCALITY, SCORERS, STICKINESS

JSON = Mapping[str, Any]
Found = tuple[str, str]
"""(path, message)"""

API_VERSIONS = {
    "ConfigMap": "v1",
    "PersistentVolume": "v1",
    "PersistentVolumeClaim": "v1",
    "Secret": "v1",
    "Service": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
}
"""Of kinds whose data one wants to be near, and that everybody knows."""

NOT_IN_A_NAMESPACE = ("PersistentVolume", "Namespace", "StorageClass")


def contradictions_between(placement: JSON, path: str) -> Iterator[Found]:
    """Everything in these fields that cannot be satisfied, or contradicts another part."""
    yield from _scoring(placement, f"{path}.scoring")
    required: dict[str, dict[tuple[str, str, str], str]] = {}
    for field in ("applicationAffinity", "applicationAntiAffinity"):
        required[field] = {}
        for where, term in _terms(placement.get(field) or {}, f"{path}.{field}"):
            yield from _others(term, where)
            if ".required[" in where:
                required[field].setdefault(_meant(term), where)
    for meant, where in required["applicationAntiAffinity"].items():
        if meant in required["applicationAffinity"]:
            yield where, f"contradicts {required['applicationAffinity'][meant]}: near and apart at once"
    by = placement.get("workloadAffinity") or {}
    keys = [(by.get(part) or {}).get("groupByLabelKey") for part in ("affinity", "antiAffinity")]
    if keys[0] is not None and keys[0] == keys[1]:
        yield f"{path}.workloadAffinity", f"groups by {keys[0]} to stand together and apart at once"
    yield from _data(placement.get("dataLocality") or {}, f"{path}.dataLocality")


def _scoring(placement: JSON, path: str) -> Iterator[Found]:
    scoring = placement.get("scoring")
    if scoring is None:
        return
    if not any((1 if scoring.get(name) is None and name == STICKINESS else scoring.get(name)) for name in SCORERS):
        yield (
            path,
            "gives no scorer any weight, so no cluster is better than another; leave it out for stickiness alone",
        )
    prefers = any((placement.get(field) or {}).get("preferred") for field in _BETWEEN)
    if scoring.get(APPLICATION_AFFINITY) and not prefers:
        yield (
            f"{path}.{APPLICATION_AFFINITY}",
            "weighs preferences for other applications, but there are none (preferred)",
        )
    data = placement.get("dataLocality") or {}
    if scoring.get(DATA_LOCALITY) and (not data or data.get("mode") == "required"):
        yield f"{path}.{DATA_LOCALITY}", "weighs preferred data, but there is none (dataLocality)"


_BETWEEN = ("applicationAffinity", "applicationAntiAffinity")


def _terms(field: JSON, path: str) -> Iterator[tuple[str, JSON]]:
    for index, term in enumerate(field.get("required") or ()):
        yield f"{path}.required[{index}]", term
    for index, each in enumerate(field.get("preferred") or ()):
        yield f"{path}.preferred[{index}].term", each["term"]


def _others(term: JSON, path: str) -> Iterator[Found]:
    name, selector = term.get("application"), term.get("labelSelector")
    if (name is None) == (selector is None):
        yield path, "needs either application or labelSelector"
    if name is not None and name.count("/") > 1:
        yield f"{path}.application", f"{name} is neither a name nor tenant/name"
    if selector is not None and not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield f"{path}.labelSelector", "is empty, which means every application of the tenant; say which"


def _meant(term: JSON) -> tuple[str, str, str]:
    return (
        term.get("application") or "",
        repr(term.get("labelSelector") or ""),
        term.get("topology") or "cluster",
    )


def _data(data: JSON, path: str) -> Iterator[Found]:
    objects: Sequence[JSON] = data.get("objects") or ()
    if data and not objects:
        yield f"{path}.objects", "names nothing"
    for index, each in enumerate(objects):
        where, kind = f"{path}.objects[{index}]", each["kind"]
        if kind not in API_VERSIONS and each.get("apiVersion") is None:
            yield f"{where}.apiVersion", f"is required for {kind}"
        if kind in NOT_IN_A_NAMESPACE and each.get("namespace") is not None:
            yield f"{where}.namespace", f"{kind} has none"
        if kind in API_VERSIONS and kind not in NOT_IN_A_NAMESPACE and each.get("namespace") is None:
            yield f"{where}.namespace", f"is required for {kind}"
