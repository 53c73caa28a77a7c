# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys follow each other so that at every moment everything can be read by every API server."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._node.security import encryption
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.encryption import Configuration, Stage

STEPS = ("introduced", "promoted", "retired")


def step(name: str, there: Configuration, provider: str = "secretbox") -> Configuration:
    if name == "introduced":
        return encryption.introduced(there, provider, ["secrets"])
    return encryption.promoted(there) if name == "promoted" else encryption.retired(there)


def test_a_change_of_keys_goes_through_its_stages() -> None:
    there = encryption.begun("secretbox", ["secrets"])
    old = there.keys[0]
    assert there.stage is Stage.STEADY
    there = step("introduced", there)
    assert (there.stage, there.keys[0]) == (Stage.INTRODUCED, old)
    there = step("promoted", there)
    assert (there.stage, there.keys[1]) == (Stage.PROMOTED, old)
    there = step("retired", there)
    assert (there.stage, len(there.keys), there.keys[0].name) == (Stage.STEADY, 1, "key-2")


@settings(deadline=None, database=None, max_examples=60)
@given(some.lists(some.sampled_from(STEPS[:2]), max_size=6), some.sampled_from(["secretbox", "aesgcm"]))
def test_a_change_that_is_repeated_makes_no_second_key(steps: list[str], provider: str) -> None:
    there = encryption.introduced(encryption.begun("secretbox", ["secrets"]), provider, ["secrets"])
    for name in steps:
        there = step(name, there, provider)
    assert len(there.keys) == 2


@settings(deadline=None, database=None, max_examples=60)
@given(some.permutations(range(3)), some.lists(some.sampled_from([0, 1, 2]), min_size=1, max_size=3, unique=True))
def test_servers_that_are_one_step_apart_read_each_other(order: list[int], behind: list[int]) -> None:
    """Each step is taken by all before the next; whoever is still behind can read what the others write."""
    now = encryption.begun("secretbox", ["secrets"])
    for name in STEPS[:2]:
        following = step(name, now)
        servers = [now if number in behind else following for number in order]
        for writer in servers:
            for reader in servers:
                assert writer.keys[0] in reader.keys
        now = following


def test_the_file_reads_back_and_says_what_may_lie_open() -> None:
    there = step("introduced", encryption.begun("secretbox", ["secrets", "configmaps"]), "aesgcm")
    text = encryption.to_text(there)
    assert encryption.from_text(text) == there
    assert json.loads(text)["resources"][0]["providers"][-1] == {"identity": {}}


def test_resources_are_added_and_never_left_out() -> None:
    there = encryption.begun("secretbox", ["secrets"])
    assert encryption.introduced(there, "secretbox", ["configmaps"]).resources == ("secrets", "configmaps")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"resources": []}', '{"resources": [{"resources": [], "providers": [1]}]}']
)
def test_a_file_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="as this collection writes it"):
        encryption.from_text(text)


def test_keys_are_as_long_as_the_provider_wants_and_differ() -> None:
    import base64

    keys = [encryption.begun("secretbox", ["secrets"]).keys[0].secret for _each in range(3)]
    assert {len(base64.b64decode(key)) for key in keys} == {32}
    assert len(set(keys)) == 3
