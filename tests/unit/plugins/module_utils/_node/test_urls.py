# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node.urls import https


@pytest.mark.parametrize("address", ["10.0.0.1", "fd00::1", "n1.example"])
def test_what_was_put_into_a_url_can_be_read_from_it(address: str) -> None:
    found = urlsplit(https(address, 6443))
    assert (found.scheme, found.hostname, found.port) == ("https", address, 6443)
