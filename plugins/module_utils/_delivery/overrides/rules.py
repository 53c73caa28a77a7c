# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Overrides as users write them to rules, once; everything that is wrong with them is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._kube.errors import InputError
from ..._scheduling.request import Cluster
from ..._scheduling.selector import ClusterAffinity, Match, label_selector
from ..._scheduling.validate import Problem, check, nearest
from ..identity import Identity, Manifest
from .pointer import PointerError, tokens
from .schema import RULE, VARIANT

ORDER = (
    "imageOverrider", "commandOverrider", "argsOverrider", "labelsOverrider", "annotationsOverrider",
    "fieldOverrider", "plaintext", "strategicMerge",
)  # fmt: skip
"""Of the parts inside a rule; the first seven as in Karmada."""

_PROBLEMS_SHOWN = 10
_FORMS = ("overrideRules", "resourceSelectors", "variants")
_POLICIES = ("ClusterOverridePolicy", "OverridePolicy")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which objects are meant."""

    api_version: str | None
    kind: str | None
    namespace: str | None
    name: str | None
    labels: tuple[Match, ...]

    def fits(self, manifest: Manifest, identity: Identity) -> bool:
        """Whether an object matches every part."""
        return (
            self.api_version in (None, manifest["apiVersion"])
            and self.kind in (None, identity.kind)
            and self.namespace in (None, identity.namespace)
            and self.name in (None, identity.name)
            and all(match(manifest["metadata"].get("labels") or {}) for match in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where, on what, and what is changed."""

    label: str
    """``override 2 (mirror)``, for messages."""
    target: ClusterAffinity
    selectors: tuple[Selector, ...]
    overriders: Mapping[str, Any]

    @property
    def is_aimed(self) -> bool:
        """Whether it names its objects: what fails on one of those is an error, and not a mismatch."""
        return bool(self.selectors)

    @property
    def values(self) -> Mapping[str, Any]:
        """What it adds to the values of charts and templates."""
        return self.overriders.get("values") or {}

    def selects(self, manifest: Manifest, identity: Identity) -> bool:
        """Whether it means an object."""
        return not self.selectors or any(selector.fits(manifest, identity) for selector in self.selectors)

    def parts(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Its parts in the order in which they apply: overrider, number from 0, and the part."""
        for overrider in ORDER:
            for number, part in enumerate(self.overriders.get(overrider) or ()):
                yield overrider, number, part


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of rules of which a cluster takes one at most."""

    name: str
    target: ClusterAffinity | None
    """None: its clusters are those that its rules name."""
    rules: tuple[Rule, ...]

    def fits(self, cluster: Cluster) -> bool:
        """Whether a cluster takes it."""
        if self.target is not None:
            return self.target.mismatch(cluster) is None
        return any(rule.target.mismatch(cluster) is None for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Overrides:
    """All rules, and variants among them, in the order in which they apply."""

    entries: tuple[Rule | tuple[Variant, ...], ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, those of variants included."""
        found: list[Rule] = []
        for entry in self.entries:
            found.extend([entry] if isinstance(entry, Rule) else [rule for variant in entry for rule in variant.rules])
        return tuple(found)

    def of(self, cluster: Cluster) -> tuple[Rule, ...]:
        """The rules for one cluster.

        :raises InputError: it would take two variants.
        """
        found: list[Rule] = []
        for entry in self.entries:
            candidates: Iterable[Rule] = (entry,) if isinstance(entry, Rule) else _chosen_variant(entry, cluster)
            found.extend(rule for rule in candidates if rule.target.mismatch(cluster) is None)
        return tuple(found)

    def variant_of(self, cluster: Cluster) -> str | None:
        """The name of the variant that a cluster takes."""
        names = [
            variant.name
            for entry in self.entries
            if not isinstance(entry, Rule)
            for variant in entry
            if variant.fits(cluster)
        ]
        return ", ".join(names) or None


def normalized(overrides: object) -> list[dict[str, Any]]:
    """The one form that is kept: a list of rules and `{variants: ...}`.

    Users may also give a mapping, as an OverridePolicy's spec has it: `overrideRules`, `resourceSelectors` for all of
    them, and our `variants`; or such a policy whole.

    :raises InputError: everything that is wrong, at once, with the nearest right names.
    """
    if overrides is None:
        return []
    problems: list[Problem] = []
    entries = _entries(overrides, problems)
    for index, entry in enumerate(entries):
        problems.extend(_check_entry(entry, f"overrides[{index}]"))
    if problems:
        more = f" (and {len(problems) - _PROBLEMS_SHOWN} more)" if len(problems) > _PROBLEMS_SHOWN else ""
        raise InputError(
            "; ".join(str(problem) for problem in problems[:_PROBLEMS_SHOWN]) + more,
            next_step="Correct the overrides; nothing was changed",
        )
    return [dict(entry) for entry in entries]


def read(overrides: Sequence[Mapping[str, Any]]) -> Overrides:
    """What :func:`normalized` has let pass, as rules."""
    entries: list[Rule | tuple[Variant, ...]] = []
    number = 0
    for entry in overrides:
        if "variants" in entry:
            entries.append(tuple(_variant(name, found) for name, found in sorted(entry["variants"].items())))
        else:
            number += 1
            entries.append(_rule(entry, f"override {number}"))
    return Overrides(tuple(entries))


def _entries(overrides: object, problems: list[Problem]) -> list[Any]:
    if isinstance(overrides, (list, tuple)):
        return list(overrides)
    if not isinstance(overrides, Mapping):
        problems.append(Problem("overrides", "expected a list of rules"))
        return []
    policy: Mapping[str, Any] = overrides
    if policy.get("kind") in _POLICIES and isinstance(policy.get("spec"), Mapping):
        policy = policy["spec"]
    for key in policy:
        if key not in _FORMS:
            problems.append(Problem(f"overrides.{key}", "unknown field", nearest(str(key), _FORMS)))
    rules = policy.get("overrideRules") or []
    if not isinstance(rules, list):
        problems.append(Problem("overrides.overrideRules", "expected a list of rules"))
        rules = []
    shared = policy.get("resourceSelectors")
    if shared:
        rules = [{"resourceSelectors": shared, **rule} if isinstance(rule, Mapping) else rule for rule in rules]
    variants = policy.get("variants")
    return list(rules) if variants is None else [*rules, {"variants": variants}]


def _check_entry(entry: object, path: str) -> Iterator[Problem]:
    if isinstance(entry, Mapping) and "variants" in entry:
        for key in sorted(set(entry) - {"variants"}):
            yield Problem(f"{path}.{key}", "has no place beside variants")
        variants = entry["variants"]
        if not isinstance(variants, Mapping) or not variants:
            yield Problem(f"{path}.variants", "expected a dictionary of names")
            return
        for name, variant in variants.items():
            at = f"{path}.variants.{name}"
            if isinstance(variant, list):
                for index, rule in enumerate(variant):
                    yield from _check_rule(rule, f"{at}[{index}]")
                continue
            yield from check(variant, VARIANT, at)
            rules = variant.get("overrideRules") if isinstance(variant, Mapping) else None
            for index, rule in enumerate(rules if isinstance(rules, list) else ()):
                yield from _senseless(rule, f"{at}.overrideRules[{index}]")
        return
    yield from _check_rule(entry, path)


def _check_rule(rule: object, path: str) -> Iterator[Problem]:
    yield from check(rule, RULE, path)
    yield from _senseless(rule, path)


def _senseless(rule: object, path: str) -> Iterator[Problem]:
    """What has the right form and can't be meant."""
    overriders = rule.get("overriders") if isinstance(rule, Mapping) else None
    if not isinstance(rule, Mapping) or not isinstance(overriders, Mapping):
        return
    at = f"{path}.overriders"
    if not any(overriders.values()):
        yield Problem(at, "there is nothing in it to change")
    for name in ("imageOverrider", "plaintext", "labelsOverrider", "annotationsOverrider"):
        for index, part in enumerate(_parts(overriders, name)):
            removes = part.get("operator") == "remove"
            if not removes and "operator" in part and part.get("value") is None and name != "plaintext":
                yield Problem(f"{at}.{name}[{index}].value", f"is required for {part['operator']}")
            if name == "plaintext" and not removes and "operator" in part and "value" not in part:
                yield Problem(f"{at}.{name}[{index}].value", f"is required for {part['operator']}")
    for name in ("commandOverrider", "argsOverrider"):
        for index, part in enumerate(_parts(overriders, name)):
            if not part.get("value"):
                yield Problem(f"{at}.{name}[{index}].value", "is required")
    for index, part in enumerate(_parts(overriders, "plaintext")):
        yield from _bad_pointer(part.get("path"), f"{at}.plaintext[{index}].path")
    for index, part in enumerate(_parts(overriders, "imageOverrider")):
        predicate = part.get("predicate")
        if isinstance(predicate, Mapping):
            yield from _bad_pointer(predicate.get("path"), f"{at}.imageOverrider[{index}].predicate.path")
    for index, part in enumerate(_parts(overriders, "fieldOverrider")):
        yield from _bad_pointer(part.get("fieldPath"), f"{at}.fieldOverrider[{index}].fieldPath")
        if bool(part.get("json")) == bool(part.get("yaml")):
            yield Problem(f"{at}.fieldOverrider[{index}]", "give json or yaml, and not both")
        for form in ("json", "yaml"):
            for place, patch in enumerate(_parts(part, form)):
                yield from _bad_pointer(patch.get("subPath"), f"{at}.fieldOverrider[{index}].{form}[{place}].subPath")
    for index, patch in enumerate(_parts(overriders, "strategicMerge")):
        if not patch.get("kind") and not rule.get("resourceSelectors"):
            yield Problem(
                f"{at}.strategicMerge[{index}]",
                "it does not say which objects it is for: give it a kind, or the rule resourceSelectors",
            )


def _bad_pointer(pointer: object, path: str) -> Iterator[Problem]:
    if isinstance(pointer, str):
        try:
            tokens(pointer)
        except PointerError as error:
            yield Problem(path, str(error))


def _parts(overriders: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = overriders.get(name)
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _rule(data: Mapping[str, Any], label: str) -> Rule:
    name = data.get("name")
    return Rule(
        label=f"{label} ({name})" if name else label,
        target=ClusterAffinity.from_dict(data.get("targetCluster") or {}),
        selectors=tuple(_selector(found) for found in data.get("resourceSelectors") or ()),
        overriders=data["overriders"],
    )


def _variant(name: str, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Variant:
    target = None
    found: Iterable[Mapping[str, Any]]
    if isinstance(data, Mapping):
        target, found = ClusterAffinity.from_dict(data.get("targetCluster") or {}), data["overrideRules"]
    else:
        found = data
    rules = tuple(_rule(rule, f"variant {name}, override {number}") for number, rule in enumerate(found, 1))
    return Variant(name, target, rules)


def _selector(data: Mapping[str, Any]) -> Selector:
    return Selector(
        api_version=data.get("apiVersion"),
        kind=data.get("kind"),
        namespace=data.get("namespace"),
        name=data.get("name"),
        labels=label_selector(data.get("labelSelector")),
    )


def _chosen_variant(variants: Sequence[Variant], cluster: Cluster) -> tuple[Rule, ...]:
    fitting = [variant for variant in variants if variant.fits(cluster)]
    if len(fitting) > 1:
        raise InputError(
            f"the variants {' and '.join(variant.name for variant in fitting)} both mean it",
            cluster=cluster.name,
            next_step="Narrow the targetCluster of one of them",
        )
    return fitting[0].rules if fitting else ()
