# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import (
    Credential,
    read_kubeconfig,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    CredentialError,
)

SECRET = "sh-very-secret-token"


def kubeconfig(user: dict | None = None, cluster: dict | None = None, **extra: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "c",
                "cluster": {"server": "https://127.0.0.1:6443/", **(cluster or {})},
            }
        ],
        "users": [{"name": "u", "user": {"token": SECRET} if user is None else user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
        **extra,
    }


def test_a_kubeconfig_is_taken_as_dictionary_as_text_and_as_path(tmp_path):
    document = kubeconfig()
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    wanted = Credential(server="https://127.0.0.1:6443", token=SECRET)
    assert read_kubeconfig(document) == wanted
    assert read_kubeconfig(yaml.safe_dump(document)) == wanted
    assert read_kubeconfig(str(path)) == wanted


@pytest.mark.parametrize(
    ("user", "cluster", "word"),
    [
        ({"exec": {"command": "true"}}, {}, "exec"),
        ({"auth-provider": {"name": "gcp"}}, {}, "auth-provider"),
        ({"tokenFile": "/etc/hostname"}, {}, "file"),
        ({"client-key": "/etc/hostname"}, {}, "file"),
        (None, {"certificate-authority": "ca.crt"}, "file"),
        (None, {"proxy-url": "http://127.0.0.1:3128"}, "proxy-url"),
        (None, {"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
    ],
)
def test_what_could_run_read_or_trust_anything_is_refused_by_name(user, cluster, word):
    with pytest.raises(CredentialError) as caught:
        read_kubeconfig(kubeconfig(user, cluster), cluster="edge")
    assert word in str(caught.value)
    assert "edge" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_what_is_allowed_by_name_is_read(tmp_path):
    (tmp_path / "token").write_text(SECRET + "\n")
    (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig({"tokenFile": "token"})))
    assert read_kubeconfig(str(tmp_path / "config"), allowed=frozenset({"file"})).token == SECRET


def test_a_context_can_be_chosen_and_a_missing_one_is_named_with_those_there_are():
    document = kubeconfig()
    document["contexts"].append({"name": "other", "context": {"cluster": "c", "user": "nobody"}})
    document["users"].append({"name": "nobody", "user": {"token": "other-token"}})
    assert read_kubeconfig(document, context="other").token == "other-token"
    with pytest.raises(CredentialError, match="third.*x, other"):
        read_kubeconfig(document, context="third")


@pytest.mark.parametrize("text", ["{", "a: [\n" + SECRET, "- 1\n- 2\n", "just: text\n"])
def test_what_is_no_kubeconfig_is_said_without_quoting_it(text):
    with pytest.raises(CredentialError) as caught:
        read_kubeconfig(text)
    assert SECRET not in str(caught.value)


def test_a_kubeconfig_that_is_not_there_names_its_path(tmp_path):
    with pytest.raises(CredentialError, match="nowhere"):
        read_kubeconfig(str(tmp_path / "nowhere"))


def test_no_secret_is_in_the_text_of_a_credential():
    pem = b"-----BEGIN KEY-----\n"
    credential = Credential(
        server="https://x",
        token=SECRET,
        client_key_data=pem,
        client_certificate_data=pem,
        password="pass-word",
    )
    assert all(secret not in repr(credential) for secret in credential.secrets())


def test_a_credential_survives_the_way_through_a_kubeconfig():
    credential = Credential(
        server="https://host/prefix",
        ca_data=b"authority",
        client_certificate_data=b"certificate",
        client_key_data=b"key",
        tls_server_name="kubernetes",
    )
    document = credential.kubeconfig("edge")
    assert read_kubeconfig(document) == credential
    assert document["clusters"][0]["cluster"]["certificate-authority-data"] == base64.b64encode(b"authority").decode()
