"""Questions to the lab's database."""

from __future__ import annotations

import subprocess

from .installing import LabError
from .places import Lab


def sql(lab: Lab, statements: str) -> str:
    command = ["mariadb", "--no-defaults", "-uroot", "-S", str(lab.run / "mysql.sock"), "-N", "-e", statements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"mariadb: {done.stderr.strip()}")
    return done.stdout.strip()
