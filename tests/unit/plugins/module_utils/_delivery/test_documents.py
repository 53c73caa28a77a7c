# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.documents import read_documents, resolve
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError


def values(text: str) -> list:
    return [document.value for document in read_documents(text, "app.yaml")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("on", True),
        ("No", False),
        ("yEs", "yEs"),
        ("12:30", "12:30"),
        ("0777", 511),
        ("08", 8),
        ("0o17", 15),
        ("0b11", 3),
        ("-0x1F", -31),
        ("+5", 5),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.0", 1),
        ("1.", 1),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e400", "1e400"),
        ("2001-01-01", "2001-01-01"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("nUll", "nUll"),
        ("0x", "0x"),
        ("1.5.2", "1.5.2"),
        ("3Gi", "3Gi"),
        ("100m", "100m"),
        ("-", "-"),
        (".", "."),
        ("<<", "<<"),
        ("Infinity", "Infinity"),
        ("9223372036854775807", 9223372036854775807),
    ],
)
def test_a_plain_scalar_means_what_it_means_to_kubectl(text, value):
    """The expected values are what `kubectl annotate --local -o json` (1.37) makes of them."""
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_documents_keep_their_numbers_and_lines_when_some_are_empty():
    documents = list(read_documents("a: 1\n---\n---\n# only a comment\n---\nb: 2\n...\n", "x"))
    assert [(document.number, document.line, document.value) for document in documents] == [
        (1, 1, {"a": 1}),
        (4, 6, {"b": 2}),
    ]


def test_anchors_and_merges_are_resolved_and_own_keys_win():
    text = "base: &base {cpu: 1, memory: 2}\nmine:\n  cpu: 5\n  <<: *base\nboth: {<<: [{cpu: 8}, *base]}\n"
    assert values(text) == [
        {
            "base": {"cpu": 1, "memory": 2},
            "mine": {"cpu": 5, "memory": 2},
            "both": {"cpu": 8, "memory": 2},
        }
    ]


def test_quoted_and_tagged_scalars_stay_what_they_say():
    assert values('a: "1"\nb: \'on\'\nc: !!str 5\nd: !!int "5"\ne: |\n  yes\n') == [
        {"a": "1", "b": "on", "c": "5", "d": 5, "e": "yes\n"}
    ]


def test_keys_become_text():
    assert values("1: a\ntrue: b\n1.5: c\n") == [{"1": "a", "true": "b", "1.5": "c"}]


def test_json_is_read_one_object_after_another():
    documents = list(read_documents('{"a": "1:30",\n "b": [1, 2.5, null]}\n{"c": true}', "x.json"))
    assert [(document.number, document.line, document.value) for document in documents] == [
        (1, 1, {"a": "1:30", "b": [1, 2.5, None]}),
        (2, 3, {"c": True}),
    ]


def test_flow_yaml_is_not_mistaken_for_json():
    assert values("{a: 1, b: on}") == [{"a": 1, "b": True}]


@pytest.mark.parametrize(
    ("text", "place", "cause"),
    [
        ("a: [1\n", "document 2, line 5", "not YAML"),
        ("a: b: c\n", "document 2, line 4", "mapping values are not allowed"),
        ("\tx: y\n", "document 2, line 4", "not YAML"),
        ("a: 1\na: 2\n", "document 2, line 5", "'a' is given twice"),
        ("a: &x [*x]\n", "document 2, line 4", "'x' holds itself"),
        ("a: *nowhere\n", "document 2, line 4", "'nowhere' is not defined"),
        ("a: !vault x\n", "document 2, line 4", "the tag !vault"),
        ("a: !!binary aGk=\n", "document 2, line 4", "!!binary has no form in JSON"),
        ("a: .nan\n", "document 2, line 4", ".nan has no form in JSON"),
        ("? [a]\n: b\n", "document 2, line 4", "a key must be text"),
        ("<<: 5\n", "document 2, line 4", "merges mappings only"),
    ],
)
def test_a_fault_is_named_with_document_line_and_cause(text, place, cause):
    with pytest.raises(InputError) as caught:
        values("first: 1\nsecond: 2\n---\n" + text)
    assert f"app.yaml, {place}" in str(caught.value)
    assert cause in str(caught.value)


def test_a_key_twice_in_json_is_named_with_its_line():
    with pytest.raises(InputError, match="line 2: the key 'a' is given twice"):
        values('{"a": 1,\n"a": 2}')


def test_aliases_that_multiply_without_bound_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match="expand to more than"):
        values("\n".join(lines))


def test_endless_nesting_is_an_error_and_no_crash():
    with pytest.raises(InputError, match=r"nested too deeply|not YAML"):
        values("[" * 100_000)
