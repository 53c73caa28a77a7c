# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to a cloud: what is tried again, and what is never done twice."""

from __future__ import annotations

import pytest
from keystoneauth1.exceptions import ConnectFailure, ConnectTimeout, Unauthorized
from openstack.exceptions import BadRequestException, ConflictException, HttpException, SDKException

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack import cloud as module
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Cloud, translate
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.errors import (
    CredentialRefusedError,
    RefusedError,
    UnavailableError,
)


class Answer:
    """A response, as much of it as errors look at."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = headers or {}
        self.request = None


def failing(status: int, **headers: str) -> HttpException:
    kinds = {400: BadRequestException, 409: ConflictException}
    return kinds.get(status, HttpException)("as ordered", response=Answer(status, headers))


class Shop:
    """Creates things, and loses answers as it is told."""

    def __init__(self, *troubles: Exception | None, takes_effect: bool) -> None:
        self.troubles = list(troubles)
        self.takes_effect = takes_effect
        self.made: list[str] = []

    def create(self) -> str:
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is None or self.takes_effect:
            self.made.append("it")
        if trouble is not None:
            raise trouble
        return "it"

    def find(self) -> str | None:
        return self.made[0] if self.made else None


@pytest.fixture
def sky(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: None)
    return Cloud(None, "sky")


@pytest.mark.parametrize("trouble", [failing(500), failing(503), failing(429), ConnectFailure("dropped")])
@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_create_whose_answer_is_lost_is_not_done_twice(sky: Cloud, trouble: Exception, takes_effect: bool) -> None:
    shop = Shop(trouble, takes_effect=takes_effect)
    assert sky.make("create it", shop.create, shop.find) == "it"
    assert shop.made == ["it"]


@pytest.mark.parametrize("trouble", [ConnectTimeout("no answer"), failing(504)])
def test_a_create_that_the_cloud_is_still_at_is_waited_for(sky: Cloud, trouble: Exception) -> None:
    shop = Shop(trouble, takes_effect=True)
    looks = iter([None, None, None, "it"])
    assert sky.make("create it", shop.create, lambda: next(looks)) == "it"
    assert shop.made == ["it"]


def test_a_conflict_with_ourselves_is_a_success(sky: Cloud) -> None:
    shop = Shop(failing(409), takes_effect=False)
    shop.made.append("it")
    assert sky.make("create it", shop.create, shop.find) == "it"


def test_a_conflict_with_others_is_told(sky: Cloud) -> None:
    with pytest.raises(RefusedError, match="can't create it: as ordered"):
        sky.make("create it", Shop(failing(409), takes_effect=False).create, lambda: None)


def test_what_is_refused_is_not_tried_again(sky: Cloud) -> None:
    shop = Shop(failing(400), takes_effect=False)
    with pytest.raises(RefusedError):
        sky.make("create it", shop.create, shop.find)
    assert shop.made == []


def test_patience_ends(sky: Cloud) -> None:
    troubles = [failing(503) for _try in range(20)]
    with pytest.raises(UnavailableError, match="Run again"):
        sky.retried("list them", Shop(*troubles, takes_effect=False).create)


def test_the_cloud_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    shop = Shop(failing(503, **{"Retry-After": "7"}), takes_effect=False)
    Cloud(None, "sky").retried("list them", shop.create)
    assert slept == [7.0]


def test_a_refused_credential_is_told_as_one() -> None:
    error = translate(Unauthorized("The request you have made requires authentication."), "sky", "log in")
    assert isinstance(error, CredentialRefusedError)
    assert "cloud sky" in str(error)


def test_a_login_that_openstacksdk_wraps_is_told_as_one() -> None:
    with pytest.raises(CredentialRefusedError):
        Cloud(None, "sky").retried("log in", refused_login)


def refused_login() -> None:
    """As ``Connection.authorize`` raises it."""
    wrapped = SDKException("The request you have made requires authentication. (HTTP 401)")
    wrapped.__context__ = Unauthorized("The request you have made requires authentication.")
    raise wrapped
