"""Everything that was added, as records, with the look-ups that the families join by.

`add` reads one object and lets go of it. Nothing here decides what is odd.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.collect.objects import reading, reading_kinds
from bot.collect.objects.legacy import VERSIONS, is_legacy, to_current
from bot.collect.objects.pod_record import PodReader
from bot.collect.objects.records import (
    Deleting,
    Endpoints,
    Event,
    Node,
    Owner,
    Pod,
    Selector,
    Service,
    Thing,
    Workload,
)
from bot.collect.objects.resources import CLUSTER_SCOPED, WORKLOADS
from bot.collect.objects.values import Json, mapping, moment, text

MAX_EVENTS: Final = 200_000
"""Different events kept; the API server forgets them after an hour, so that more is not a cluster but a flood."""
NAMES_ONLY: Final = frozenset({"secret", "configmap"})
"""Kinds of which only names (and keys) are kept: values are nobody's business here."""

Key = tuple[str | None, str]


class Inventory:
    """Records by kind, namespace and name."""

    def __init__(
        self,
        now: float,
        wants_detail: Callable[[str | None, str, Json], bool],
        keep: Callable[[str, str | None, str, Json], None] | None = None,
    ) -> None:
        self.now = now
        self.pods: dict[Key, Pod] = {}
        self.pods_of: dict[str | None, list[Pod]] = defaultdict(list)
        self.workloads: dict[tuple[str, str | None, str], Workload] = {}
        self.services: dict[Key, Service] = {}
        self.endpoints: dict[Key, Endpoints] = {}
        self.slices: dict[Key, Endpoints] = {}
        self.nodes: dict[str, Node] = {}
        self.events: dict[tuple[object, ...], Event] = {}
        self.things: dict[str, dict[Key, Thing]] = defaultdict(dict)
        self.keys: dict[tuple[str, str | None, str], frozenset[str]] = {}
        self.changed: dict[tuple[str, str | None, str], float] = {}
        """When a ConfigMap or Secret was last written, as far as it says."""
        self.names: dict[tuple[str, str | None], set[str]] = defaultdict(set)
        self.deleting: list[Deleting] = []
        self.counts: dict[tuple[str, str | None], int] = {}
        self.uids: dict[str, tuple[str, str | None, str]] = {}
        self.legacy = False
        self.legacy_versions = 0
        self.modern_versions = 0
        self._pods = PodReader(now)
        self._wants_detail = wants_detail
        self._keep = keep
        self._index: dict[str | None, dict[tuple[str, str], list[Pod]]] = {}

    # --- filling ----------------------------------------------------------------------------------------
    def add(self, kind: str, obj: Json) -> None:
        if type(obj) is not dict:
            return
        version = obj.get("apiVersion")
        legacy = is_legacy(version, obj)
        if legacy:
            if version in VERSIONS or kind == "node":
                self.legacy_versions += 1
            obj = to_current(kind, obj)
        metadata = mapping(obj.get("metadata"))
        name = text(metadata.get("name"))
        if not name:
            return
        namespace = None if kind in CLUSTER_SCOPED else text(metadata.get("namespace"))
        if kind == "event":
            self._add_event(namespace, obj)
            return
        if self._keep:
            self._keep(kind, namespace, name, obj)
        if kind == "pod":
            pod = self._pods.read(namespace, name, obj, detailed=self._wants_detail(namespace, name, obj))
            if (namespace, name) not in self.pods:
                self.pods_of[namespace].append(pod)
                self.pods[namespace, name] = pod
            return
        self.names[kind, namespace].add(name)
        if "deletionTimestamp" in metadata:
            self._add_deleting(kind, namespace, name, metadata)
        if kind in WORKLOADS:
            self.workloads[kind, namespace, name] = reading_kinds.workload(kind, namespace, name, obj, legacy)
        elif kind == "service":
            self.services[namespace, name] = reading_kinds.service(namespace, name, obj, legacy)
        elif kind == "endpoints":
            self.endpoints[namespace, name] = reading_kinds.endpoints(obj)
        elif kind == "endpointslice":
            owner = reading_kinds.slice_service(metadata)
            if owner:
                reading_kinds.add_slice(self.slices.setdefault((namespace, owner), Endpoints()), obj)
        elif kind == "node":
            self.nodes[name] = reading_kinds.node(name, obj)
        elif kind in NAMES_ONLY:
            self.keys[kind, namespace, name] = reading_kinds.data_keys(obj)
            written = reading_kinds.last_written(metadata)
            if written is not None:
                self.changed[kind, namespace, name] = written
        elif kind in reading_kinds.FIELDS:
            self.things[kind][namespace, name] = reading_kinds.thing(kind, namespace, name, obj)

    def _add_event(self, namespace: str | None, obj: Json) -> None:
        found = reading_kinds.event(namespace, obj)
        if found is None or len(self.events) >= MAX_EVENTS:
            return
        key = (
            found.kind,
            found.namespace,
            found.name,
            found.container,
            found.reason,
            found.message,
            found.uid,
        )
        seen = self.events.get(key)
        if seen is None:
            self.events[key] = found
            return
        seen.times += found.times
        if found.last is not None and (seen.last is None or found.last > seen.last):
            seen.last = found.last
        if found.first is not None and (seen.first is None or found.first < seen.first):
            seen.first = found.first

    def _add_deleting(self, kind: str, namespace: str | None, name: str, metadata: Json) -> None:
        asked_at = moment(metadata.get("deletionTimestamp"))
        if asked_at is not None:
            self.deleting.append(
                Deleting(
                    kind,
                    namespace,
                    name,
                    moment(metadata.get("creationTimestamp")),
                    asked_at,
                    reading.finalizers(metadata),
                )
            )

    def listed(self, kind: str, namespace: str | None, count: int) -> None:
        self.counts[kind, namespace] = self.counts.get((kind, namespace), 0) + count

    # --- looking up -------------------------------------------------------------------------------------
    def is_listed(self, kind: str, namespace: str | None) -> bool:
        """Whether all objects of a kind of that namespace are known, so that what is not here does not exist.

        In a namespace that does not exist there is nothing, which needs no list.
        """
        if (kind, namespace) in self.counts or (kind, None) in self.counts:
            return True
        return namespace is not None and self._is_no_namespace(namespace)

    def _is_no_namespace(self, namespace: str) -> bool:
        """A whole list of namespaces (each cluster's has `default`) lacks it, and nothing was recorded of it."""
        there = self.names.get(("namespace", None), set())
        whole = ("namespace", None) in self.counts and "default" in there
        return whole and namespace not in there and all(where != namespace for _, where in self.counts)

    def exists(self, kind: str, namespace: str | None, name: str) -> bool | None:
        """None: not known, since the kind was not listed there."""
        if kind == "pod":
            there = (namespace, name) in self.pods
        else:
            there = name in self.names.get((kind, namespace), ())
        if there:
            return True
        return False if self.is_listed(kind, namespace) else None

    def elsewhere(self, kind: str, namespace: str | None, name: str) -> str | None:
        found = sorted(
            ns for (each, ns), names in self.names.items() if each == kind and ns and ns != namespace and name in names
        )
        return found[0] if found else None

    def matching(self, namespace: str | None, wanted: Selector | Mapping[str, str]) -> list[Pod]:
        """Pods of a namespace that a selector matches, ended ones left out."""
        selector = wanted if isinstance(wanted, Selector) else Selector(wanted)
        pool: list[Pod] = self.pods_of.get(namespace, [])
        if selector.pairs:
            index = self._indexed(namespace)
            pool = min((index.get(pair, []) for pair in selector.pairs.items()), key=len)
        return [pod for pod in pool if not pod.ended and selector.matches(pod.labels)]

    def _indexed(self, namespace: str | None) -> dict[tuple[str, str], list[Pod]]:
        index = self._index.get(namespace)
        if index is None:
            index = defaultdict(list)
            for pod in self.pods_of.get(namespace, []):
                for pair in pod.labels.items():
                    index[pair].append(pod)
            index = dict(index)
            self._index[namespace] = index
        return index

    def all_of(self, kind: str, namespace: str | None = None) -> Iterator[Thing]:
        """Things of a kind, of one namespace when one is given."""
        for (where, _), thing in self.things.get(kind, {}).items():
            if namespace is None or where == namespace:
                yield thing

    def workload_of(self, owner: Owner | None, namespace: str | None) -> Workload | None:
        return self.workloads.get((owner.kind, namespace, owner.name)) if owner else None

    def namespaces(self) -> set[str]:
        found = {ns for _, ns in self.counts if ns}
        found.update(ns for ns in self.pods_of if ns)
        found.update(self.names.get(("namespace", None), set()))
        return found
