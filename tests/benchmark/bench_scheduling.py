# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many decisions a second, on one core. Karmada's scheduling code in process made 740 to 1,560 at 100 clusters, 65 to 122 at
1,000, 11 to 19 at 5,000."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins" / "module_utils"))

from _scheduling.application import Application, place
from _scheduling.request import Request, Workload, parse_clusters
from _scheduling.schedule import schedule

PROMISES = {100: 740, 1000: 122, 5000: 19}
"""What Karmada's code made in one process on one core, in decisions per second."""
SECONDS = 1.0
DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
PLACEMENTS = {
    "dynamic weights with cluster spread": {
        "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 100}],
        "replicaScheduling": DYNAMIC,
    },
    "duplicated": {},
}


def main() -> int:
    kept = True
    for count, promise in PROMISES.items():
        clusters = parse_clusters(fleet(count))
        for title, placement in PLACEMENTS.items():
            request = Request(clusters, workload(0), placement)
            rate = per_second(lambda asked=request: schedule(asked))
            kept &= rate > promise
            print(f"decisions over {count} clusters, {title}: {rate:.0f} per second (promise more than {promise})")
    regions = [
        {"spreadByField": "region", "minGroups": 5, "maxGroups": 10},
        {"spreadByField": "cluster", "minGroups": 20},
    ]
    request = Request(
        parse_clusters(fleet(1000, regions=50)),
        workload(0),
        {"spreadConstraints": regions, "replicaScheduling": DYNAMIC},
    )
    rate = per_second(lambda: schedule(request))
    kept &= rate > 20
    print(f"decisions over 1000 clusters in 50 regions, region spread: {rate:.0f} per second (promise more than 20)")
    application = Application(parse_clusters(fleet(1000)), PLACEMENTS["duplicated"], tuple(map(workload, range(12))))
    rate = per_second(lambda: place(application))
    print(f"applications of 12 workloads over 1000 clusters, all duplicated: {rate:.1f} per second (no promise)")
    return 0 if kept else 1


def per_second(work: Any) -> float:
    """Processor time, so that a busy machine does not count."""
    work()
    begin, count = time.process_time(), 0
    while (spent := time.process_time() - begin) < SECONDS:
        work()
        count += 1
    return count / spent


def fleet(count: int, *, regions: int = 10) -> list[dict[str, Any]]:
    chance = random.Random(count)
    return [
        {
            "name": f"member-{number:05}",
            "region": f"region-{number % regions:02}",
            "labels": {"env": chance.choice(["prod", "test"])},
            "resourceSummary": {
                "allocatable": {"cpu": chance.randint(8, 800), "memory": f"{chance.randint(16, 1600)}Gi", "pods": 1100},
                "allocated": {"cpu": "2500m", "memory": "4Gi", "pods": 40},
            },
        }
        for number in range(count)
    ]


def workload(number: int) -> Workload:
    name = f"web-{number}"
    return Workload(
        "apps/v1", "Deployment", "shop", name, f"shop/shop/Deployment/{name}", 500, {"cpu": "500m", "memory": "1Gi"}
    )


if __name__ == "__main__":
    sys.exit(main())
