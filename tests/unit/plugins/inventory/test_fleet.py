# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.template import Templar

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import UnreachableError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member

RECORDS = [
    {
        "metadata": {"name": "idc-north", "labels": {"env": "prod", "note": "{{ lookup('pipe', 'id') }}"}},
        "spec": {"provider": "idc", "region": "north"},
        "status": {
            "kubernetesVersion": "v1.37.2",
            "resourceSummary": {"allocatable": {"cpu": "16"}, "allocated": {"cpu": "4"}},
            "conditions": [{"type": "Ready", "status": "True", "reason": "ClusterReady"}],
        },
    },
    {
        "metadata": {"name": "cloud-east"},
        "spec": {"provider": "openstack", "region": "east"},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "ClusterNotReachable"}]},
    },
]


class Registry:
    """Stands in for the hub: counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.selectors: list[str | None] = []
        self.answers = True

    def list_members(self, _hub: object, *, label_selector: str | None = None) -> dict[str, Member]:
        self.reads += 1
        self.selectors.append(label_selector)
        if not self.answers:
            raise UnreachableError("connection refused", cluster="hub", next_step="Start it")
        return {record["metadata"]["name"]: Member.from_object(record) for record in RECORDS}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    found = Registry()
    namespace = vars(sys.modules[type(inventory_loader.get("navarch.fleet.fleet")).__module__])
    monkeypatch.setitem(namespace, "list_members", found.list_members)
    monkeypatch.setitem(namespace, "connect", lambda _options: None)
    return found


def parsed(tmp_path: Path, text: str = "", *, cache: bool = True) -> InventoryData:
    config = tmp_path / "fleet.yml"
    config.write_text(f"plugin: navarch.fleet.fleet\n{text}", encoding="utf-8")
    plugin = inventory_loader.get("navarch.fleet.fleet")
    inventory = InventoryData()
    plugin.parse(inventory, DataLoader(), str(config), cache=cache)
    if plugin.get_option("cache"):
        plugin.update_cache_if_changed()  # Ansible's inventory manager does this after each source
    return inventory


def hosts(inventory: InventoryData, group: str) -> list[str]:
    return [host.name for host in inventory.groups[group].get_hosts()]


def test_members_are_hosts_in_groups(tmp_path: Path, registry: Registry) -> None:
    inventory = parsed(tmp_path)
    assert sorted(inventory.hosts) == ["cloud-east", "idc-north"]
    assert hosts(inventory, "provider_idc") == ["idc-north"]
    assert hosts(inventory, "condition_ready") == ["idc-north"]
    assert hosts(inventory, "condition_not_ready") == ["cloud-east"]
    assert hosts(inventory, "label_env_prod") == ["idc-north"]
    assert registry.reads == 1


def test_the_user_chooses_the_groups(tmp_path: Path, registry: Registry) -> None:
    inventory = parsed(tmp_path, "group_by: [region]\n")
    assert sorted(set(inventory.groups) - {"all", "ungrouped"}) == ["fleet", "region_east", "region_north"]


def test_compose_groups_and_keyed_groups_see_the_variables(tmp_path: Path, registry: Registry) -> None:
    inventory = parsed(
        tmp_path,
        "strict: true\n"
        "compose: {cores_free: navarch_allocatable_cpu - navarch_allocated_cpu}\n"
        "groups: {roomy: navarch_allocatable_cpu > 8}\n"
        "keyed_groups: [{key: navarch_provider, prefix: by}]\n",
    )
    # Before ansible-core 2.19 a template gives text unless jinja2_native is set.
    assert float(inventory.hosts["idc-north"].get_vars()["cores_free"]) == 12.0
    assert hosts(inventory, "roomy") == ["idc-north"]
    assert hosts(inventory, "by_openstack") == ["cloud-east"]


def test_strict_refuses_what_cannot_be_computed(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(Exception, match="wrong"):
        parsed(tmp_path, "strict: true\ncompose: {wrong: navarch_nothing_like_it}\n")


def test_what_a_label_says_is_never_evaluated(tmp_path: Path, registry: Registry) -> None:
    host = parsed(tmp_path).hosts["idc-north"].get_vars()
    note = host["navarch_labels"]["note"]
    assert Templar(loader=DataLoader(), variables={}).template(note) == "{{ lookup('pipe', 'id') }}"


def test_the_kubeconfig_is_a_template_and_no_credential(tmp_path: Path, registry: Registry) -> None:
    host = parsed(tmp_path).hosts["idc-north"].get_vars()
    assert host["navarch_kubeconfig"] == "{{ lookup('navarch.fleet.kubeconfig', navarch_cluster) }}"
    assert host["ansible_connection"] == "local"
    templar = Templar(loader=DataLoader(), variables={"ansible_playbook_python": "/python"})
    assert templar.template(host["ansible_python_interpreter"]) == "/python"


def test_a_selector_reaches_the_hub(tmp_path: Path, registry: Registry) -> None:
    parsed(tmp_path, "label_selector: env=prod\n")
    assert registry.selectors == ["env=prod"]


def test_the_cache_spares_the_hub_until_it_is_refreshed(tmp_path: Path, registry: Registry) -> None:
    options = (
        "cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_timeout: 60\n"
        f"cache_connection: {tmp_path / 'cache'}\n"
    )
    parsed(tmp_path, options)
    again = parsed(tmp_path, options)
    assert registry.reads == 1
    note = again.hosts["idc-north"].get_vars()["navarch_labels"]["note"]
    assert Templar(loader=DataLoader(), variables={}).template(note).startswith("{{")
    parsed(tmp_path, options, cache=False)
    assert registry.reads == 2


def test_a_hub_that_does_not_answer_is_an_error(tmp_path: Path, registry: Registry) -> None:
    registry.answers = False
    with pytest.raises(AnsibleParserError, match="cluster hub: connection refused"):
        parsed(tmp_path)


@pytest.mark.parametrize(
    ("name", "taken"), [("fleet.yml", True), ("prod.fleet.yaml", True), ("hosts.yml", False), ("fleet.ini", False)]
)
def test_only_its_own_files_are_taken(tmp_path: Path, name: str, taken: bool) -> None:
    path = tmp_path / name
    path.write_text("plugin: navarch.fleet.fleet\n", encoding="utf-8")
    assert inventory_loader.get("navarch.fleet.fleet").verify_file(str(path)) is taken


def test_variables_are_plain_values(tmp_path: Path, registry: Registry) -> None:
    host = parsed(tmp_path).hosts["cloud-east"].get_vars()
    kinds: dict[str, type[Any]] = {"navarch_ready": bool, "navarch_zones": list, "navarch_allocated_cpu": float}
    for name, kind in kinds.items():
        assert isinstance(host[name], kind)
