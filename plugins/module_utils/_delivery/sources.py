# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user names as sources to a set of objects: files, directories, inline, kustomizations, templates, charts, git."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .._kube.errors import InputError
from .._scheduling.validate import nearest
from .digest import digest, digest_objects
from .documents import read_documents
from .expressions import Reading, compiled
from .git import Checkout, fetch, form_of, read_reference
from .helm import ChartSource, fetch_chart, read_chart
from .identity import Identity, Manifest, identify
from .kustomize import build_kustomization
from .templates import read_template
from .variants import Found, Producer, Target, Variants, made_for, split
from .wellformed import checked, without_server_fields

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_FORMS = "file, directory, inline, kustomization, template, helm or git"


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects in the order they were given, where each came from, and the fingerprint of them all."""

    objects: tuple[Manifest, ...]
    origins: Mapping[Identity, str]
    digest: str
    variants: Variants = field(default_factory=Variants)
    """Those that are not the same in all clusters."""
    notes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    """What was fetched: commits of repositories and versions of charts."""


@dataclass(frozen=True, slots=True)
class Context:
    """For what sources are read."""

    name: str = "application"
    """The name of a chart's release where it has none."""
    namespace: str = "default"
    base: Path | None = None
    """The folder that relative paths start from; the current one when absent."""
    kubectl: str | None = None
    helm: str | None = None
    targets: Callable[[], Sequence[Target]] = tuple
    """The clusters; asked for only when a source may differ from one to the other."""

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return self.base or Path.cwd()


_Found = Iterator[tuple[Manifest, str]]


@dataclass(slots=True)
class _Reading:
    """One reading of all sources."""

    context: Context
    scratch: Path
    """For what is fetched, until everything has been read."""
    notes: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)

    def empty_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.scratch))


def read_sources(sources: Sequence[Mapping[str, Any]], context: Context | None = None) -> Sources:
    """Read every source; nothing is returned when anything in them is wrong.

    :param sources: one mapping each with exactly one of `file`, `directory`, `inline`, `kustomization`, `template`,
        `helm`; or with `git`, alone or beside one of them.
    """
    if not isinstance(sources, (list, tuple)):
        raise InputError("the sources must be a list", next_step=f"Give a list of mappings with {_FORMS}")
    with tempfile.TemporaryDirectory(prefix="navarch-") as scratch:
        reading = _Reading(context or Context(), Path(scratch))
        parts = [_read_source(source, number, reading) for number, source in enumerate(sources, 1)]
        common, variants = _put_together(parts, reading)
    if not common:
        raise InputError(
            "there is no object in the sources",
            next_step="Check the paths; to remove an application, say so with state absent",
        )
    objects = tuple(manifest for manifest, _origin in common)
    fingerprint = digest_objects(objects)
    if variants.objects:
        fingerprint = digest([fingerprint, variants.to_dict()])
    return Sources(
        objects=objects,
        origins={identify(manifest): origin for manifest, origin in common},
        digest=fingerprint,
        variants=variants,
        notes=tuple(reading.notes),
        revisions=tuple(reading.revisions),
    )


def _put_together(parts: Sequence[Found | Producer], reading: _Reading) -> tuple[Found, Variants]:
    """The objects of all sources, and where they differ from cluster to cluster."""
    if all(isinstance(part, list) for part in parts):
        return _unique([item for part in parts if isinstance(part, list) for item in part]), Variants()
    targets = reading.context.targets() or (_nowhere(reading.context),)
    found: dict[str, list[Found]] = {target.name: [] for target in targets}
    failed: dict[str, InputError] = {}
    checked_lists: dict[int, Found] = {}
    for part in parts:
        if isinstance(part, list):
            for lists in found.values():
                lists.append(part)
            continue
        made, broken = made_for(part, targets)
        failed.update(broken)
        for name, items in made.items():
            if id(items) not in checked_lists:
                checked_lists[id(items)] = [pair for value, origin in items for pair in _objects_in(value, origin)]
            found[name].append(checked_lists[id(items)])
        if isinstance(part, ChartSource):
            reading.notes.extend(part.notes)
    joined: dict[tuple[int, ...], Found] = {}
    by_cluster: dict[str, Found] = {}
    for name, lists in found.items():
        if name not in failed:
            key = tuple(id(items) for items in lists)
            if key not in joined:
                joined[key] = _unique([pair for items in lists for pair in items])
            by_cluster[name] = joined[key]
    if not by_cluster:
        raise failed[sorted(failed)[0]]
    common, variants = split(by_cluster)
    return common, replace(variants, failed=failed)


def _nowhere(context: Context) -> Target:
    """For a fleet without a cluster: whatever names one has no value."""
    application = {"name": context.name, "namespace": context.namespace}
    return Target("none", {"cluster": {}, "application": application, "values": {}})


def _unique(found: Found) -> Found:
    origins: dict[Identity, str] = {}
    for manifest, origin in found:
        identity = identify(manifest)
        if identity in origins:
            raise InputError(
                f"given twice: {origins[identity]}, and {origin}",
                object=identity.label,
                next_step="Remove one of them, or give them different names or namespaces",
            )
        origins[identity] = origin
    return found


def _read_source(source: Any, number: int, reading: _Reading) -> Found | Producer:
    if not isinstance(source, Mapping):
        raise InputError(f"source {number} is not a mapping", next_step=f"Write it as one of {_FORMS}")
    given = {key: value for key, value in source.items() if value is not None}
    base = reading.context.folder
    if "git" in given:
        reference = read_reference(given.pop("git"), number)
        checkout = fetch(reference, reading.empty_folder(), base)
        reading.revisions.append(f"{checkout.label}, {reference.ref}: {checkout.commit}")
        if not given:
            given = dict(form_of(checkout.inside(reference.path or ".")))
        elif reference.path:
            raise InputError(
                f"source {number} has git.path and {' and '.join(sorted(given))}",
                next_step="Give the path in one place",
            )
        for path in _paths_in(given):
            checkout.inside(path)
        return _named_after(_read_form(given, number, checkout.folder, reading), checkout)
    return _read_form(given, number, base, reading)


def _read_form(given: Mapping[str, Any], number: int, base: Path, reading: _Reading) -> Found | Producer:
    context = reading.context
    readers: dict[str, Callable[[Any], Iterable[tuple[Manifest, str]] | Producer]] = {
        "file": lambda value: _read_file(_path(value, base, number)),
        "directory": lambda value: _read_directory(_path(value, base, number)),
        "inline": lambda value: _read_inline(value, f"source {number} (inline)"),
        "kustomization": lambda value: _read_text(*build_kustomization(_path(value, base, number), context.kubectl)),
        "template": lambda value: read_template(value, number, base),
        "helm": lambda value: _read_helm(value, number, base, reading),
    }
    unknown = sorted(set(given) - set(readers))
    if unknown:
        close = nearest(str(unknown[0]), [*readers, "git"])
        raise InputError(
            f"source {number} has the unknown key {unknown[0]!r}",
            next_step=f"{f'Did you mean {close}? ' if close else ''}There are {_FORMS}",
        )
    if len(given) != 1:
        raise InputError(
            f"source {number} has {' and '.join(sorted(given)) if given else 'nothing in it'}",
            next_step=f"Give exactly one of {_FORMS} in each source",
        )
    [(form, value)] = given.items()
    found = readers[form](value)
    return list(found) if isinstance(found, Iterable) else found


def _read_helm(value: Any, number: int, base: Path, reading: _Reading) -> ChartSource:
    context = reading.context
    chart = read_chart(value, number, release=context.name, namespace=context.namespace, base=base)
    source = fetch_chart(chart, context.helm, base, reading.empty_folder())
    reading.revisions.append(source.label)
    return source


def _paths_in(given: Mapping[str, Any]) -> Iterator[str]:
    """The paths that a source names, which have to lie in its repository."""
    for form, value in given.items():
        if form == "helm" and isinstance(value, Mapping):
            if value.get("repository") is None and not str(value.get("chart")).startswith("oci://"):
                yield str(value.get("chart"))
            yield from (str(file) for file in value.get("valuesFiles") or ())
        elif isinstance(value, Mapping) and isinstance(value.get("path"), str):
            yield value["path"]
        elif isinstance(value, str) and form != "inline":
            yield value


def _named_after(found: Found | Producer, checkout: Checkout) -> Found | Producer:
    """Origins name the commit and not the folder that is gone when somebody reads them."""
    if not isinstance(found, list):
        return found
    folder = f"{checkout.folder}{os.sep}"
    return [(manifest, origin.replace(folder, f"{checkout.label}: ")) for manifest, origin in found]


def _path(value: Any, base: Path, number: int) -> Path:
    if not isinstance(value, str) or not value:
        raise InputError(f"source {number} needs a path", next_step="Give the path as text")
    return base / Path(value).expanduser()


def _read_file(path: Path) -> _Found:
    if path.is_dir():
        raise InputError(
            f"{path} is a directory", next_step="Name it as 'directory' (or 'kustomization') instead of 'file'"
        )
    return _read_text(_text_of(path), str(path))


def _read_directory(path: Path) -> _Found:
    if not path.is_dir():
        raise InputError(f"{path} is not a directory", next_step="Check the path, or name it as 'file'")
    files = sorted(found for found in path.rglob("*") if _is_manifest_file(found, path))
    if not files:
        raise InputError(f"{path} has no file that ends in {', '.join(sorted(_SUFFIXES))}", next_step="Check the path")
    for file in files:
        text = _text_of(file)
        if file.stem == "kustomization" and _is_for_kustomize(text, file):
            _check_only_lists(text, file)
        else:
            yield from _read_text(text, str(file))


def _is_manifest_file(found: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in found.relative_to(folder).parts)
    return found.suffix in _SUFFIXES and not hidden and found.is_file()


def _is_for_kustomize(text: str, file: Path) -> bool:
    """Other tools have objects of kind Kustomization too, in files of that name."""
    first = next((document.value for document in read_documents(text, str(file))), None)
    version = first.get("apiVersion") if isinstance(first, Mapping) else None
    return version is None or str(version).startswith("kustomize.config.k8s.io/")


def _check_only_lists(text: str, file: Path) -> None:
    """A kustomization that only lists files says nothing that the directory doesn't; any other changes them."""
    for document in read_documents(text, str(file)):
        keys = set(document.value) if isinstance(document.value, Mapping) else set()
        changing = sorted(keys - {"apiVersion", "kind", "metadata", "resources"})
        if changing:
            raise InputError(
                f"{file} changes the manifests beside it ({', '.join(changing[:5])})",
                next_step="Name its folder as 'kustomization' instead of 'directory'",
            )


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not text in UTF-8", next_step="Convert it, or check that it is a manifest"
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror}", next_step="Check the path and its permissions"
        ) from error


def _read_inline(value: Any, name: str) -> _Found:
    if isinstance(value, str):
        yield from _read_text(value, name)
        return
    items = value if isinstance(value, list) else [value]
    for number, item in enumerate(items, 1):
        for manifest, origin in _objects_in(item, f"{name}, object {number}"):
            # Written for us, so that a misspelt value per cluster is a mistake and not somebody's text.
            compiled(manifest, Reading.OURS, f"{origin}, {identify(manifest).label}")
            yield manifest, origin


def _read_text(text: str, name: str) -> _Found:
    for document in read_documents(text, name):
        yield from _objects_in(document.value, f"{name}, document {document.number}, line {document.line}")


def _objects_in(value: Any, origin: str) -> _Found:
    """One object, or those inside a `List` or `DeploymentList`, lists in lists included."""
    if isinstance(value, Mapping) and _is_list(value):
        for number, item in enumerate(value.get("items") or [], 1):
            yield from _objects_in(_typed(item, value), f"{origin}, item {number}")
        return
    manifest = checked(value, origin)
    yield without_server_fields(manifest), origin


def _is_list(value: Mapping[str, Any]) -> bool:
    kind = value.get("kind")
    # A kind of somebody's own may end in List too; only real lists have items beside kind, and no spec.
    return (
        isinstance(kind, str)
        and (kind == "List" or (kind.endswith("List") and "items" in value))
        and isinstance(value.get("items"), (list, type(None)))
    )


def _typed(item: Any, parent: Mapping[str, Any]) -> Any:
    """An item of a typed list (`DeploymentList`) may leave out what the list's own kind says."""
    if parent["kind"] == "List" or not isinstance(item, Mapping) or "kind" in item:
        return item
    return {"apiVersion": parent.get("apiVersion"), "kind": parent["kind"].removesuffix("List"), **item}
