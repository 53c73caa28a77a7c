# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of DER as a request for a certificate needs to be read: X.509 without a library. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE, _SET, _OBJECT_IDENTIFIER, _OCTETS = 0x30, 0x31, 0x06, 0x04
_ATTRIBUTES = 0xA0
_COMMON_NAME, _ORGANIZATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
_EXTENSION_REQUEST = bytes.fromhex("2a864886f70d01090e")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_DNS, _ADDRESS = 0x82, 0x87


@dataclass(frozen=True)
class Request:
    """What a request for a certificate asks for."""

    common_name: str
    organizations: tuple[str, ...]
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    others: int
    """Alternative names of other kinds: addresses of mail, URIs and so on."""


@dataclass(frozen=True)
class _Value:
    tag: int
    body: bytes

    def parts(self) -> list[_Value]:
        return list(_values(self.body))


def request(data: bytes) -> Request:
    """Read a request (PKCS #10, DER).

    Raises:
        ValueError: it is none, or is cut off.
    """
    try:
        outer = _one(data)
        version, subject, _public_key, *rest = outer.parts()[0].parts()
        if outer.tag != _SEQUENCE or version.tag != 0x02:
            raise ValueError("it is something else")
        said = list(_subject(subject))
        alternatives = [name for value in rest if value.tag == _ATTRIBUTES for name in _alternatives(value)]
        addresses = tuple(str(ipaddress.ip_address(name.body)) for name in alternatives if name.tag == _ADDRESS)
    except (IndexError, ValueError) as problem:
        raise ValueError(f"it is no request for a certificate: {problem}") from None
    return Request(
        common_name=next((text for kind, text in said if kind == _COMMON_NAME), ""),
        organizations=tuple(text for kind, text in said if kind == _ORGANIZATION),
        names=tuple(name.body.decode("ascii", "replace") for name in alternatives if name.tag == _DNS),
        addresses=addresses,
        others=sum(name.tag not in (_DNS, _ADDRESS) for name in alternatives),
    )


def _subject(value: _Value) -> Iterator[tuple[bytes, str]]:
    for group in value.parts():
        for pair in group.parts():
            kind, text = pair.parts()
            yield kind.body, text.body.decode("utf-8", "replace")


def _alternatives(attributes: _Value) -> Iterator[_Value]:
    for attribute in attributes.parts():
        kind, values = attribute.parts()
        if kind.body != _EXTENSION_REQUEST:
            continue
        for extensions in values.parts():
            for extension in extensions.parts():
                name, *_critical, content = extension.parts()
                if name.body == _ALTERNATIVE_NAMES and content.tag == _OCTETS:
                    yield from _one(content.body).parts()


def _one(data: bytes) -> _Value:
    for value in _values(data):
        return value
    raise ValueError("it is cut off")


def _values(data: bytes) -> Iterator[_Value]:
    place = 0
    while place < len(data):
        tag, length = data[place], data[place + 1]
        place += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[place : place + size], "big")
            place += size
        if place + length > len(data):
            raise ValueError("it is cut off")
        yield _Value(tag, data[place : place + length])
        place += length
