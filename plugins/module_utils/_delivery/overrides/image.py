# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images taken apart and put together: registry, repository, tag or digest. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")


@dataclass(frozen=True, slots=True)
class Image:
    """The parts of an image; what is not there is empty."""

    registry: str
    repository: str
    tag: str
    digest: str

    def __str__(self) -> str:
        name = f"{self.registry}/{self.repository}" if self.registry and self.repository else self.repository
        name = name or self.registry
        if self.tag:
            return f"{name}:{self.tag}"
        return f"{name}@{self.digest}" if self.digest else name


def parse_image(text: str) -> Image:
    """Take an image apart.

    What stands before the first slash is a registry if it could be a host: it has a dot or a port, or is localhost. So
    `library/nginx` has none, where Karmada would call `library` its registry. Of a tag and a digest together the tag
    stays, since that is what is overridden.
    """
    rest, _at, digest = text.partition("@")
    head, slash, tail = rest.rpartition("/")
    name, _colon, tag = tail.partition(":")
    rest = f"{head}{slash}{name}"
    first, slash, others = rest.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost"):
        return Image(first, others, tag, digest)
    return Image("", rest, tag, digest)


def overridden_image(text: str, component: str, operator: str, value: str) -> str:
    """The image after one operation on one of its parts.

    :raises ValueError: the result is no image.
    """
    image = parse_image(text)
    if component == "Registry":
        changed = replace(image, registry=_changed(image.registry, operator, value))
    elif component == "Repository":
        changed = replace(image, repository=_changed(image.repository, operator, value))
    else:
        changed = _with_tag_or_digest(image, operator, value)
    if not changed.repository:
        raise ValueError(f"nothing is left of the image {text!r}")
    return str(changed)


def _changed(before: str, operator: str, value: str) -> str:
    if operator == "add":
        return before + value
    return value if operator == "replace" else ""


def _with_tag_or_digest(image: Image, operator: str, value: str) -> Image:
    if operator == "remove":
        # Both where both are there: an image without a tag is not one that a digest still pins.
        return replace(image, tag="", digest="")
    wanted = _changed(image.tag or image.digest, operator, value)
    if _TAG.fullmatch(wanted):
        return replace(image, tag=wanted, digest="")
    if _DIGEST.fullmatch(wanted):
        return replace(image, tag="", digest=wanted)
    raise ValueError(f"{wanted!r} is neither a tag nor a digest")
