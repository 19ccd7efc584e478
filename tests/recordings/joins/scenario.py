"""How a module of scenarios registers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.recordings.joins.cluster import Cluster

Make = Callable[[], tuple[Cluster, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`make` gives the cluster and the content of its expected.yaml."""

    name: str
    make: Make


def scenario(into: list[Scenario]) -> Callable[[Callable[[Cluster], dict[str, Any]]], None]:
    """A function that fills a cluster and returns what is expected, as a scenario called after it."""

    def register(fill: Callable[[Cluster], dict[str, Any]]) -> None:
        def make() -> tuple[Cluster, dict[str, Any]]:
            cluster = Cluster()
            expected = fill(cluster)
            return cluster, expected if {"healthy", "roots"} & expected.keys() else {**expected, "roots": 1}

        into.append(Scenario(fill.__name__.replace("_", "-"), make))

    return register
