"""Facts about kinds that extensions bring: the Gateway API, the Operator Lifecycle Manager, KEDA.

Their controllers write what is wrong into conditions, phases and states; which of these is bad is a table here. What
they name and is not there is told as `reference`, since their controllers often say nothing at all then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import Condition, Thing
from bot.collect.objects.resources import CLUSTER_SCOPED, kind_of
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import (
    at,
    integer,
    joined,
    mapping,
    mappings,
    message,
    moment,
    namespaced,
    similar,
    text,
)
from rules.kinds import Scalar, Source

SETTLING_S: Final = 60
"""A condition that is Unknown, and a phase on the way, mean nothing before their controller had this time."""
INSTALLING_S: Final = 600
MAX_TOLD: Final = 500
GOOD_WHEN_TRUE: Final[Mapping[str, frozenset[str]]] = {
    "gatewayclass": frozenset({"Accepted"}),
    "gateway": frozenset({"Accepted", "Programmed", "ResolvedRefs"}),
    "httproute": frozenset({"Accepted", "ResolvedRefs"}),
    "clustercatalog": frozenset({"Serving"}),
    "clusterextension": frozenset({"Installed"}),
    "scaledobject": frozenset({"Ready"}),
    "subscription": frozenset(),
}
BAD_WHEN_TRUE: Final = frozenset(
    {"CatalogSourcesUnhealthy", "ResolutionFailed", "InstallPlanFailed", "InstallPlanMissing"}
)
BAD_REASONS: Final = frozenset({"Retrying", "Blocked", "Failed"})
"""Reasons of OLM's `Progressing`, which is True in good and bad times."""
SETTLED: Final[Mapping[str, frozenset[str]]] = {
    "clusterserviceversion": frozenset({"Succeeded"}),
    "installplan": frozenset({"Complete"}),
    "catalogsource": frozenset({"READY"}),
}
"""Kinds that tell by a phase or state, and when that is good."""
_CRITICAL_PHASES: Final = frozenset({"Failed", "TRANSIENT_FAILURE", "RequiresApproval"})


def project(situation: Situation) -> None:
    told = 0
    for kind in (*GOOD_WHEN_TRUE, *SETTLED):
        for each in situation.inventory.all_of(kind):
            for condition in _bad(situation, each):
                told += 1
                if told <= MAX_TOLD:
                    _condition(situation, each, condition)
    for kind, references in _REFERENCES.items():
        for each in situation.inventory.all_of(kind):
            for reference in references(each):
                _reference(situation, each, *reference)


# --- conditions, phases and states -----------------------------------------------------------------------
def _bad(situation: Situation, thing: Thing) -> Iterator[Condition]:
    """The conditions that are not as they should be, a phase as a condition of that name."""
    if thing.kind in SETTLED:
        phase = _phase(thing)
        if phase is None or phase.status in SETTLED[thing.kind]:
            return
        age = situation.age(phase.since if phase.since is not None else thing.created)
        if phase.status in _CRITICAL_PHASES or (age or 0) > INSTALLING_S:
            yield phase
        return
    good = GOOD_WHEN_TRUE[thing.kind]
    for each in _conditions(thing):
        late = (situation.age(each.since if each.since is not None else thing.created) or 0) > SETTLING_S
        not_good = each.type in good and (each.status == "False" or (each.status == "Unknown" and late))
        bad = each.type in BAD_WHEN_TRUE and each.status == "True"
        if not_good or bad or (each.type == "Progressing" and each.reason in BAD_REASONS):
            yield each


def _conditions(thing: Thing) -> Iterator[Condition]:
    """Its own conditions, and those of a Gateway's listeners and a route's parents."""
    status = mapping(thing.fields.get("status"))
    yield from reading.conditions(status)
    for field in ("listeners", "parents"):
        for each in mappings(status.get(field)):
            yield from reading.conditions(each)


def _phase(thing: Thing) -> Condition | None:
    status = mapping(thing.fields.get("status"))
    if status.get("reason") == "Copied":
        return None  # OLM copies a ClusterServiceVersion into every namespace that it watches
    phase = text(status.get("phase")) or text(at(status, "connectionState", "lastObservedState"))
    if phase is None:
        return None
    worst = next((e for e in reading.conditions(status) if e.status != "True" and e.message), None)
    return Condition(
        "phase",
        phase,
        text(status.get("reason")) or (worst.reason if worst else None),
        message(status.get("message")) or (worst.message if worst else None),
        moment(status.get("lastTransitionTime")),
    )


def _condition(situation: Situation, thing: Thing, condition: Condition) -> None:
    where = "status.phase" if condition.type == "phase" else f"status.conditions[{condition.type}]"
    source = Source(thing.subject, where, condition.message or condition.reason or condition.status)
    place: dict[str, Scalar | None] = {"object": thing.subject, "namespace": thing.namespace}
    of = {**place, "kind": thing.kind, "name": thing.name}
    situation.condition("resource_condition", condition, source, of=of, about=place)


# --- what they name --------------------------------------------------------------------------------------
_Named = tuple[str, str | None, str, str, int | None]
"""(kind, namespace, name, how, port)."""


def _of_gateway(thing: Thing) -> Iterator[_Named]:
    name = text(mapping(thing.fields.get("spec")).get("gatewayClassName"))
    if name:
        yield "gatewayclass", None, name, "gatewayClassName", None


def _of_route(thing: Thing) -> Iterator[_Named]:
    spec = mapping(thing.fields.get("spec"))
    for parent in mappings(spec.get("parentRefs")):
        name = text(parent.get("name"))
        if name and parent.get("kind", "Gateway") == "Gateway":
            yield "gateway", text(parent.get("namespace")) or thing.namespace, name, "parentRefs", None
    for rule in mappings(spec.get("rules")):
        for backend in mappings(rule.get("backendRefs")):
            name = text(backend.get("name"))
            if name and backend.get("kind", "Service") == "Service":
                where = text(backend.get("namespace")) or thing.namespace
                yield "service", where, name, "backendRefs", integer(backend.get("port"))


def _of_scaled_object(thing: Thing) -> Iterator[_Named]:
    target = mapping(at(thing.fields.get("spec"), "scaleTargetRef"))
    name = text(target.get("name"))
    if name:
        yield kind_of(text(target.get("kind")) or "Deployment"), thing.namespace, name, "scaleTarget", None


_REFERENCES: Final[Mapping[str, Callable[[Thing], Iterator[_Named]]]] = {
    "gateway": _of_gateway,
    "httproute": _of_route,
    "scaledobject": _of_scaled_object,
}


def _reference(
    situation: Situation, thing: Thing, kind: str, namespace: str | None, name: str, how: str, port: int | None
) -> None:
    inventory = situation.inventory
    where = None if kind in CLUSTER_SCOPED else namespace
    exists = inventory.exists(kind, where, name)
    service = inventory.services.get((where, name)) if kind == "service" else None
    has_port = any(each.number == port for each in service.ports) if service and port is not None else None
    target = namespaced(where, name)
    situation.relate(f"{kind} {target}", thing.subject, "is named by")
    if exists is None or (exists and has_port is not False):
        return
    situation.fact(
        "reference",
        Source(thing.subject, how, f"{kind} {target}{f', port {port}' if port else ''}"),
        object=thing.subject,
        namespace=thing.namespace,
        from_kind=thing.kind,
        to_kind=kind,
        to=target,
        to_name=name,
        to_namespace=where,
        key=str(port) if exists else None,
        key_exists=has_port,
        exists=exists,
        how=how,
        similar=similar(name, sorted(inventory.names.get((kind, where), ())))
        if not exists
        else joined(each.number for each in service.ports)
        if service
        else None,
        elsewhere=inventory.elsewhere(kind, where, name) if where and not exists else None,
    )
