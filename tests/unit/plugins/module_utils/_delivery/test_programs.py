# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.programs import run_program
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("fatal: no such\nref\n", "fatal: no such ref"),
        ('E1130 09:18:56.019737   30335 run.go:72] "command failed" err="no \\"base\\" there"\n', 'no "base" there'),
        ("reading https://user:password@example.com/a failed", "reading https://example.com/a failed"),
        ("", "ended with 3"),
    ],
)
def test_a_program_that_fails_is_quoted_in_its_own_words_and_no_others(printed: str, said: str) -> None:
    script = f"import sys; sys.stderr.write({printed!r}); sys.exit(3)"
    with pytest.raises(InputError) as raised:
        run_program([sys.executable, "-c", script], "kustomization a", deadline=60, advice="Correct it")
    assert str(raised.value).startswith("kustomization a: ")
    assert str(raised.value).removesuffix(". Correct it").endswith(said)
