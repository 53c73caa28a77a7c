# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast decisions are made, on one core: one by one, and for a whole fleet in one call; and how the cost grows.

For comparison, Karmada's scheduling code in process on one core, measured: 740 to 1,560 decisions a second at 100
clusters, 65 to 122 at 1,000, 11 to 19 at 5,000. Its published rate from end to end is 22 bindings a second.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins" / "module_utils"))

from _scheduling.application import Application, place
from _scheduling.fleet import place_all
from _scheduling.request import Cluster, Request, Workload, parse_clusters
from _scheduling.schedule import schedule

KARMADA = {100: 740, 1000: 122, 5000: 19}
"""What Karmada's code made in one process on one core, in decisions per second."""
SECONDS = 1.0
FLEET_SECONDS = 30.0
"""For 10,000 applications of one workload over 1,000 clusters."""
GROWTH = 4.0 * 1.5
"""Four times the clusters, or the applications, may cost so many times as much: n log n with room for the noise."""

DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
STATIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {
        "staticWeightList": [
            {"targetCluster": {"labelSelector": {"matchLabels": {"tier": "a"}}}, "weight": 3},
            {"targetCluster": {"labelSelector": {"matchLabels": {"tier": "b"}}}, "weight": 1},
        ]
    },
}
REGIONS = [
    {"spreadByField": "region", "minGroups": 5, "maxGroups": 10},
    {"spreadByField": "cluster", "minGroups": 20},
]
PLACEMENTS: dict[str, dict[str, Any]] = {
    "dynamic weights with cluster spread": {
        "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 100}],
        "replicaScheduling": DYNAMIC,
    },
    "duplicated": {},
    "dynamic weights with region spread": {"spreadConstraints": REGIONS, "replicaScheduling": DYNAMIC},
}


class Promises:
    """Whether all that was promised was kept."""

    def __init__(self) -> None:
        self.kept = True

    def rate(self, what: str, work: Callable[[], object], promise: float, peer: str = "") -> float:
        """How often a second, which has to be more than the promise."""
        rate = per_second(work)
        self._tell(f"{what}: {rate:.0f} per second (promise more than {promise:.0f}{peer})", rate > promise)
        return rate

    def seconds(self, what: str, spent: float, promise: float, more: str = "") -> None:
        """How long once, which has to be less than the promise."""
        self._tell(f"{what}: {spent:.1f} s{more} (promise less than {promise:.0f} s)", spent < promise)

    def growth(self, what: str, ratio: float) -> None:
        """How many times the cost for four times as much."""
        self._tell(f"{what}: {ratio:.1f} times the cost (promise less than {GROWTH:.0f})", ratio < GROWTH)

    def _tell(self, line: str, kept: bool) -> None:
        self.kept &= kept
        print(line if kept else f"{line}  NOT KEPT", flush=True)


def main() -> int:
    promises = Promises()
    rates: dict[tuple[str, int], float] = {}
    for count, peer in KARMADA.items():
        clusters = parse_clusters(fleet(count, regions=50))
        for title, placement in PLACEMENTS.items():
            request = Request(clusters, workload(0), placement)
            peers = ""
            if "spreadConstraints" not in placement or "region" not in title:
                peers = f"; Karmada's code made {peer}"
            rates[title, count] = promises.rate(
                f"decisions over {count} clusters, {title}",
                lambda asked=request: schedule(asked),
                peer if peers else peer / 4,
                peers,
            )
    for title in PLACEMENTS:
        clusters = parse_clusters(fleet(4000, regions=50))
        request = Request(clusters, workload(0), PLACEMENTS[title])
        four = per_second(lambda asked=request: schedule(asked))
        promises.growth(f"four times the clusters (1000 to 4000), {title}", rates[title, 1000] / four)
    application = Application(parse_clusters(fleet(1000)), PLACEMENTS["duplicated"], tuple(map(workload, range(12))))
    promises.rate("applications of 12 workloads over 1000 clusters, all duplicated", lambda: place(application), 60)
    place_fleets(promises)
    return 0 if promises.kept else 1


def place_fleets(promises: Promises) -> None:
    clusters = parse_clusters(fleet(1000, regions=20))
    spent = {count: placed(clusters, realistic(), count, 1) for count in (1000, 10000)}
    promises.seconds(
        "10000 applications of 1 workload, 20 placements, 1000 clusters, in one call",
        spent[10000],
        FLEET_SECONDS,
        f", {10000 / spent[10000]:.0f} per second; Karmada publishes 22 bindings a second",
    )
    ratios = [placed(clusters, realistic(), 4000, 1) / placed(clusters, realistic(), 1000, 1) for _attempt in range(2)]
    promises.growth("four times the applications (1000 to 4000), the better of two", min(ratios))
    print(f"  1000 applications alone: {spent[1000]:.1f} s", flush=True)
    spent_on_three = placed(clusters, realistic(), 10000, 3)
    promises.seconds("the same with 3 workloads each", spent_on_three, 2 * FLEET_SECONDS)
    for title, placement in (("to 1000 clusters each, duplicated", {}), ("over all clusters", DYNAMIC)):
        wide = [{"clusterTolerations": [{"key": f"key-{number}"}]} for number in range(20)]
        wide = [{**each, "replicaScheduling": placement} if placement else each for each in wide]
        spent_on_all = placed(clusters, wide, 1000, 1)
        promises.seconds(f"1000 applications without spread constraints, {title}", spent_on_all, FLEET_SECONDS)


def placed(clusters: tuple[Cluster, ...], placements: list[dict[str, Any]], count: int, workloads: int) -> float:
    """Processor time for so many applications; each has to find its place."""
    chance = random.Random(7)
    requests = [{"cpu": f"{100 * (1 + size)}m", "memory": f"{128 * (1 + size % 4)}Mi"} for size in range(10)]

    def part(application: int, number: int) -> Workload:
        name, asked = f"web-{number}", requests[(application * 7 + number) % len(requests)]
        uid = f"shop/app-{application}/Deployment/{name}"
        return Workload("apps/v1", "Deployment", "shop", name, uid, chance.randint(1, 20), asked)

    applications = {
        f"shop/app-{number}": Application(
            (), placements[number % len(placements)], tuple(part(number, each) for each in range(workloads))
        )
        for number in range(count)
    }
    begin = time.process_time()
    decisions = place_all(applications, clusters)
    spent = time.process_time() - begin
    lost = [decision.error.message for decision in decisions.values() if decision.error is not None]
    if lost:
        raise SystemExit(f"{len(lost)} of {count} applications were not placed: {lost[0]}")
    return spent


def realistic() -> list[dict[str, Any]]:
    """Twenty placements as users write them: by labels, over a few clusters, in one or two regions."""

    def spread(clusters: tuple[int, int], regions: tuple[int, int] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if regions is not None:
            found.append({"spreadByField": "region", "minGroups": regions[0], "maxGroups": regions[1]})
        return [*found, {"spreadByField": "cluster", "minGroups": clusters[0], "maxGroups": clusters[1]}]

    spreads = (spread((2, 5)), spread((2, 4), (2, 2)), spread((1, 1)), spread((3, 8), (3, 3)), spread((2, 10)))
    divisions = (DYNAMIC, AGGREGATED, STATIC, None)
    affinities = (
        {},
        {"labelSelector": {"matchLabels": {"env": "prod"}}},
        {"labelSelector": {"matchLabels": {"tier": "a"}}},
    )
    return [
        {
            "clusterAffinity": affinities[number % 3],
            "spreadConstraints": spreads[number % 5],
            **({"replicaScheduling": division} if (division := divisions[number % 4]) else {}),
            **({"clusterTolerations": [{"key": "gpu", "operator": "Exists"}]} if number % 3 == 0 else {}),
        }
        for number in range(20)
    ]


def per_second(work: Callable[[], object]) -> float:
    """The best of three; processor time, so that a busy machine does not count, except for what it takes of the caches."""
    work()
    return max(_rate(work) for _attempt in range(3))


def _rate(work: Callable[[], object]) -> float:
    begin, count = time.process_time(), 0
    while (spent := time.process_time() - begin) < SECONDS / 3:
        work()
        count += 1
    return count / spent


def fleet(count: int, *, regions: int = 10) -> list[dict[str, Any]]:
    chance = random.Random(count)
    return [
        {
            "name": f"member-{number:05}",
            "region": f"region-{number % regions:02}",
            "labels": {"env": chance.choice(["prod", "test"]), "tier": chance.choice("abc")},
            "taints": [{"key": "gpu", "effect": "NoSchedule"}] if number % 10 == 9 else [],
            "resourceSummary": {
                "allocatable": {
                    "cpu": chance.randint(64, 1600),
                    "memory": f"{chance.randint(256, 6400)}Gi",
                    "pods": 5000,
                },
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
