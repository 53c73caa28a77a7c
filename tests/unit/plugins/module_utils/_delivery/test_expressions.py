# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`[[ cluster.region ]]`: what is an expression, what it may do, and what is said when it can't."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.expressions import Place, Reading, compiled
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

FACTS = {
    "cluster": {
        "name": "m1",
        "region": "eu",
        "labels": {"items": "7", "example.io/size": "large", "nasty": "[[ cluster.name ]] {{ 1 }}"},
        "zones": ["z1", "z2"],
        "cost": 2.0,
    },
    "application": {"name": "shop"},
    "values": {"key": "example.io/size"},
}
PLACE = Place("m1", "ConfigMap shop/c")


def filled(document: Any, reading: Reading = Reading.OURS) -> Any:
    template = compiled(document, reading, "ConfigMap shop/c")
    return template.filled(template.answers(FACTS, PLACE))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[ cluster.region ]]", "eu"),
        ("[[cluster.region]]", "eu"),
        ("a-[[ cluster.region ]]-[[ application.name | upper ]]", "a-eu-SHOP"),
        ("[[ cluster.labels['example.io/size'] ]]", "large"),
        ("[[ cluster.labels[values['key']] ]]", "large"),
        ("[[ cluster.labels.items ]]", "7"),
        ("[[ cluster.labels.items | int + 1 ]]", 8),
        ("[[ 3 if cluster.region == 'eu' else 1 ]]", 3),
        ("[[ cluster.zones ]]", ["z1", "z2"]),
        ("[[ cluster.zones | join(',') ]]", "z1,z2"),
        ("at [[ cluster.cost ]]", "at 2"),
        ("[[ cluster.labels.none | default('x') ]]", "x"),
        ("[[ '[[' ]] stays", "[[ stays"),
    ],
)
def test_expressions_are_filled(text, expected):
    assert filled({"spec": [text]}) == {"spec": [expected]}


@pytest.mark.parametrize(
    "text",
    [
        "[[cluster]]",
        "a = 1\n[[cluster.members]]\nb = 2\n",
        "if [[ -f /x ]]; then",
        "[[inputs.cpu]]",
        "[[1, 2], [3]]",
        "[[ $a == b ]]",
        "[[",
        "]] [[",
        "[[1]]",
    ],
)
@pytest.mark.parametrize("reading", Reading)
def test_brackets_of_others_are_left_alone(text, reading):
    assert filled({"data": {"x": text}}, reading) == {"data": {"x": text}}


def test_a_manifest_of_anybodys_may_use_names_that_are_not_ours():
    assert filled(["[[ foo.bar ]]"], Reading.ANYBODYS) == ["[[ foo.bar ]]"]


def test_what_a_cluster_says_is_never_evaluated():
    assert filled("[[ cluster.labels.nasty ]]") == "[[ cluster.name ]] {{ 1 }}"


def test_numbers_are_text_where_the_api_wants_text():
    document = {
        "metadata": {"labels": {"n": "[[ 3 if cluster.name else 1 ]]"}},
        "spec": {"env": [{"name": "N", "value": "[[ cluster.cost ]]"}], "replicas": "[[ 3 if cluster.name else 1 ]]"},
    }
    found = filled(document)
    assert found["metadata"]["labels"] == {"n": "3"}
    assert found["spec"] == {"env": [{"name": "N", "value": "2"}], "replicas": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[ cluster.regoin ]]", "did you mean cluster.region"),
        ("[[ clustr.region ]]", "Did you mean cluster"),
        ("[[ nothing.known ]]", "'nothing' is undefined"),
        ("[[ cluster.labels.none ]]", "no attribute 'none'"),
        ("[[ cluster.region | ]]", "no expression"),
        ("[[ cluster.region | nofilter ]]", "nofilter"),
        ("[[ cluster.zones ]] x", "join"),
        ("x [[ cluster ]]", "can't stand inside text"),
        ("[[ cluster.name.__class__ ]]", "not allowed"),
        ("[[ cluster.name.__class__.__mro__ ]]", "not allowed"),
        ("[[ cluster.update({'a': 1}) ]]", "not"),
        ("[[ cluster.name * 1000000 ]]", "not allowed"),
        ("[[ 9 ** 9 ** 9 * cluster.cost ]]", "not allowed"),
        ("[[ cluster.cost / 0 ]]", "ZeroDivision"),
    ],
)
def test_a_mistake_names_the_object_and_the_path(text, said):
    with pytest.raises(InputError) as caught:
        filled({"spec": {"items": ["a", text]}})
    assert said in str(caught.value)
    assert "ConfigMap shop/c" in str(caught.value)
    assert "spec.items[1]" in str(caught.value)


def test_an_expression_without_quotes_is_told_from_a_list():
    with pytest.raises(InputError, match="without quotes"):
        filled({"spec": {"region": [["cluster.region"]]}})
    assert filled({"spec": [["x"]]}) == {"spec": [["x"]]}


def test_an_undefined_value_names_the_cluster():
    with pytest.raises(InputError) as caught:
        filled({"a": "[[ cluster.nothing ]]"})
    assert caught.value.cluster == "m1"


def test_parts_without_expressions_are_shared():
    document = {"a": {"b": 1}, "c": "[[ cluster.name ]]"}
    assert filled(document)["a"] is document["a"]
    assert document["c"] == "[[ cluster.name ]]"
