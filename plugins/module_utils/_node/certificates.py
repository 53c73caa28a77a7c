# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of a control plane or a host of etcd: when they end, who renews them, and who has to read them anew."""

from __future__ import annotations

import calendar
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import etcd_certificates, etcd_local, kubeadm, processes, upgrade
from .commands import attempt, run
from .errors import NodeError
from .steps import Step

TOPIC = "certificates"
CRICTL = "/usr/local/bin/crictl"
_DAY = 86400
_TO_ETCD = "apiserver-etcd-client"
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
class Place:
    """Whose certificates they are."""

    member: etcd_certificates.Subject | None = None
    """The member of etcd on a host of its own; None: a control plane."""
    credential: etcd_certificates.Credential | None = None
    """A new one, for a control plane that reaches an etcd on hosts of its own; only who has that CA can sign it."""
    etcd_signs: bool = False
    """Whether there is somebody to ask for such a credential."""


@dataclass(frozen=True)
class Found:
    """The certificates of this host, and what reads them."""

    certificates: tuple[Certificate, ...]
    written: Mapping[str, float]
    """When each file was written last, by kubeadm's name of the certificate."""
    started: Mapping[str, float]
    """When each component was started; one that does not run is missing."""
    now: float


def observe(place: Place) -> Found:
    """Look at all certificates, their files and their readers."""
    if not os.path.exists(kubeadm.API_SERVER if place.member is None else etcd_certificates.CLIENT):
        return Found((), {}, {}, time.time())
    said: dict[str, Any] = json.loads(_kubeadm(["check-expiration", "--output", "json"], place))
    own = [_certificate(each, authority=False) for each in said["certificates"] if not each.get("missing")]
    roots = [_certificate(each, authority=True) for each in said["certificateAuthorities"] if not each.get("missing")]
    if place.member is None and os.path.exists(_path(_TO_ETCD)) and not os.path.exists(etcd_certificates.AUTHORITY_KEY):
        own = [each for each in own if each.name != _TO_ETCD]
        own.append(_of_file(_TO_ETCD, external=not place.etcd_signs))
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


def act(step: Step, place: Place, deadline: float) -> None:
    """Carry out one step."""
    if step.action == "renew":
        _renew(step.subject, place, deadline)
        return
    if place.member is not None:
        run(["systemctl", "restart", etcd_local.UNIT], deadline=deadline)
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


def verify(place: Place, deadline: float) -> None:
    """Wait until this host's API server is ready again, or its member of etcd serves again."""
    if place.member is None:
        upgrade.await_api_server("", deadline)
        return
    end = time.monotonic() + deadline
    while reason := etcd_local.unwell():
        if time.monotonic() >= end:
            raise NodeError(
                f"etcd did not come back within {deadline:.0f} s: {reason}.",
                f"See `journalctl --unit {etcd_local.UNIT}` on the host.",
            )
        time.sleep(0.5)


def _renew(name: str, place: Place, deadline: float) -> None:
    if name != _TO_ETCD or os.path.exists(etcd_certificates.AUTHORITY_KEY):
        _kubeadm(["renew", name], place, deadline)
    elif place.credential is not None:
        etcd_certificates.give(place.credential)
    else:
        raise NodeError(
            f"{name} can't be renewed: the CA of etcd is on its own hosts, and none of them gave a ticket.",
            "Let a host of etcd answer (`navarch.fleet.etcd_ticket`).",
        )


def _kubeadm(arguments: Sequence[str], place: Place, deadline: float = 60.0) -> str:
    command = [kubeadm.KUBEADM, "certs", *arguments]
    if place.member is None:
        return run(command, deadline=deadline)
    # There is no cluster to be asked for a configuration.
    with kubeadm.configuration(etcd_certificates.documents(place.member)) as path:
        return run([*command, "--config", path], deadline=deadline)


def _of_file(name: str, *, external: bool) -> Certificate:
    """A certificate that kubeadm does not look after."""
    said = run(["openssl", "x509", "-noout", "-enddate", "-in", _path(name)]).strip().partition("=")[2]
    return Certificate(name, float(calendar.timegm(time.strptime(said, "%b %d %H:%M:%S %Y GMT"))), external, False)


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
