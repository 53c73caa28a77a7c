"""The OpenStack lab: a real Keystone, Placement, Glance, Neutron, Nova, Ironic and Octavia on 127.0.0.1.

python -m workshop.openstack up       # bring it up; prints where clouds.yaml is
python -m workshop.openstack down     # stop it, its programs and databases stay
python -m workshop.openstack fresh    # up, with a cloud in which nothing was made yet
python -m workshop.openstack status
"""

from __future__ import annotations

import sys

from ..paths import find_paths
from .installing import LabError
from .lab import down, fresh, status, up
from .places import find_lab


def main(words: list[str]) -> int:
    lab = find_lab(find_paths())
    try:
        match words:
            case ["up"]:
                up(lab, _say)
            case ["down"]:
                down(lab)
            case ["fresh"]:
                fresh(lab, _say)
            case ["status"]:
                print(status(lab))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (LabError, OSError) as problem:
        print(f"openstack: {problem}", file=sys.stderr)
        return 1
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
