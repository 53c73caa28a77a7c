# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revisions: what goes into the hub comes out of it."""

from __future__ import annotations

import random
import string

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.revision import CHUNK, Revision, decode, encode

WEB = Identity("apps", "Deployment", "shop", "web")


def manifest(name: str, **more: object) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, **more}


def revision(**changes: object) -> Revision:
    base: dict = {
        "number": 4,
        "namespace": "shop",
        "objects": (manifest("a"),),
        "placement": {"clusterAffinity": {}},
        "replicas": {WEB: {"m1": 2, "m2": 1}},
        "clusters": ("m1", "m2"),
        "decision": {"workloads": {}},
        "rendered": {"m1": (manifest("a"),), "m2": (manifest("a"), manifest("b"))},
        "source_digest": "d",
    }
    return Revision(**{**base, **changes})


def test_what_is_written_is_read() -> None:
    assert decode(encode(revision())) == revision()


def test_a_large_revision_comes_in_chunks_that_fit_an_object() -> None:
    noise = "".join(random.Random(1).choices(string.printable, k=3_000_000))
    large = revision(objects=(manifest("a", data={"x": noise}),))
    chunks = encode(large)
    assert len(chunks) > 1
    assert max(len(chunk) for chunk in chunks) <= CHUNK
    assert CHUNK * 4 / 3 < 900_000
    assert decode(chunks) == large


def test_clusters_share_what_is_the_same_for_them() -> None:
    noise = "".join(random.Random(1).choices(string.printable, k=50_000))
    big = manifest("a", data={"x": noise})
    one = len(encode(revision(objects=(), rendered={"m1": (big,)}))[0])
    ten = len(encode(revision(objects=(), rendered={f"m{number}": (big,) for number in range(10)}))[0])
    assert ten < one * 1.1


def test_only_what_makes_a_difference_in_the_members_makes_a_new_revision() -> None:
    same = revision(number=5, decision={"other": "reasons"}, author="somebody", created="later", placement={})
    assert revision().digest == same.digest
    assert revision().digest != revision(rendered={"m1": (manifest("a"),)}).digest
    assert revision().digest != revision(rendered={"m2": (manifest("a"),), "m1": (manifest("a"), manifest("b"))}).digest
