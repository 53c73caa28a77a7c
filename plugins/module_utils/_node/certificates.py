# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of a control plane: when they end, which are renewed by kubeadm, and who has to read them anew."""

from __future__ import annotations

import calendar
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import kubeadm, processes, upgrade
from .commands import attempt, run
from .errors import NodeError
from .steps import Step

TOPIC = "certificates"
CRICTL = "/usr/local/bin/crictl"
_DAY = 86400
_PKI = f"{kubeadm.KUBERNETES}/pki"
READERS: Mapping[str, Sequence[str]] = {
    "etcd": ("etcd-server", "etcd-peer"),
    "kube-apiserver": ("apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "front-proxy-client"),
    "kube-controller-manager": ("controller-manager.conf",),
    "kube-scheduler": ("scheduler.conf",),
}
"""Which component reads which certificate, by kubeadm's names. They are started again in this order."""


@dataclass(frozen=True)
class Certificate:
    """A certificate that kubeadm looks after."""

    name: str
    ends: float
    """Seconds since 1970."""
    external: bool
    """Its CA's key is elsewhere, so kubeadm can't renew it."""
    authority: bool

    def days(self, now: float) -> int:
        return int((self.ends - now) // _DAY)


@dataclass(frozen=True)
class Found:
    """The certificates of this control plane, and what reads them."""

    certificates: tuple[Certificate, ...]
    written: Mapping[str, float]
    """When each file was written last, by kubeadm's name of the certificate."""
    started: Mapping[str, float]
    """When each component was started; one that does not run is missing."""
    now: float


def observe() -> Found:
    """Look at all certificates, their files and their readers."""
    if not os.path.exists(kubeadm.API_SERVER):
        return Found((), {}, {}, time.time())
    said: dict[str, Any] = json.loads(run([kubeadm.KUBEADM, "certs", "check-expiration", "--output", "json"]))
    own = [_certificate(each, authority=False) for each in said["certificates"] if not each.get("missing")]
    roots = [_certificate(each, authority=True) for each in said["certificateAuthorities"] if not each.get("missing")]
    names = [name for group in READERS.values() for name in group]
    return Found(
        certificates=(*own, *roots),
        written={name: os.stat(_path(name)).st_mtime for name in names if os.path.exists(_path(name))},
        started=processes.started(READERS),
        now=time.time(),
    )


def plan(found: Found, threshold_days: int) -> list[Step]:
    """What has to be renewed, and who has to read it anew; also what an interrupted run renewed and nobody read yet."""
    ending = [each for each in found.certificates if not each.authority and each.days(found.now) < threshold_days]
    steps = [
        Step(TOPIC, "renew", each.name, f"{each.days(found.now)} days are left", _date(each.ends), "one year")
        for each in ending
        if not each.external
    ]
    renewed = {step.subject for step in steps}
    for component, names in READERS.items():
        unread = [name for name in names if name in renewed or _unread(component, name, found)]
        if unread:
            steps.append(Step(TOPIC, "restart", component, f"{', '.join(unread)} renewed"))
    return steps


def warnings(found: Found, threshold_days: int) -> list[str]:
    """What kubeadm can't renew and will end soon."""
    ending = [each for each in found.certificates if each.days(found.now) < threshold_days]
    return [
        f"The CA {each.name} ends in {each.days(found.now)} days. Nothing here renews a CA; every certificate of the cluster hangs on it."
        if each.authority
        else f"{each.name} ends in {each.days(found.now)} days, and its CA's key is not on this host: renew it where that key is."
        for each in ending
        if each.authority or each.external
    ]


def act(step: Step, deadline: float) -> None:
    """Carry out one step."""
    if step.action == "renew":
        run([kubeadm.KUBEADM, "certs", "renew", step.subject], deadline=deadline)
        return
    before = processes.started(READERS).get(step.subject, 0.0)
    ids = run([CRICTL, "ps", "--quiet", "--name", f"^{step.subject}$"]).split()
    for container in ids:
        # The kubelet starts it again.
        attempt([CRICTL, "stop", "--timeout", "30", container], deadline=60)
    end = time.monotonic() + deadline
    while processes.started(READERS).get(step.subject, 0.0) <= before:
        if time.monotonic() >= end:
            raise NodeError(
                f"{step.subject} did not start again within {deadline:.0f} s.",
                f"See `crictl ps --all --name {step.subject}` on the host.",
            )
        time.sleep(0.5)


def verify(deadline: float) -> None:
    """Wait until this host's API server is ready again."""
    upgrade.await_api_server("", deadline)


def _certificate(given: Mapping[str, Any], *, authority: bool) -> Certificate:
    ends = calendar.timegm(time.strptime(given["expirationDate"], "%Y-%m-%dT%H:%M:%SZ"))
    return Certificate(given["name"], float(ends), bool(given.get("externallyManaged")), authority)


def _unread(component: str, name: str, found: Found) -> bool:
    return component in found.started and found.written.get(name, 0.0) > found.started[component]


def _path(name: str) -> str:
    """The file of a certificate by kubeadm's name."""
    if name.endswith(".conf"):
        return f"{kubeadm.KUBERNETES}/{name}"
    return f"{_PKI}/{name.replace('etcd-', 'etcd/', 1) if name.startswith('etcd-') else name}.crt"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
