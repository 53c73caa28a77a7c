# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kubelet gets a serving certificate for its own names and addresses, and for no others."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._node.security import der
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.serving import SIGNER, Node, judged

KEY = ec.generate_private_key(ec.SECP256R1())
NODE = Node("n1", ("10.0.0.1", "fd00::1"))


def request(
    common_name: str = "system:node:n1",
    organization: str = "system:nodes",
    names: tuple[str, ...] = ("n1",),
    addresses: tuple[str, ...] = ("10.0.0.1",),
    mail: tuple[str, ...] = (),
) -> x509.CertificateSigningRequest:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    alternatives = [
        *(x509.DNSName(name) for name in names),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
        *(x509.RFC822Name(each) for each in mail),
    ]
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(KEY, hashes.SHA256())


def csr(user: str = "system:node:n1", **changes: Any) -> dict[str, Any]:
    spec = {
        "signerName": SIGNER,
        "username": user,
        "groups": ["system:nodes", "system:authenticated"],
        "usages": ["digital signature", "server auth"],
    }
    asked = {key: changes.pop(key) for key in list(changes) if key not in (*spec, "status", "request")}
    pem = request(**asked).public_bytes(serialization.Encoding.PEM)
    status = changes.pop("status", {})
    return {
        "metadata": {"name": "csr-1"},
        "spec": {**spec, "request": base64.b64encode(pem).decode(), **changes},
        "status": status,
    }


def test_a_kubelets_own_names_are_approved() -> None:
    (asked,) = judged([csr(addresses=("10.0.0.1", "fd00::1"))], [NODE])
    assert (asked.problem, asked.node) == ("", "n1")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"addresses": ("10.0.0.2",)}, "10.0.0.2, which the inventory does not give to n1"),
        ({"names": ("n1", "kubernetes.default")}, "kubernetes.default"),
        ({"common_name": "system:node:n2"}, "it is for system:node:n2"),
        ({"organization": "system:masters"}, "of system:masters"),
        ({"mail": ("a@example.org",)}, "neither DNS names nor addresses"),
        ({"usages": ["server auth", "client auth"]}, "client auth"),
        ({"usages": ["digital signature"]}, "usages"),
        ({"groups": ["system:authenticated"]}, "not in the group"),
        ({"names": (), "addresses": ()}, "no name"),
        ({"request": base64.b64encode(b"no request").decode()}, "can't be read"),
    ],
)
def test_what_is_not_the_nodes_own_is_left(wrong: dict[str, Any], said: str) -> None:
    (asked,) = judged([csr(**wrong)], [NODE])
    assert said in asked.problem


def test_what_is_decided_or_of_nobody_we_know_is_not_looked_at() -> None:
    assert judged([csr(status={"conditions": [{"type": "Denied"}]})], [NODE]) == []
    assert judged([csr(user="system:node:n9")], [NODE]) == []
    assert judged([csr(user="system:serviceaccount:default:n1")], [NODE]) == []
    assert judged([csr(signerName="kubernetes.io/kube-apiserver-client-kubelet")], [NODE]) == []


words = some.text("abcdefgh-0123456789", min_size=1, max_size=30).filter(lambda text: not text.startswith("-"))


@settings(deadline=None, database=None, max_examples=60)
@given(words, some.lists(words, max_size=4), some.lists(some.ip_addresses().map(str), max_size=4))
def test_requests_are_read_as_a_library_writes_them(name: str, names: list[str], addresses: list[str]) -> None:
    data = request(common_name=name, names=tuple(names), addresses=tuple(addresses)).public_bytes(
        serialization.Encoding.DER
    )
    read = der.request(data)
    assert (read.common_name, list(read.names), list(read.addresses)) == (name, names, addresses)


@settings(deadline=None, database=None, max_examples=60)
@given(some.binary(max_size=60))
def test_what_is_no_request_is_an_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ValueError, match="no request for a certificate"):
        der.request(data)


@settings(deadline=None, database=None, max_examples=60)
@given(some.integers(0, 400))
def test_a_request_that_is_cut_off_is_an_error(length: int) -> None:
    data = request().public_bytes(serialization.Encoding.DER)
    if length < len(data):
        with pytest.raises(ValueError, match="no request for a certificate"):
            der.request(data[:length])
