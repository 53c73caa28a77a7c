# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    ApiError,
    BusyError,
    ConflictError,
    InvalidError,
    api_error,
)

TYPED = "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replicaz: field not declared"


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (500, "etcdserver: request timed out", BusyError),
        (500, TYPED, InvalidError),
        (503, "", BusyError),
        (429, "slow down", BusyError),
        (422, "is invalid", InvalidError),
        (409, TYPED, ConflictError),
    ],
)
def test_a_manifest_that_is_wrong_is_never_taken_for_a_server_that_is_busy(
    code: int, message: str, kind: type[ApiError]
) -> None:
    found = api_error(code, {"message": message}, cluster="m1", object="Deployment shop/web")
    assert isinstance(found, kind)
    assert found.code == code
