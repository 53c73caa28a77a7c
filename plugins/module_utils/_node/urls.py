# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses as part of a URL."""

from __future__ import annotations


def https(address: str, port: int | str) -> str:
    """``https://10.0.0.1:6443``; an address of IPv6 stands in brackets (RFC 3986, section 3.2.2)."""
    return f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"
