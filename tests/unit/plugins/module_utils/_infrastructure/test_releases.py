# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is published where, and what is stamped into a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import (
    PRODUCTS,
    Machine,
    as_numbers,
    assets,
    digest_in,
    linker_flags,
    product_named,
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


BUILDABLE = [product for product in PRODUCTS if not product.unbuildable]


@pytest.mark.parametrize("product", BUILDABLE, ids=lambda product: product.name)
def test_each_product_has_a_go_module_for_each_version_named_by_it(product):
    pinned = sorted((MODULES / product.name).glob("*.mod"))
    assert pinned
    for file in pinned:
        text = file.read_text()
        assert not product.module or required_version(text, product.module) == file.stem
        assert as_numbers(required_go(text)) >= (1, 26)


@pytest.mark.parametrize("product", BUILDABLE, ids=lambda product: product.name)
def test_each_command_is_named_to_go(product):
    sources = "".join(file.read_text() for file in (MODULES / product.name).glob("*.go"))
    ours = f"navarch.dev/fleet/binaries/{product.name}"
    assert [
        package for package in product.packages.values() if package != ours and f'_ "{package}"' not in sources
    ] == []


def test_no_two_products_have_a_binary_of_one_name():
    names = [name for product in PRODUCTS for name in product.packages]
    assert len(names) == len(set(names))


def test_one_archive_is_downloaded_once_for_all_its_binaries():
    files = assets(
        product_named("containerd"),
        "v2.4.2",
        Machine("linux", "arm64"),
        ["containerd", "ctr"],
        {"containerd": "http://m/c/"},
    )
    assert [(asset.url, asset.checksum_url, asset.members) for asset in files] == [
        (
            "http://m/c/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz",
            "http://m/c/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz.sha256sum",
            {"containerd": "bin/containerd", "ctr": "bin/ctr"},
        )
    ]


@pytest.mark.parametrize(
    ("version", "numbers"), [("go1.26.8", (1, 26, 8)), ("1.26.0", (1, 26, 0)), ("go1.27rc1", (1, 27))]
)
def test_versions_compare_as_numbers(version, numbers):
    assert as_numbers(version) == numbers
