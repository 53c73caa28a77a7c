# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host keys on consoles."""

from __future__ import annotations

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.hostkeys import best_key

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
CONSOLE = f"""\
[   12.3] cloud-init[612]: ssh-ed25519 {KEY[:-4]}aaaa a key that somebody echoed
-----BEGIN SSH HOST KEY KEYS-----
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBL0 root@north-worker-1
ssh-ed25519 {KEY} root@north-worker-1
-----END SSH HOST KEY KEYS-----
north-worker-1 login:
"""


def test_the_key_between_the_marks_is_taken() -> None:
    assert best_key(CONSOLE) == f"ssh-ed25519 {KEY}"


def test_half_a_console_is_waited_for() -> None:
    assert best_key(CONSOLE.partition("-----END")[0]) == ""
    assert best_key("") == ""


def test_the_keys_of_the_last_boot_count() -> None:
    first = CONSOLE.replace(KEY, KEY[:-4] + "zzzz")
    assert best_key(first + CONSOLE) == f"ssh-ed25519 {KEY}"
