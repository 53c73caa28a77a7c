# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which strings Ansible may template.

Since ansible-core 2.19 only what is marked as trusted is templated; before, everything was, unless it was wrapped as
unsafe. Both ideas are served here, so that callers say what a string *is* and not what a version of Ansible needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 trusts every string that nobody wrapped
    trust_as_template = None

from ansible.utils.unsafe_proxy import wrap_var

Value = TypeVar("Value")

TEMPLATES_ONLY_WHAT_IS_TRUSTED = trust_as_template is not None


def template(text: str) -> str:
    """A template that we wrote ourselves: Ansible resolves it where it is used."""
    return trust_as_template(text) if trust_as_template else text


def foreign(value: Value) -> Value:
    """What somebody else wrote (a member, a label): Ansible never evaluates it, whatever it looks like."""
    if TEMPLATES_ONLY_WHAT_IS_TRUSTED:
        return value
    return _wrapped(value)


def _wrapped(value: Any) -> Any:
    """Wrap only strings that could be a template: a wrapped one is shown as ``__ansible_unsafe`` in listings."""
    if isinstance(value, str):
        return wrap_var(value) if "{" in value else value
    if isinstance(value, Mapping):
        return {_wrapped(key): _wrapped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wrapped(item) for item in value]
    return value
