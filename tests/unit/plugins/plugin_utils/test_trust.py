# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.navarch.fleet.plugins.plugin_utils.trust import foreign, template


@pytest.mark.parametrize("value", ["{{ 1 + 1 }}", "{% if true %}x{% endif %}", "plain"])
def test_what_a_member_says_is_never_evaluated(value: str) -> None:
    assert resolved(foreign(value)) == value


def test_what_is_inside_of_lists_and_dictionaries_is_not_either() -> None:
    value = {"labels": {"a": "{{ 1 + 1 }}"}, "zones": ["{{ 2 }}"], "cost": 1.5, "nothing": None}
    assert resolved(foreign(value)) == value


def test_a_template_of_our_own_is_evaluated() -> None:
    assert resolved(template("{{ name }}"), name="idc-north") == "idc-north"


def resolved(value: Any, **variables: Any) -> Any:
    return Templar(loader=DataLoader(), variables=variables).template(value)
