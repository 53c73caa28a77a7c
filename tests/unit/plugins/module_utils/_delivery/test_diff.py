# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.diff import (
    Differences,
    ObjectDiff,
    comparable,
    diff_output,
    difference,
    fold,
    to_yaml,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.digest import digest, digest_objects
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.redact import masked


def config(name: str = "c", **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def secret(**fields: object) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, **fields}


def changed(before: dict | None, after: dict | None) -> ObjectDiff:
    diff = difference(before, after)
    assert diff is not None
    return diff


def test_what_a_server_counts_makes_no_difference():
    live = config(a="1")
    live["metadata"] = {
        **live["metadata"],
        "uid": "u",
        "resourceVersion": "5",
        "generation": 2,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "x"}],
    }
    live["status"] = {"ready": True}
    assert difference(config(a="1"), live) is None
    assert comparable(live) == config(a="1")
    assert "status" in live, "what was given is not changed"


@pytest.mark.parametrize(
    ("before", "after", "operation", "text"),
    [
        (None, config(a="1"), "create", "+  a: '1'"),
        (config(a="1"), None, "delete", "-  a: '1'"),
        (config(a="1"), config(a="2"), "change", "-  a: '1'\n+  a: '2'"),
    ],
)
def test_a_difference_says_what_happens_and_shows_it(before, after, operation, text):
    diff = changed(before, after)
    assert diff.operation == operation
    assert diff.identity == identify(config())
    assert text in diff.text
    assert not diff.text.startswith("---")


def test_texts_of_several_lines_and_shared_parts_are_readable():
    shared = {"x": 1}
    assert (
        to_yaml({"a": shared, "b": shared, "text": "one\ntwo\n"}) == "a:\n  x: 1\nb:\n  x: 1\ntext: |\n  one\n  two\n"
    )


def test_a_changed_secret_shows_that_it_changed_and_not_what_it_holds():
    old, new = (base64.b64encode(word).decode() for word in (b"old-password", b"new-password"))
    diff = changed(
        secret(data={"password": old, "user": "dXNlcg=="}), secret(data={"password": new, "user": "dXNlcg=="})
    )
    assert diff.text.count("password: hidden (") == 2
    assert "-  password: hidden" in diff.text
    assert "+  user" not in diff.text
    for hidden in (old, new, "old-password", "new-password", "dXNlcg=="):
        assert hidden not in diff.before + diff.after


def test_the_same_value_has_the_same_mark_and_another_one_another():
    first, second = masked(secret(data={"a": "x", "b": "x", "c": "y"})), masked(secret(data={"a": "x"}))
    assert first["data"]["a"] == first["data"]["b"] == second["data"]["a"]
    assert first["data"]["a"] != first["data"]["c"]


def test_only_secrets_of_the_core_group_are_masked():
    other = {**secret(data={"a": "b"}), "apiVersion": "example.dev/v1"}
    assert masked(other) is other
    assert masked(config(a="b"))["data"] == {"a": "b"}


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40)


@settings(deadline=None)
@given(words, words, st.sampled_from(["data", "stringData"]))
def test_a_secret_never_leaks(first, second, field):
    applied = json.dumps(secret(**{field: {"key": first}}))
    before, after = secret(**{field: {"key": first}}), secret(**{field: {"key": second}})
    before["metadata"] = {
        **before["metadata"],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
    }
    shown = json.dumps(diff_output(fold({"c": [changed(before, after)]})))
    for hidden in (first, second, json.dumps(first)[1:-1], json.dumps(second)[1:-1]):
        assert hidden not in shown


@pytest.mark.parametrize("data", [None, "not a mapping", ["a-secret-in-a-list"], {"a": {"deep": "a-secret-in-a-list"}}])
def test_a_malformed_secret_does_not_leak_either(data):
    assert "secret-in" not in to_yaml(masked(secret(data=data)))
    assert "not a mapping" not in to_yaml(masked(secret(data=data)))


def test_identical_diffs_of_many_clusters_are_one():
    same, other = changed(None, config(a="1")), changed(None, config(a="2"))
    folded = fold({"a": [same], "b": [changed(None, config(a="1"))], "c": [other]})
    assert [(item.diff, item.clusters) for item in folded] == [(same, ("a", "b")), (other, ("c",))]


def test_an_unverified_diff_is_not_folded_with_a_verified_one_and_says_why():
    diff = changed(None, config(a="1"))
    folded = fold({"a": [diff], "b": [diff.because("the namespace is in the same plan")]})
    assert len(folded) == 2
    texts = [item["prepared"] for item in diff_output(folded)]
    assert texts[0].startswith("create ConfigMap shop/c in a\n")
    assert texts[1].startswith("create ConfigMap shop/c in b (unverified: the namespace is in the same plan)\n")


def test_output_is_bounded_and_says_how_much_was_cut():
    diffs = [changed(None, config(f"c{number}", text="x" * 500)) for number in range(100)]
    diffs.append(changed(config(a="1"), config(a="2")))
    output = diff_output(fold({"a": diffs}), limit=3_000)
    assert sum(len(item["prepared"]) for item in output[:-1]) <= 3_000
    left = len(diffs) - len(output) + 1
    assert f"the diffs of {left} more objects are not shown ({left} to create)" in output[-1]["prepared"]
    assert "+  a: '2'" in output[-2]["prepared"], "what still fits is shown"


def test_one_huge_object_does_not_fill_the_output():
    huge = config(**{f"k{number}": "x" for number in range(5_000)})
    [item] = diff_output(fold({"a": [changed(None, huge)]}))
    assert "more lines of ConfigMap shop/c" in item["prepared"]
    assert item["prepared"].count("\n") < 500


def test_a_value_of_a_megabyte_is_shown_by_its_beginning_and_hides_no_other_object():
    large = changed(config("large", a="x" * 1_000_000 + "1"), config("large", a="x" * 1_000_000 + "2"))
    small = changed(config("small", a="1"), config("small", a="2"))
    shown = "".join(entry["prepared"] for entry in diff_output(fold({"idc": [large, small]})))
    assert len(shown) < 2_000
    gone, come = (next(line for line in shown.splitlines() if line.startswith(f"{sign}  a: xxx")) for sign in "-+")
    assert gone[1:] != come[1:], "both begin alike, so what tells them apart is shown"
    assert "1000006 characters" in gone
    assert "+  a: '2'" in shown


def test_an_object_that_does_not_fit_hides_none_that_does():
    objects = [changed(None, config(f"c{number}", a="x\n" * lines)) for number, lines in enumerate((300, 2, 300, 2))]
    output = diff_output(fold({"idc": objects}), limit=1_000)
    assert [entry["prepared"].splitlines()[0] for entry in output[:-1]] == [
        "create ConfigMap shop/c1 in idc",
        "create ConfigMap shop/c3 in idc",
    ]
    assert "2 more objects are not shown" in output[-1]["prepared"]


def test_many_clusters_are_counted_and_not_all_named():
    diff = changed(None, config(a="1"))
    [item] = diff_output(fold({f"c{number:02}": [diff] for number in range(20)}))
    assert "c07 and 12 more\n" in item["prepared"]


def test_a_digest_depends_on_content_only():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"b": [1, 2]}) != digest({"b": [2, 1]})
    assert digest("é") == digest("é") != digest("e")
    assert len(digest(None)) == 64


@settings(deadline=None)
@given(st.lists(st.integers(), max_size=6), st.randoms())
def test_a_digest_of_objects_ignores_their_order_and_counts_each(numbers, random):
    objects = [{"n": number} for number in numbers]
    shuffled = list(objects)
    random.shuffle(shuffled)
    assert digest_objects(shuffled) == digest_objects(objects)
    assert digest_objects([*objects, {"n": 0}]) != digest_objects(objects)


def test_what_would_not_be_shown_is_not_written_out_and_still_counted() -> None:
    differences = Differences(limit=100)
    found = [differences.of(None, {**config(a="x" * 200), "metadata": {"name": f"c{number}"}}) for number in range(3)]
    assert [bool(entry and entry.after) for entry in found] == [True, False, False]
    assert [entry.operation for entry in found if entry] == ["create"] * 3


def test_the_same_content_in_many_clusters_is_written_out_once() -> None:
    differences = Differences()
    assert differences.of(None, config(a="1")) is differences.of(None, config(a="1"))
    assert differences.of(config(a="1"), config(a="1")) is None
