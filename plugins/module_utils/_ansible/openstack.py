# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How modules reach an OpenStack cloud; documented in the fragment ``navarch.fleet.openstack``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._infrastructure.errors import InfrastructureError
from .._infrastructure.openstack.cloud import Access
from .._infrastructure.openstack.errors import NotPossibleError

CLOUD_ARGUMENTS: dict[str, dict[str, Any]] = {
    "cloud": {"type": "str"},
    "auth": {"type": "dict", "no_log": True},
    "auth_type": {"type": "str"},
    "region_name": {"type": "str"},
    "interface": {"type": "str", "choices": ["public", "internal", "admin"]},
    "validate_certs": {"type": "bool"},
    "ca_cert": {"type": "path"},
    "api_timeout": {"type": "float", "default": 60},
}


def access(params: Mapping[str, Any]) -> Access:
    """What the options say about the way to the cloud."""
    named = {
        "auth": params["auth"],
        "auth_type": params["auth_type"],
        "region_name": params["region_name"],
        "interface": params["interface"],
        "verify": params["validate_certs"],
        "cacert": params["ca_cert"],
    }
    settings = {name: value for name, value in named.items() if value is not None}
    return Access(params["cloud"] or "", settings, params["api_timeout"])


def run_on_cloud(module: AnsibleModule, call: Callable[[], dict[str, Any]]) -> None:
    """Exit with what `call` returns; an error of ours becomes one message, with all findings where there are some."""
    try:
        result = call()
    except NotPossibleError as error:
        findings = [
            {"subject": each.subject, "message": each.message, "next_step": each.next_step} for each in error.findings
        ]
        module.fail_json(msg=str(error), findings=findings, changed=False)
    except InfrastructureError as error:
        module.fail_json(msg=str(error))
    except ModuleNotFoundError as error:
        module.fail_json(msg=missing_required_lib(error.name or "openstacksdk", reason="to talk to OpenStack"))
    if result.get("failed"):
        module.fail_json(**{name: value for name, value in result.items() if name != "failed"})
    module.exit_json(**result)
