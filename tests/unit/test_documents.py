# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the code writes into the documentation is current, and the schema of the application file is right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.wishes import read_wishes
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.validate import validate_placement
from ansible_collections.navarch.fleet.tests.documents.application_schema import DRAFT, application_schema
from ansible_collections.navarch.fleet.tests.documents.documents import documents
from ansible_collections.navarch.fleet.tests.documents.forms import FAILOVER
from ansible_collections.navarch.fleet.tests.documents.worked import QUESTIONS, request_of

COLLECTION = Path(__file__).absolute().parents[2]
DOCUMENTS = documents(COLLECTION)
SCHEMA = json.loads(application_schema(COLLECTION))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_the_code_writes_is_current(name: str) -> None:
    assert (COLLECTION / name).read_text() == DOCUMENTS[name], "stale: run `make docs`"


def test_the_schema_is_one() -> None:
    assert SCHEMA["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_variable_of_the_role_is_in_the_schema_with_a_description() -> None:
    specs = yaml.safe_load((COLLECTION / "roles/application/meta/argument_specs.yml").read_text())
    assert list(SCHEMA["properties"]) == list(specs["argument_specs"]["main"]["options"])
    assert all(each["description"] for each in SCHEMA["properties"].values())


def undescribed(form: dict[str, Any], path: str) -> Iterator[str]:
    for name, field in form.get("properties", {}).items():
        if not field.get("description"):
            yield f"{path}.{name}"
        yield from undescribed(field, f"{path}.{name}")
    if isinstance(form.get("items"), dict):
        yield from undescribed(form["items"], f"{path}[]")


def test_every_field_of_a_placement_is_described_for_whoever_completes_it_in_an_editor() -> None:
    (placement,) = [form for form in SCHEMA["properties"]["application_placement"]["anyOf"] if form["type"] == "object"]
    assert list(undescribed(placement, "placement")) == []


def application_files() -> Iterator[Any]:
    """Every application file in the repository, and each one shown in the documentation."""
    for file in sorted(COLLECTION.rglob("*.yml")):
        if "argument_specs" in file.name or "defaults" in file.parts:
            continue
        try:
            content = yaml.safe_load(file.read_text())
        except yaml.YAMLError:
            continue
        if isinstance(content, dict) and "application_name" in content:
            yield pytest.param(content, id=str(file.relative_to(COLLECTION)))
    for page in sorted([*COLLECTION.rglob("docs/**/*.md"), *COLLECTION.glob("*.md"), *COLLECTION.glob("roles/*/*.md")]):
        text = page.read_text()
        blocks = [*re.findall(r"(?m)(?:^    .*\S.*\n)+", text), *re.findall(r"(?ms)^```yaml\n(.*?)^```$", text)]
        for number, block in enumerate(blocks):
            if re.search(r"^ *application_name:", block, re.MULTILINE) and "hosts:" not in block:
                content = yaml.safe_load(block)
                yield pytest.param(content, id=f"{page.relative_to(COLLECTION)}-{number}")


@pytest.mark.parametrize("content", list(application_files()))
def test_every_application_file_we_show_fits_the_schema(content: dict[str, Any]) -> None:
    jsonschema.validate(content, SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"application_name": "shop", "application_placment": {}},
        {"application_name": "shop", "application_state": "gone"},
        {"application_name": "shop", "application_wait": "yes"},
        {"application_name": "shop", "application_sources": [{}]},
        {"application_name": "shop", "application_placement": {"clusterAfinity": {}}},
        {"application_name": "shop", "application_placement": {"spreadConstraints": [{"minGroups": -1}]}},
        {"application_name": "shop", "application_placement": {"replicaScheduling": {"replicaSchedulingType": "Both"}}},
        {"application_name": "shop", "application_overrides": [{"overiders": {}}]},
        {"application_name": "shop", "application_failover": {"mode": "jump"}},
        {"application_name": "shop", "application_rollout": {"wave": []}},
        {"application_name": "shop", "application_health": [{"kind": "Job"}]},
        {"application_name": "shop", "application_labels": {"tier": ["gold"]}},
    ],
    ids=json.dumps,
)
def test_a_wrong_application_file_does_not_fit(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


@pytest.mark.parametrize(
    "right",
    [
        {"application_name": "shop", "navarch_hub_namespace": "elsewhere"},
        {"application_name": "shop", "application_wait": "{{ patient }}"},
        {"application_name": "shop", "application_placement": "clusterAffinity: {clusterNames: [idc]}"},
    ],
    ids=["variables of others", "a template", "YAML text of a survey"],
)
def test_what_ansible_takes_fits(right: dict[str, Any]) -> None:
    jsonschema.validate(right, SCHEMA)


@pytest.mark.parametrize("field", FAILOVER["properties"])
def test_the_failover_of_the_schema_is_that_of_the_code(field: str) -> None:
    form = FAILOVER["properties"][field]
    for value in form.get("enum", [30]):
        read_wishes({field: value})


@pytest.mark.parametrize("example", yaml.safe_load(QUESTIONS.read_text()), ids=lambda example: example["title"])
def test_a_worked_example_asks_what_may_be_asked(example: dict[str, str]) -> None:
    assert not validate_placement(request_of(example["question"]).placement)
