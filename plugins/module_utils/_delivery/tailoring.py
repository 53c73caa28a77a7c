# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each cluster's copy of an object looks like: its values filled in, its overrides applied. Pure.

Made once per variant and not once per cluster: clusters for which all values and all rules come out the same share one
object. The order is: values, division of replicas, overrides. Our own marks come last and can't be overridden.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._kube.errors import InputError
from .._registry.member import Member
from .._registry.scheduling import scheduling_cluster
from .._scheduling.request import Cluster
from .application import Spec
from .cluster_values import cluster_facts, merged_values
from .expressions import Facts, Place, Reading, Template, compiled
from .identity import Identity, Manifest, identify
from .overrides.apply import Mismatch, applied
from .overrides.rules import Overrides, Rule, read
from .overrides.tally import Tally
from .variants import Target, Variants
from .wellformed import checked
from .workloads import has_replicas, replicas_of

Key = str
"""Equal for clusters that get the same object."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """A rule for one cluster: its overriders with the cluster's values."""

    rule: Rule
    overriders: Mapping[str, Any]


@dataclass(slots=True)
class Tailoring:
    """The measures of all clusters, taken once."""

    spec: Spec
    overrides: Overrides
    members: Mapping[str, Member]
    clusters: Mapping[str, Cluster]
    """The members as affinities see them."""
    variants: Variants = field(default_factory=Variants)
    untouched: frozenset[Identity] = frozenset()
    """Objects that nobody wrote, such as a namespace that is only needed: no rule is for them."""
    tally: Tally = field(default_factory=Tally)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _templates: dict[int, Template] = field(default_factory=dict)
    _filled: dict[str, tuple[tuple[_Filled, ...], Key]] = field(default_factory=dict)
    _replicas: dict[tuple[Identity, str], tuple[int, int]] = field(default_factory=dict)
    _rules: dict[str, Template] = field(default_factory=dict)

    def source_for(self, manifest: Manifest, cluster: str) -> Manifest | None:
        """What the sources make of an object for a cluster; None where they make none."""
        return self.variants.of(identify(manifest), cluster, manifest) if self.variants.objects else manifest

    def key(self, manifest: Manifest, cluster: str) -> Key:
        """Equal keys, equal objects; a second cluster with the same key needs no rendering of its own.

        :param manifest: what :meth:`source_for` gives.
        """
        identity = identify(manifest)
        if identity in self.untouched:
            return ""
        template = self._template(manifest, identity)
        answers = template.answers(self._facts_of(cluster), Place(cluster, identity.label)) if template.holes else ()
        rules, whole = self._rules_for(cluster)
        if not any(filled.rule.selects(manifest, identity) for filled in rules):
            whole = ""
        if not answers:
            return f"{id(manifest)} {whole}"
        # Clusters share what the sources make for them, so that its identity tells variants apart.
        return json.dumps([id(manifest), answers, whole], sort_keys=True)

    def valued(self, manifest: Manifest, cluster: str) -> Manifest:
        """The object with the cluster's values in it.

        :raises InputError: a value is not there, or tells the object apart from itself in other clusters.
        """
        identity = identify(manifest)
        template = self._template(manifest, identity)
        if not template.holes:
            return manifest
        filled: Manifest = template.filled(template.answers(self._facts_of(cluster), Place(cluster, identity.label)))
        return filled

    def overridden(self, manifest: Manifest, cluster: str) -> Manifest:
        """The object with the overrides of the cluster.

        :raises InputError: naming the cluster, the object and the rule that makes no sense for it.
        """
        identity = identify(manifest)
        if identity in self.untouched:
            return manifest
        result = manifest
        for filled in self._rules_for(cluster)[0]:
            if filled.rule.selects(manifest, identity):
                self.tally.selected(filled.rule)
                result = self._ruled(result, filled, Place(cluster, identity.label))
        if result is manifest:
            return manifest
        self._check_still_itself(result, identity, cluster)
        return result

    def counted(self, identity: Identity, cluster: str, divided: int, manifest: Manifest) -> None:
        """Note that overrides set another number of replicas than the division did."""
        found = replicas_of(manifest) if has_replicas(manifest) else divided
        if found != divided:
            self._replicas[identity, cluster] = (divided, found)

    def notes(self, chosen: tuple[str, ...]) -> tuple[str, ...]:
        """What should be known: rules that match nothing, replicas that rules have set."""
        found = list(self.tally.warnings(self.overrides, self.clusters, chosen))
        for (identity, cluster), (divided, replicas) in sorted(self._replicas.items()):
            found.append(
                f"{cluster}: {identity.label} has {replicas} replicas by an override, the placement gave it {divided}"
            )
        return tuple(found)

    def lenient_facts(self, cluster: str) -> Facts:
        """The variables of a cluster, without the values of rules where those can't be filled.

        The mistake is raised when the application goes to that cluster, and is none while it does not.
        """
        try:
            return self._facts_of(cluster)
        except InputError:
            return {**plain_facts(self.spec, self.members[cluster]), "values": {}}

    def _facts_of(self, cluster: str) -> Facts:
        """Only of clusters that are asked for: what is missing in others is no mistake."""
        if cluster not in self._facts:
            found = facts_of(self.spec, self.overrides, self.members[cluster], self.clusters[cluster])
            self._facts[cluster] = found
        return self._facts[cluster]

    def _template(self, manifest: Manifest, identity: Identity) -> Template:
        if id(manifest) not in self._templates:
            template = compiled(manifest, Reading.ANYBODYS, identity.label)
            _refuse_moving_names(template, identity)
            # The template holds the manifest, so that nothing else gets its number.
            self._templates[id(manifest)] = template
        return self._templates[id(manifest)]

    def _rules_for(self, cluster: str) -> tuple[tuple[_Filled, ...], Key]:
        if cluster not in self._filled:
            facts = self._facts_of(cluster)
            filled = []
            for rule in self.overrides.of(self.clusters[cluster]):
                template = self._rule_template(rule)
                place = Place(cluster, rule.label)
                filled.append(_Filled(rule, template.filled(template.answers(facts, place))))
            key = json.dumps([[found.rule.label, found.overriders] for found in filled], sort_keys=True)
            self._filled[cluster] = (tuple(filled), key)
        return self._filled[cluster]

    def _rule_template(self, rule: Rule) -> Template:
        if rule.label not in self._rules:
            # Its `values` were filled before: they are among the facts that fill the rest.
            parts = {name: part for name, part in rule.overriders.items() if name != "values"}
            self._rules[rule.label] = compiled(parts, Reading.OURS, rule.label)
        return self._rules[rule.label]

    def _ruled(self, manifest: Manifest, filled: _Filled, place: Place) -> Manifest:
        rule = filled.rule
        result = manifest
        for overrider, number, part in _parts(filled):
            try:
                result = applied(result, overrider, part)
                self.tally.hit(rule, overrider, number)
            except Mismatch as mismatch:
                if rule.is_aimed and overrider in ("plaintext", "fieldOverrider"):
                    raise _nonsense(filled, overrider, number, mismatch.reason, place) from mismatch
                self.tally.miss(rule, overrider, number, mismatch.reason, mismatch.names)
            except ValueError as error:
                raise _nonsense(filled, overrider, number, str(error), place) from error
        return result

    def _check_still_itself(self, manifest: Manifest, identity: Identity, cluster: str) -> None:
        checked(manifest, f"cluster {cluster}, {identity.label} after its overrides")
        if identify(manifest) != identity:
            raise InputError(
                f"its overrides make it {identify(manifest).label}",
                cluster=cluster,
                object=identity.label,
                next_step="Kind, namespace and name are the same in all clusters: leave them out of the overrides",
            )


def tailoring(
    spec: Spec,
    members: Mapping[str, Member],
    variants: Variants | None = None,
    untouched: frozenset[Identity] = frozenset(),
) -> Tailoring:
    """The measures of all members for one application.

    :param variants: objects that the sources make differently for different clusters.
    :param untouched: objects that nobody wrote.
    """
    clusters = {name: Cluster.from_dict(scheduling_cluster(member)) for name, member in members.items()}
    return Tailoring(spec, read(spec.overrides), members, clusters, variants or Variants(), untouched)


def targets_of(spec: Spec, members: Mapping[str, Member]) -> list[Target]:
    """The members as charts and templates may know them."""
    measures = tailoring(spec, members)
    return [_target(measures, member) for _name, member in sorted(members.items())]


def _target(measures: Tailoring, member: Member) -> Target:
    facts = measures.lenient_facts(member.name)
    enabled = member.status.get("apiEnablements") or ()
    served = {str(entry.get("groupVersion")) for entry in enabled}
    for entry in enabled:
        served.update(f"{entry.get('groupVersion')}/{found.get('kind')}" for found in entry.get("resources") or ())
    return Target(member.name, facts, member.kubernetes_version, tuple(sorted(served)))


def plain_facts(spec: Spec, member: Member) -> dict[str, Any]:
    """The variables of one cluster that no rule adds to."""
    application = {"name": spec.name, "namespace": spec.namespace, "tenant": spec.tenant}
    return {"cluster": cluster_facts(member), "application": application}


def facts_of(spec: Spec, overrides: Overrides, member: Member, cluster: Cluster) -> dict[str, Any]:
    """The variables of one cluster, with the values that its rules give.

    :raises InputError: a value in a rule is not there for it, or it would take two variants.
    """
    facts = {**plain_facts(spec, member), "values": {}}
    for rule in overrides.of(cluster):
        if rule.values:
            template = compiled(dict(rule.values), Reading.OURS, rule.label)
            more = template.filled(template.answers(facts, Place(member.name, rule.label)))
            facts["values"] = merged_values(facts["values"], more)
    return facts


def _parts(filled: _Filled) -> list[tuple[str, int, Mapping[str, Any]]]:
    return [
        (overrider, number, filled.overriders[overrider][number]) for overrider, number, _part in filled.rule.parts()
    ]


def _nonsense(filled: _Filled, overrider: str, number: int, cause: str, place: Place) -> InputError:
    return InputError(
        f"{filled.rule.label}, {overrider} {number + 1}: {cause}",
        cluster=place.cluster,
        object=place.object,
        next_step="Correct the override, or narrow its resourceSelectors; nothing was changed",
    )


def _refuse_moving_names(template: Template, identity: Identity) -> None:
    for hole in template.holes:
        if hole.path in (("kind",), ("apiVersion",), ("metadata", "name"), ("metadata", "namespace")):
            raise InputError(
                f"its {'.'.join(str(part) for part in hole.path)} is a value per cluster",
                object=identity.label,
                next_step="Give it the same name everywhere: it is what tells one object from another",
            )
