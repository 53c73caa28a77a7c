# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests that are Jinja2 templates, with the usual `{{ }}`: files that Ansible itself does not read.

They are rendered in the same sandbox as values per cluster. A template that names `cluster`, or whose values differ, is
rendered once per variant; any other once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._kube.errors import InputError
from .._scheduling.validate import check
from .cluster_values import merged_values
from .digest import digest
from .documents import read_documents
from .expressions import Place, Reading, Template, compiled
from .sandbox import Undefined, sandbox
from .variants import Target

_SUFFIX = ".j2"
_MANIFESTS = (".yaml", ".yml", ".json")
_PATH = {"type": "string", "minLength": 1}
TEMPLATE = {
    "type": "object",
    "properties": {
        "path": {**_PATH, "description": "A file, or a folder whose files are all rendered."},
        "values": {"type": "object", "additionalProperties": {}, "description": "May hold [[ cluster.region ]]."},
    },
    "additionalProperties": False,
    "required": ["path"],
}


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """Templates that are read, ready to be rendered for any cluster."""

    files: Mapping[Path, str]
    folder: Path
    """What they may include lies in it."""
    values: Template
    label: str

    def values_for(self, target: Target) -> dict[str, Any]:
        """The values with those of the cluster.

        :raises InputError: one of them is not there for it.
        """
        filled = self.values.filled(self.values.answers(target.facts, Place(target.name, self.label)))
        return merged_values(filled, target.facts.get("values") or {})

    def key(self, target: Target) -> str:
        """Equal for clusters that get the same."""
        names_cluster = any("cluster" in text for text in self._all_texts())
        return digest([self.values_for(target), target.facts["cluster"] if names_cluster else None])

    def render(self, target: Target) -> Iterator[tuple[Any, str]]:
        """The manifests for a cluster, each with its origin."""
        values = self.values_for(target)
        variables = {**values, **target.facts, "values": values}
        for file, text in self.files.items():
            try:
                rendered = sandbox().render(text, variables, str(self.folder))
            except InputError as error:
                hint = "Give it among the values, or a default" if isinstance(error, Undefined) else "Correct it"
                raise InputError(f"template {file}: {error.message}", cluster=target.name, next_step=hint) from error
            for document in read_documents(rendered, f"template {file} as rendered for {target.name}"):
                yield document.value, f"template {file}, document {document.number} as rendered"

    def _all_texts(self) -> Iterator[str]:
        yield from self.files.values()
        # What is included may name the cluster too.
        for file in self.folder.rglob(f"*{_SUFFIX}"):
            if file not in self.files and file.is_file():
                yield _text_of(file)


def read_template(value: Any, number: int, base: Path) -> TemplateSource:
    """The templates that a source gives; a text is their path.

    :raises InputError: what is wrong with it.
    """
    given: Any = {"path": value} if isinstance(value, str) else value
    problems = list(check(given, TEMPLATE, f"source {number}.template"))
    if problems:
        raise InputError("; ".join(map(str, problems)), next_step="Give a path, and values")
    path = base / Path(given["path"]).expanduser()
    if path.is_dir():
        files = sorted(found for found in path.rglob("*") if _is_template(found, path))
        if not files:
            raise InputError(f"{path} has no file that ends in {', '.join(_MANIFESTS)}, with or without {_SUFFIX}")
    else:
        files = [path]
    label = f"template {path}"
    return TemplateSource(
        files={file: _text_of(file) for file in files},
        folder=path if path.is_dir() else path.parent,
        values=compiled(dict(given.get("values") or {}), Reading.OURS, label),
        label=label,
    )


def _is_template(found: Path, folder: Path) -> bool:
    """A manifest, by its name; what only others include is named otherwise, or begins with an underscore."""
    parts = found.relative_to(folder).parts
    hidden = any(part.startswith((".", "_")) for part in parts)
    return found.name.removesuffix(_SUFFIX).endswith(_MANIFESTS) and not hidden and found.is_file()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}", next_step="Check the path and its encoding") from error
