"""API objects -> observations: the door of this package.

projector = Projector(now, asked="deployment shop/web")
projector.add("pod", {...})            # once for each object, while the lists stream in
projector.listed("pod", "shop", 12)    # the list was complete: what is not in it does not exist
observations = projector.finish()
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.collect.objects import (
    admission,
    aggregation,
    blocked_calls,
    calls,
    cluster,
    events,
    extensions,
    limits,
    pods,
    policies,
    references,
    relations,
    replacements,
    workloads,
)
from bot.collect.objects.inventory import Inventory
from bot.collect.objects.nodes import Nodes
from bot.collect.objects.resources import CLUSTER_SCOPED, kind_of
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.storage import Storage
from bot.collect.objects.values import Json, at, mapping, mappings, text
from rules.observations import Observations

MAX_DEPTH: Final = 5
"""Lists within lists of a paste."""


class Projector:
    """Collects objects as they come and makes facts of what is odd or asked about.

    `asked` is a subject (`pod shop/web-0`, `node n1`); `hygiene` adds what is not as recommended. The clock is given,
    never read: a recording is judged by its own time.
    """

    def __init__(self, now: datetime, asked: str | None = None, hygiene: bool = False) -> None:
        self._asked = asked
        self._keeper: Keeper | None = None
        if hygiene:  # seldom asked for, and its checks take a moment to load
            from bot.collect.objects.hygiene import Keeper

            self._keeper = Keeper()
        kind, _, name = (asked or "").partition(" ")
        self._asked_kind = kind_of(kind) if kind else ""
        self._asked_namespace, _, self._asked_name = name.rpartition("/")
        self._inventory = Inventory(now.timestamp(), self._wants_detail, self._keeper.take if self._keeper else None)

    def _wants_detail(self, namespace: str | None, name: str, pod: Json) -> bool:
        """Whether a healthy Pod may turn out to belong to what was asked about."""
        if not self._asked_kind or self._asked_kind in CLUSTER_SCOPED:
            return False
        if (namespace or "") != self._asked_namespace:
            return False
        return self._asked_kind != "pod" or name == self._asked_name

    def add(self, kind_lower: str, obj: Json) -> None:
        """Takes one object in. What is not an object, or has no name, is passed over."""
        self._inventory.add(kind_lower, obj)

    def listed(self, kind_lower: str, namespace: str | None, count: int) -> None:
        """States that all objects of a kind in a namespace (None: in the cluster) were added."""
        self._inventory.listed(kind_lower, namespace, count)

    def has_unscheduled(self) -> bool:
        """Whether a Pod that was added waits for a node."""
        return any(pod.node is None and not pod.ended for pod in self._inventory.pods.values())

    def nodes(self) -> dict[str, str]:
        """Names of the nodes that were added -> their addresses ("" where not known)."""
        return {name: node.address or "" for name, node in self._inventory.nodes.items()}

    def finish(self) -> Observations:
        situation = Situation(self._inventory, self._asked, self._keeper is not None)
        services = Services(situation)
        cluster.project(situation)
        Nodes(situation).project()
        pods.project(situation)
        workloads.project(situation)
        services.project()
        services.project_ingresses()
        policies.project(situation, services)
        blocked_calls.project(situation, services)
        Storage(situation).project()
        limits.project(situation)
        admission.project(situation, services)
        aggregation.project(situation, services)
        extensions.project(situation)
        references.project(situation)
        calls.project(situation)
        events.project(situation)
        replacements.project(situation)
        relations.project(situation, services)
        if self._keeper:
            from bot.collect.objects import hygiene

            hygiene.project(situation, services, self._keeper)
        return situation.out


def project_objects(objects: list[Json], now: datetime) -> Observations:
    """Facts of objects that a person pasted, lists unfolded.

    Nothing counts as listed, not even a kind of which a whole List came: a person pastes what they were shown,
    which may be one namespace or one label's share.
    """
    projector = Projector(now)
    for kind, obj in unfolded(objects):
        projector.add(kind, obj)
    return projector.finish()


def unfolded(objects: list[Json], depth: int = 0) -> list[tuple[str, Json]]:
    """Each object with its kind in lower case; items of a typed list carry none of their own."""
    found: list[tuple[str, Json]] = []
    for obj in objects:
        if type(obj) is not dict:
            continue
        kind = text(obj.get("kind")) or ""
        if kind.endswith("List") and type(obj.get("items")) is list:
            if depth >= MAX_DEPTH:
                continue
            item_kind = kind[:-4]
            version = obj.get("apiVersion")
            for item in mappings(obj["items"]):
                own = text(item.get("kind")) or item_kind
                if own.endswith("List"):
                    found += unfolded([item], depth + 1)
                elif own:
                    found.append((kind_of(own), item if "apiVersion" in item else {"apiVersion": version, **item}))
        elif kind:
            found.append((kind_of(kind), obj))
        elif at(obj, "metadata", "name") and mapping(obj.get("involvedObject")):
            found.append(("event", obj))
    return found
