# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that kubeadm writes for clients of the API, and connections with what they say."""

from __future__ import annotations

import re
import ssl
import urllib.request


def field(kubeconfig: str, name: str) -> str:
    """A field of a kubeconfig as kubeadm writes it: one line, one value. Empty where it is not there."""
    match = re.search(rf"^\s*{re.escape(name)}:\s*(\S+)\s*$", kubeconfig, re.MULTILINE)
    return match[1].strip("\"'") if match else ""


def connections(authority: str, credential: str) -> urllib.request.OpenerDirector:
    """Connections to an API server. `authority` is the CA in PEM, `credential` a file with certificate and key."""
    context = ssl.create_default_context(cadata=authority)
    context.load_cert_chain(credential)
    # No proxy stands between a host and its own cluster.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
