# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks between the waves of a rollout: an HTTP probe and a Prometheus query, for each cluster or for all at once.

What is probed is foreign: answers are cut to length, never followed elsewhere, and only looked at by expressions that
can do no harm.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from .._kube import library
from .._kube.errors import FleetError, InputError, UnreachableError
from .._kube.fanout import fan_out
from .expressions import OPEN, Facts, Place, Reading, compiled
from .rollout_schema import seconds_of
from .sandbox import sandbox
from .waves import Check

LONGEST_ANSWER = 1_000_000
"""Bytes of an answer that are looked at."""

TIMEOUT = 5.0
"""Seconds for one measurement, if the check does not say."""

Stopped = Callable[[], bool]
"""Whether somebody wants no more of it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that did not pass; for all clusters when it names none."""

    check: str
    cluster: str
    reason: str

    @property
    def text(self) -> str:
        """For people."""
        return f"check {self.check}: {self.reason}"


def failed_checks(
    checks: Iterable[Check], clusters: Mapping[str, Facts], *, stopped: Stopped = lambda: False
) -> list[Failure]:
    """Carry out the checks one after the other, each in all clusters side by side.

    :param clusters: the facts of the clusters that the step was about.
    :param stopped: asked between measurements; when it says so, no more failures are found.
    """
    found: list[Failure] = []
    for check in checks:
        if check.by_play or not clusters:
            continue
        targets = clusters if _is_per_cluster(check) else {"": next(iter(clusters.values()))}
        outcomes = fan_out(dict(targets), partial(_measured, check, stopped))
        for name, outcome in outcomes.items():
            reason = outcome.error.message if outcome.error is not None else outcome.get()
            if reason:
                found.append(Failure(check.name, name, reason))
    return found


def _is_per_cluster(check: Check) -> bool:
    return OPEN in json.dumps(check.options)


def _measured(check: Check, stopped: Stopped, cluster: str, facts: Facts) -> str:
    """Why the check failed; empty when it passed."""
    template = compiled(check.options, Reading.OURS, f"check {check.name}")
    options = template.filled(template.answers(facts, Place(cluster, f"check {check.name}")))
    measure = _probe if check.kind == "http" else _query
    failures: list[str] = []
    for number in range(check.count):
        if number and not _slept(check.interval, stopped):
            return ""
        reason = _attempt(measure, options)
        if reason:
            failures.append(reason)
        if len(failures) > check.failure_limit:
            tried = "" if check.count == 1 else f" ({len(failures)} of {number + 1} measurements failed)"
            return f"{failures[-1]}{tried}"
    return ""


def _attempt(measure: Callable[[Mapping[str, Any]], str], options: Mapping[str, Any]) -> str:
    try:
        return measure(options)
    except FleetError as error:
        return error.message


def _slept(seconds: float, stopped: Stopped) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if stopped():
            return False
        time.sleep(min(1.0, max(0.01, until - time.monotonic())))
    return True


def _probe(options: Mapping[str, Any]) -> str:
    url = str(options["url"])
    code, text = _fetched(url, options)
    allowed = options.get("status")
    wanted = allowed if isinstance(allowed, list) else [allowed] if allowed is not None else list(range(200, 300))
    if code not in wanted:
        expected = ", ".join(map(str, wanted)) if allowed is not None else "2xx"
        return f"{url} answered {code}, expected {expected}"
    condition = options.get("successCondition")
    if condition and not _holds(condition, {"status": code, "text": text, "result": _as_json(text)}):
        return f"{url} answered {_short(text)}, and {condition} does not hold"
    return ""


def _query(options: Mapping[str, Any]) -> str:
    address = str(options["address"]).rstrip("/")
    query, condition = str(options["query"]), str(options["successCondition"])
    code, text = _fetched(f"{address}/api/v1/query?{urlencode({'query': query})}", options)
    document = _as_json(text)
    if code != 200 or not isinstance(document, dict) or document.get("status") != "success":
        said = document.get("error") if isinstance(document, dict) else _short(text)
        return f"{address} answered {code} to {query}: {said}"
    values = _samples(document.get("data"))
    if not values:
        return f"{query} has no data at {address}"
    if any(math.isnan(value) for value in values):
        return f"{query} is not a number at {address}"
    variables = {"result": values[0] if len(values) == 1 else values, "results": values}
    return "" if _holds(condition, variables) else f"{query} is {_numbers(values)}, and {condition} does not hold"


def _samples(data: Any) -> list[float]:
    """The values of a scalar or of an instant vector."""
    found = data.get("result") if isinstance(data, dict) else None
    if not isinstance(found, list):
        return []
    pairs = (
        [found]
        if data.get("resultType") == "scalar"
        else [item.get("value") for item in found if isinstance(item, dict)]
    )
    values = []
    for pair in pairs:
        if isinstance(pair, list) and len(pair) == 2:
            try:
                values.append(float(pair[1]))
            except (TypeError, ValueError):
                return []
    return values


def _holds(condition: str, variables: Mapping[str, Any]) -> bool:
    try:
        return bool(sandbox().evaluate(condition, variables))
    except InputError as error:
        raise InputError(f"{condition}: {error.message}") from None


def _fetched(url: str, options: Mapping[str, Any]) -> tuple[int, str]:
    library.require("urllib3")
    urllib3 = library.urllib3
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url} is no http or https URL")
    timeout = seconds_of(options["timeout"]) if options.get("timeout") is not None else TIMEOUT
    certificates: dict[str, Any] = (
        {"cert_reqs": "CERT_NONE", "assert_hostname": False} if options.get("insecure") else {}
    )
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=timeout, read=timeout), **certificates)
    try:
        answer = pool.request("GET", url, redirect=False, preload_content=False)
        try:
            return int(answer.status), answer.read(LONGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
        finally:
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(f"{url} does not answer: {_short(str(error))}") from None
    finally:
        pool.clear()


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:197]}..."
