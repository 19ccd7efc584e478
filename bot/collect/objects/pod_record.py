"""A Pod's JSON -> its record, and whether it is plainly healthy by itself.

This is the hot path: a large cluster has 50,000 of them, nearly all healthy. A healthy one is read in some 20
microseconds; the parts that only a sick one needs are read only then.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeVar

from bot.collect.objects import reading
from bot.collect.objects.reading_calls import calls
from bot.collect.objects.records import Amounts, Container, Owner, Pod, PodDetail, Port, Probe
from bot.collect.objects.values import (
    Json,
    at,
    boolean,
    integer,
    joined,
    labels,
    mapping,
    mappings,
    message,
    moment,
    quantity,
    sequence,
    text,
)

RECENT_S: Final = 3600
"""A restart longer ago than this is history."""
RECENT_OOM_S: Final = 6 * 3600
"""Being OOM-killed twice within this is not history: memory use grows with load, and it will happen again."""
STARTING_S: Final = 15
"""A Pod younger than this has had no time to become ready."""
CREATING_S: Final = 60
"""Images, volumes and sandbox of a new Pod take this long without anything being wrong."""
DELETION_SLACK_S: Final = 30
"""Past the end of its grace period a Pod may take this long to vanish before it counts as stuck."""
DEFAULT_GRACE_S: Final = 30
STARTING_REASONS: Final = frozenset({None, "ContainerCreating", "PodInitializing"})

_FOR_WATCHERS: Final = frozenset(
    "metrics prometheus prom health healthz probe admin debug pprof jmx management".split()
)
"""Words in the names of ports at which an application is watched."""
_STATIC: Final = ("kubernetes.io/config.mirror", "kubernetes.io/config.source")
_T = TypeVar("_T")


class PodReader:
    """Reads Pods. Holds what they share, so that a thousand replicas hold one copy of their ports and requests."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._shared: dict[Any, Any] = {}

    def _share(self, value: _T) -> _T:
        found: _T = self._shared.setdefault(value, value)
        return found

    def read(self, namespace: str | None, name: str, obj: Json, *, detailed: bool) -> Pod:
        """The record; with its detail when it is not plainly healthy or when `detailed` asks for it."""
        metadata, spec, status = (
            mapping(obj.get("metadata")),
            mapping(obj.get("spec")),
            mapping(obj.get("status")),
        )
        phase = text(status.get("phase"))
        ready, since = _ready(status)
        deleted_at = moment(metadata["deletionTimestamp"]) if "deletionTimestamp" in metadata else None
        created = moment(metadata.get("creationTimestamp"))
        statuses = mappings(status.get("containerStatuses"))
        restarts, last_start = 0, None
        for each in statuses:
            count = each.get("restartCount")
            if type(count) is int:
                restarts += count
            running = at(each, "state", "running")
            if type(running) is dict:
                started = moment(running.get("startedAt"))
                if started is not None and (last_start is None or started > last_start):
                    last_start = started
        for each in mappings(status.get("initContainerStatuses")):
            count = each.get("restartCount")
            restarts += count if type(count) is int else 0
        ended = phase in ("Succeeded", "Failed", "Terminated")
        starting = False
        if deleted_at is not None:
            healthy = self._now <= deleted_at + DELETION_SLACK_S
        elif phase == "Succeeded" or not status:  # without a status it is a manifest, not a sick Pod
            healthy = True
        elif phase == "Running":
            healthy = ready is not False and not self._troubled(statuses, ready)
            if not healthy and ready is False and not restarts:
                starting = healthy = self._within_delays(spec, status, created)
        else:
            starting = healthy = not ended and self._just_made(status, created, text(spec.get("nodeName")))
        owner = reading.owner(metadata) if "ownerReferences" in metadata else None
        static = bool(owner and owner.kind == "node")
        annotations = metadata.get("annotations")
        if type(annotations) is dict and any(key in annotations for key in _STATIC):
            static = True
        volumes = spec.get("volumes")
        claims = tuple(
            claim
            for claim in (text(at(each, "persistentVolumeClaim", "claimName")) for each in mappings(volumes))
            if claim
        )
        return Pod(
            namespace,
            name,
            text(metadata.get("uid")),
            created,
            phase,
            text(spec.get("nodeName")),
            text(status.get("podIP")),
            labels(metadata.get("labels")),
            None if owner is None or static else self._share(Owner(owner.kind, owner.name)),
            ready,
            since,
            last_start,
            healthy,
            starting,
            ended,
            deleted_at is not None,
            static,
            restarts,
            self._share(() if ended else requests(spec)),
            self._ports(spec),
            any(_serves(port) for each in mappings(spec.get("containers"))[:1] for port in reading.ports(each)),
            self._probed(spec),
            claims,
            self._detail(metadata, spec, status, deleted_at) if detailed or not healthy else None,
        )

    def _ports(self, spec: Json) -> tuple[Port, ...]:
        found: tuple[Port, ...] = ()
        for each in mappings(spec.get("containers")):
            if each.get("ports"):
                found += reading.ports(each)
        for each in mappings(spec.get("initContainers")):
            if each.get("ports"):
                found += reading.ports(each)
        return self._share(found)

    def _probed(self, spec: Json) -> tuple[str, ...]:
        containers = mappings(spec.get("containers"))
        return self._share(tuple(probe.port for each in containers for probe in reading.probes(each) if probe.port))

    def _troubled(self, statuses: list[Json], ready: bool | None) -> bool:
        """Whether a container of a running Pod is not up, or was restarted or OOM-killed lately."""
        for each in statuses:
            state = each.get("state")
            if type(state) is dict and "running" not in state and state:
                return True
            if ready is None and each.get("ready") is False and "ready" in each:
                return True
            if each.get("restartCount"):
                last = at(each, "lastState", "terminated")
                if type(last) is not dict:
                    continue
                finished = moment(last.get("finishedAt"))
                if finished is None:
                    continue
                age = self._now - finished
                if age < RECENT_S:
                    return True
                count = each["restartCount"]
                if last.get("reason") == "OOMKilled" and type(count) is int and count >= 2 and age < RECENT_OOM_S:
                    return True
        return False

    def _within_delays(self, spec: Json, status: Json, created: float | None) -> bool:
        """Whether each container that is not ready may still be waiting for its first probe."""
        by_name = {text(each.get("name")): each for each in mappings(status.get("containerStatuses"))}
        waiting = 0
        for each in mappings(spec.get("containers")):
            state = by_name.get(text(each.get("name")), {})
            if state.get("ready") is True:
                continue
            waiting += 1
            started = moment(at(state, "state", "running", "startedAt"))
            declared = {str(port.number) for port in reading.ports(each)} | {port.name for port in reading.ports(each)}
            probes = tuple(
                probe
                for probe in reading.probes(each)
                if probe.probe != "startup"
                or (state.get("started") is not True and (not declared or not probe.port or probe.port in declared))
            )
            if started is None or self._now - started > allowance_s(probes):
                return False
        return waiting > 0 or (created is not None and self._now - created < STARTING_S)

    def _just_made(self, status: Json, created: float | None, node: str | None) -> bool:
        if created is None or self._now - created > (CREATING_S if node else STARTING_S):
            return False
        for each in mappings(status.get("conditions")):
            if each.get("type") == "PodScheduled" and each.get("status") == "False":
                return False  # the scheduler has looked already, and says why not
        return all(
            text(at(each, "state", "waiting", "reason")) in STARTING_REASONS and not each.get("restartCount")
            for key in ("containerStatuses", "initContainerStatuses")
            for each in mappings(status.get(key))
        )

    def _detail(self, metadata: Json, spec: Json, status: Json, deleted_at: float | None) -> PodDetail:
        found = reading.containers(spec, status)
        host_network = boolean(spec.get("hostNetwork"))
        grace = integer(metadata.get("deletionGracePeriodSeconds"))
        scheduler = text(spec.get("schedulerName"))
        return PodDetail(
            found,
            reading.conditions(status),
            reading.references(spec),
            calls(spec),
            shown_status(status, found, deleted_at is not None),
            text(status.get("reason")),
            message(status.get("message")),
            reading.finalizers(metadata),
            text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount")),
            labels(spec.get("nodeSelector")),
            reading.node_terms(at(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")),
            reading.shown_pod_affinity(spec, "podAffinity"),
            reading.shown_pod_affinity(spec, "podAntiAffinity"),
            tuple(
                (
                    text(t.get("key")),
                    text(t.get("operator")) or "Equal",
                    text(t.get("value")),
                    text(t.get("effect")),
                )
                for t in mappings(spec.get("tolerations"))
            ),
            None if scheduler == "default-scheduler" else scheduler,
            joined(text(gate.get("name")) for gate in mappings(spec.get("schedulingGates"))),
            host_network,
            text(spec.get("dnsPolicy")),
            joined(text(each) for each in sequence(at(spec, "dnsConfig", "nameservers"))),
            text(spec.get("restartPolicy")),
            text(spec.get("priorityClassName")),
            deleted_at,
            DEFAULT_GRACE_S if grace is None else grace,
        )


def allowance_s(found: tuple[Probe, ...]) -> float:
    """How long after its start a container may be unready for nothing but its probes' own delays.

    A startup probe may fail as often as its threshold says, that is what it is for; and a readiness probe that fails
    less often in a row would not make a Pod that serves unready either.
    """
    allowed = float(STARTING_S)
    for each in found:
        if each.probe in ("readiness", "startup"):
            allowed = max(allowed, each.initial_delay_s + each.period_s * each.failure_threshold)
    return allowed


def _serves(port: Port) -> bool:
    """Whether a declared port may be the application's own, not one for those who watch it."""
    return not (_FOR_WATCHERS & set((port.name or "").split("-")))


def _ready(status: Json) -> tuple[bool | None, float | None]:
    for each in mappings(status.get("conditions")):
        if each.get("type") == "Ready":
            return each.get("status") == "True", moment(each.get("lastTransitionTime"))
    return None, None


def requests(spec: Json) -> Amounts:
    """What the scheduler counts for the Pod: the containers' sum, or the largest init container if that is more."""
    total: dict[str, float] = {}
    for each in mappings(spec.get("containers")):
        _add(total, at(each, "resources", "requests"))
    largest: dict[str, float] = {}
    for each in mappings(spec.get("initContainers")):
        if each.get("restartPolicy") == "Always":
            _add(total, at(each, "resources", "requests"))
        else:
            own: dict[str, float] = {}
            _add(own, at(each, "resources", "requests"))
            for name, amount in own.items():
                largest[name] = max(largest.get(name, 0.0), amount)
    for name, amount in largest.items():
        total[name] = max(total.get(name, 0.0), amount)
    if spec.get("overhead"):
        _add(total, spec["overhead"])
    return tuple(sorted(total.items()))


def _add(total: dict[str, float], amounts: object) -> None:
    if type(amounts) is not dict:
        return
    for name, written in amounts.items():
        amount = quantity(written)
        if amount is not None and math.isfinite(amount):
            total[str(name)] = total.get(str(name), 0.0) + amount


def shown_status(status: Json, found: tuple[Container, ...], deleting: bool) -> str:
    """The STATUS column of `kubectl get pods` (printPod in kubernetes/pkg/printers/internalversion)."""
    shown = text(status.get("reason")) or text(status.get("phase")) or "Unknown"
    inits = [each for each in found if each.role in ("init", "sidecar")]
    for number, each in enumerate(inits):
        if each.ended and each.ended.exit_code == 0:
            continue
        if each.role == "sidecar" and each.started:
            continue
        if each.state is None and not each.reason and status.get("phase") not in ("Pending", None):
            continue
        if each.ended:
            shown = f"Init:{each.ended.reason or _exit(each)}"
        elif each.state == "waiting" and each.reason and each.reason != "PodInitializing":
            shown = f"Init:{each.reason}"
        elif each.state is None:
            break
        else:
            shown = f"Init:{number}/{len(inits)}"
        return "Terminating" if deleting else shown
    running = False
    for each in reversed([each for each in found if each.role == "main"]):
        if each.state == "waiting" and each.reason:
            shown = each.reason
        elif each.ended:
            shown = each.ended.reason or _exit(each)
        elif each.state == "running" and each.ready:
            running = True
    if shown == "Completed" and running:
        shown = "Running"
    if deleting:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return shown


def _exit(each: Container) -> str:
    assert each.ended is not None
    return f"Signal:{each.ended.signal}" if each.ended.signal else f"ExitCode:{each.ended.exit_code}"
