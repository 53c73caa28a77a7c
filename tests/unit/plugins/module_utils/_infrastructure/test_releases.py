# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is published where, and what is stamped into a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import (
    PRODUCTS,
    as_numbers,
    digest_in,
    linker_flags,
    required_go,
    required_version,
)

DIGEST = "ab" * 32
MODULES = Path(__file__).resolve().parents[5] / "roles" / "binaries" / "files"


@pytest.mark.parametrize(
    "document",
    [
        DIGEST,
        f"{DIGEST}\n",
        f"{'cd' * 32}  other\n{DIGEST}  file\n",
        f"{DIGEST} *file",
        f'{{"assets": [{{"name": "other", "digest": null}}, {{"name": "file", "digest": "sha256:{DIGEST}"}}]}}',
    ],
)
def test_a_digest_is_found_in_each_form(document):
    assert digest_in(document, "file") == DIGEST


@pytest.mark.parametrize(
    "document", ["", "<html>not found</html>", f"{DIGEST}  other", "{", '{"assets": null}', "sha256:1"]
)
def test_anything_else_gives_no_digest(document):
    assert digest_in(document, "file") is None


def test_a_build_of_kubernetes_says_its_version():
    flags = linker_flags(PRODUCTS[0], "v1.37.2")
    assert "-X k8s.io/component-base/version.gitMinor=37" in flags
    assert "-X k8s.io/client-go/pkg/version.gitVersion=v1.37.2" in flags


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_each_product_has_its_go_module(product):
    text = (MODULES / product.name / "go.mod").read_text()
    assert required_version(text, product.module).startswith("v")
    assert as_numbers(required_go(text)) >= (1, 26)
    tools = (MODULES / product.name / "tools.go").read_text()
    assert [package for package in product.packages.values() if f'_ "{package}"' not in tools] == []


@pytest.mark.parametrize(
    ("version", "numbers"), [("go1.26.8", (1, 26, 8)), ("1.26.0", (1, 26, 0)), ("go1.27rc1", (1, 27))]
)
def test_versions_compare_as_numbers(version, numbers):
    assert as_numbers(version) == numbers
