"""Writes the recorded clusters of this folder: the symptom is here, the cause is there.

    python -m tests.recordings.joins.build

Each scenario is a function of one of the modules below: it makes a cluster and says what must be answered. A test
compares the folders with what this writes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.recordings.joins import (
    admission,
    apps,
    calls,
    control,
    healthy,
    nodes,
    pairs,
    refusals,
    storage,
    within_limits,
    workloads,
)
from tests.recordings.joins.cluster import as_yaml, write
from tests.recordings.joins.scenario import Scenario

HERE = Path(__file__).parent
MODULES = (nodes, admission, workloads, apps, calls, storage, control, refusals, pairs, healthy, within_limits)


def scenarios() -> Iterator[Scenario]:
    for module in MODULES:
        yield from module.SCENARIOS


def contents(scenario: Scenario) -> dict[str, str]:
    """What the scenario's folder must hold: path -> text."""
    cluster, expected = scenario.make()
    return {**cluster.files(), "expected.yaml": as_yaml(expected)}


def main() -> None:
    for folder in (each for each in HERE.iterdir() if each.is_dir() and (each / "expected.yaml").exists()):
        shutil.rmtree(folder)
    for scenario in scenarios():
        cluster, expected = scenario.make()
        write(HERE / scenario.name, cluster, expected)


if __name__ == "__main__":
    main()
