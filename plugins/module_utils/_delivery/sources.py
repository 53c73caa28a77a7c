# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user names as sources (files, directories, inline, kustomizations) to a set of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._kube.errors import InputError
from .digest import digest_objects
from .documents import read_documents
from .identity import Identity, Manifest, identify
from .kustomize import build_kustomization
from .wellformed import checked, without_server_fields

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_FORMS = "file, directory, inline or kustomization"


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects in the order they were given, where each came from, and the fingerprint of them all."""

    objects: tuple[Manifest, ...]
    origins: Mapping[Identity, str]
    digest: str


def read_sources(
    sources: Sequence[Mapping[str, Any]], *, base: Path | None = None, kubectl: str | None = None
) -> Sources:
    """Read every source; nothing is returned when anything in them is wrong.

    :param sources: one mapping each with exactly one of `file`, `directory`, `inline`, `kustomization`.
    :param base: the folder that relative paths start from; the current one when absent.
    :param kubectl: the program that builds kustomizations; looked for when absent.
    """
    if not isinstance(sources, (list, tuple)):
        raise InputError("the sources must be a list", next_step=f"Give a list of mappings with {_FORMS}")
    objects: list[Manifest] = []
    origins: dict[Identity, str] = {}
    for number, source in enumerate(sources, 1):
        for manifest, origin in _read_source(source, number, base or Path.cwd(), kubectl):
            identity = identify(manifest)
            if identity in origins:
                raise InputError(
                    f"given twice: {origins[identity]}, and {origin}",
                    object=identity.label,
                    next_step="Remove one of them, or give them different names or namespaces",
                )
            origins[identity] = origin
            objects.append(manifest)
    if not objects:
        raise InputError(
            "there is no object in the sources",
            next_step="Check the paths; to remove an application, say so with state absent",
        )
    return Sources(tuple(objects), origins, digest_objects(objects))


_Found = Iterator[tuple[Manifest, str]]


def _read_source(source: Any, number: int, base: Path, kubectl: str | None) -> _Found:
    readers: dict[str, Callable[[Any], _Found]] = {
        "file": lambda value: _read_file(_path(value, base, number)),
        "directory": lambda value: _read_directory(_path(value, base, number)),
        "inline": lambda value: _read_inline(value, f"source {number} (inline)"),
        "kustomization": lambda value: _read_text(*build_kustomization(_path(value, base, number), kubectl)),
    }
    if not isinstance(source, Mapping):
        raise InputError(f"source {number} is not a mapping", next_step=f"Write it as one of {_FORMS}")
    given = {key: value for key, value in source.items() if value is not None}
    unknown = sorted(set(given) - set(readers))
    if unknown:
        raise InputError(f"source {number} has the unknown key {unknown[0]!r}", next_step=f"Use one of {_FORMS}")
    if len(given) != 1:
        raise InputError(
            f"source {number} has {' and '.join(sorted(given)) if given else 'nothing in it'}",
            next_step=f"Give exactly one of {_FORMS} in each source",
        )
    [(form, value)] = given.items()
    return readers[form](value)


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
        yield from _objects_in(item, f"{name}, object {number}")


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
