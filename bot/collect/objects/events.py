"""Events: one fact and one passage each, with whether it still holds.

An event outlives what it tells of by an hour. It is stale when its object is gone or has recovered since; a stale
one is kept, marked, since it may explain what happened, but proves nothing about now.
"""

from __future__ import annotations

import re
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.limits import warming_up
from bot.collect.objects.nodes import joins
from bot.collect.objects.pod_record import RECENT_S
from bot.collect.objects.pods import unschedulable
from bot.collect.objects.records import Event, Pod, Thing
from bot.collect.objects.references import scale_target
from bot.collect.objects.resources import WORKLOADS
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import mapping, namespaced
from rules.kinds import Scalar, Source

PROVISIONING_S: Final = 60
"""A volume takes a moment to be made: what is said of a younger claim is the ordinary course."""
MAX_STALE: Final = 200
MAX_ABOUT_HEALTHY: Final = 500
"""Warnings about objects that are plainly healthy: a flood of them must not push out what is told of the sick."""
MAX_SIBLINGS: Final = 20
"""Events of the same reason about Pods of one controller; the further ones say the same."""
SCHEDULING: Final = "FailedScheduling"
PREEMPTED: Final = "Preempted"
MAKES_ENDPOINTS: Final = "endpoint-controller"
_UID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PROBE_FAILED: Final = "Unhealthy"
PROBED_AGAIN_S: Final = 120
"""A Pod that is ready this long after a probe of it failed has been probed well since."""
RETRIED_S: Final = 900
"""The kubelet tries again at least every five minutes: what it no longer says of a ready Pod is over."""
NOTICES: Final = frozenset({"DNSConfigForming", "CheckLimitsForResolvConf"})
"""Reasons of warnings that are given for good, whether anything suffers or not: of interest where a Pod does."""
WHILE_STOPPING: Final = frozenset({PROBE_FAILED, "Killing", "FailedPreStopHook"})
"""Reasons that are expected of a Pod that is being deleted, within its grace period."""
PRESSURES: Final = {
    "NodeHasDiskPressure": ("DiskPressure",),
    "NodeHasInsufficientMemory": ("MemoryPressure",),
    "NodeHasInsufficientPID": ("PIDPressure",),
    "EvictionThresholdMet": ("DiskPressure", "MemoryPressure", "PIDPressure"),
}
"""Reasons that tell of a condition of the node: over as soon as none of these conditions holds."""


def project(situation: Situation) -> None:
    left = {"stale": MAX_STALE, "healthy": MAX_ABOUT_HEALTHY}
    siblings: dict[tuple[Scalar | None, str | None, bool], set[str]] = {}
    for event, pod, told in _in_order(situation):
        stale = is_stale(situation, event, pod)
        if event.reason in NOTICES and (pod is None or situation.healthy(pod)):
            continue
        if not told:
            bound = "stale" if stale else "healthy"
            if left[bound] <= 0:
                continue
            left[bound] -= 1
        about = _about(situation, event)
        workload = about.get("workload")
        if workload and event.kind == "pod":
            group = siblings.setdefault((workload, event.reason, stale), set())
            if event.name not in group and len(group) >= MAX_SIBLINGS:
                continue
            group.add(event.name)
        _tell(situation, event, about, stale)


def _in_order(situation: Situation) -> list[tuple[Event, Pod | None, bool]]:
    """Events worth telling, with their Pod and whether it is told of: those about told objects first, newest first."""
    found = []
    for event in situation.inventory.events.values():
        pod = situation.inventory.pods.get((event.namespace, event.name)) if event.kind == "pod" else None
        told = _is_told(situation, event, pod)
        if told or event.type != "Normal":
            found.append((event, pod, told))
    return sorted(found, key=lambda each: (not each[2], -(each[0].last or 0.0)))


def _tell(situation: Situation, event: Event, about: dict[str, Scalar], stale: bool) -> None:
    source = Source(f"event about {event.subject}", event.reason or "", event.message)
    age = situation.age(event.last)
    situation.fact(
        "event",
        source,
        reason=event.reason,
        type=event.type,
        message=event.message,
        times=event.times,
        age_s=age,
        component=event.component,
        stale=stale,
        by=_named_by_uid(situation, event) if event.reason == PREEMPTED else None,
        **about,
    )
    situation.passage(
        event.message,
        source,
        via="event",
        reason=event.reason,
        times=event.times,
        age_s=age,
        stale=stale,
        **about,
    )
    if event.kind == "pod" and event.reason == SCHEDULING:
        pod = situation.inventory.pods.get((event.namespace, event.name))
        told_by_condition = (
            pod is not None
            and pod.detail is not None
            and any(
                each.type == "PodScheduled" and each.status == "False" and each.message
                for each in pod.detail.conditions
            )
        )
        if not told_by_condition:
            unschedulable(situation, namespaced(event.namespace, event.name), event.message, source, stale=stale)


def _about(situation: Situation, event: Event) -> dict[str, Scalar]:
    """What an event is about, in the attributes that facts are joined by."""
    about: dict[str, Scalar] = {"object": event.subject}
    key = namespaced(event.namespace, event.name)
    if event.namespace:
        about["namespace"] = event.namespace
    if event.container:
        about["container"] = event.container
    inventory = situation.inventory
    if event.kind == "pod":
        about["pod"] = key
        pod = inventory.pods.get((event.namespace, event.name))
        if pod:
            top = situation.top(pod)
            if top:
                about["workload"] = top
        elif event.reason == PREEMPTED:
            about |= _owner_by_name(situation, event)
        node = pod.node if pod and pod.node else event.host if event.component == "kubelet" else None
        if node:
            about["node"] = node
    elif event.kind == "node":
        about["node"] = event.name
    elif event.kind in WORKLOADS:
        known = inventory.workloads.get((event.kind, event.namespace, event.name))
        about["workload"] = situation.top_of(known) if known else event.subject
    elif event.kind in ("service", "endpoints"):
        about["service"] = key
    elif event.kind == "persistentvolumeclaim":
        about["claim"] = key
    elif event.kind == "persistentvolume":
        about["volume"] = event.name
    elif event.kind == "horizontalpodautoscaler":
        thing = inventory.things.get(event.kind, {}).get((event.namespace, event.name))
        target = mapping(mapping(thing.fields.get("spec")).get("scaleTargetRef")) if thing else {}
        if target.get("kind") and target.get("name"):
            about["workload"] = f"{str(target['kind']).lower()} {namespaced(event.namespace, str(target['name']))}"
    return about


def _named_by_uid(situation: Situation, event: Event) -> str | None:
    found = _UID.search(event.message)
    return next((pod.key for pod in situation.inventory.pods.values() if found and pod.uid == found[0]), None)


def _owner_by_name(situation: Situation, event: Event) -> dict[str, Scalar]:
    """The controller of a Pod that is gone: its ReplicaSet's name and five letters are its own name."""
    owner = situation.inventory.workloads.get(("replicaset", event.namespace, event.name.rpartition("-")[0]))
    return {"workload": situation.top_of(owner)} if owner else {}


def _is_told(situation: Situation, event: Event, pod: Pod | None) -> bool:
    """Whether its object is not plainly healthy or was asked about, so that Normal events matter too."""
    if event.kind == "pod":
        return situation.is_detailed(pod) if pod is not None else event.reason == PREEMPTED
    if situation.is_asked(event.kind, event.namespace, event.name):
        return True
    if event.kind in WORKLOADS:
        known = situation.inventory.workloads.get((event.kind, event.namespace, event.name))
        if known is None:
            return False
        return situation.is_sick(known) or situation.top_of(known) == situation.asked
    if event.kind == "node":
        node = situation.inventory.nodes.get(event.name)
        return node is not None and not node.usable
    if event.kind == "persistentvolumeclaim":
        claim = situation.inventory.things.get(event.kind, {}).get((event.namespace, event.name))
        pending = claim is not None and mapping(claim.fields.get("status")).get("phase") == "Pending"
        return pending and claim is not None and (situation.age(claim.created) or 0) > PROVISIONING_S
    return False


def is_stale(situation: Situation, event: Event, pod: Pod | None) -> bool:
    inventory = situation.inventory
    last = event.last
    if event.kind == "pod":
        if pod is None:
            return inventory.is_listed("pod", event.namespace)
        return _pod_recovered(situation, event, pod)
    if event.kind in WORKLOADS:
        known = inventory.workloads.get((event.kind, event.namespace, event.name))
        if known is None:
            return inventory.is_listed(event.kind, event.namespace)
        if event.uid and known.uid and event.uid != known.uid:
            return True
        if known.kind == "replicaset" and known.owner and not known.desired:
            return True
        return not any(
            situation.is_short(each) or situation.is_sick(each) for each in (known, situation.top_workload(known))
        )
    if event.kind == "node":
        node = inventory.nodes.get(event.name)
        if node is None:
            return inventory.is_listed("node", None)
        if event.reason in PRESSURES and node.conditions:
            return not any(each.type in PRESSURES[event.reason] and each.status == "True" for each in node.conditions)
        if node.ready != "True":
            return joins(situation, node)
        if event.reason == "NodeNotReady":
            return True
        return last is not None and (
            (node.ready_since is not None and last <= node.ready_since) or situation.now - last > RETRIED_S
        )
    if event.kind == "persistentvolumeclaim":
        claim = inventory.things.get(event.kind, {}).get((event.namespace, event.name))
        if claim is not None:
            return mapping(claim.fields.get("status")).get("phase") == "Bound" and event.reason != "VolumeResizeFailed"
    if event.kind == "horizontalpodautoscaler":
        autoscaler = inventory.things.get(event.kind, {}).get((event.namespace, event.name))
        if autoscaler is not None:
            return _autoscaler_works(situation, autoscaler)
    if event.kind == "endpoints" and event.component == MAKES_ENDPOINTS:
        # Told also of a Service that was deleted meanwhile, then in the namespace `default`.
        return inventory.exists("service", event.namespace, event.name) is False
    return inventory.exists(event.kind, event.namespace, event.name) is False


def _autoscaler_works(situation: Situation, autoscaler: Thing) -> bool:
    """Both of its conditions hold now, or it had no time yet to find metrics."""
    target = scale_target(autoscaler)
    workload = situation.inventory.workloads.get((target[0], autoscaler.namespace, target[1])) if target else None
    states = {each.type: each.status for each in reading.conditions(autoscaler.fields.get("status"))}
    works = states.get("AbleToScale") == "True" and states.get("ScalingActive") == "True"
    return works or warming_up(situation, autoscaler, workload)


def _pod_recovered(situation: Situation, event: Event, pod: Pod) -> bool:
    last = event.last
    if event.uid and pod.uid and event.uid != pod.uid and len(event.uid) == len(pod.uid):
        return True
    if event.reason == SCHEDULING and pod.node:
        return True
    if event.reason == "NodeNotReady" and pod.node:
        node = situation.inventory.nodes.get(pod.node)
        return node is not None and node.ready == "True"
    if pod.ended or (pod.deleting and event.reason in WHILE_STOPPING):
        return situation.healthy(pod)
    if pod.starting and event.reason == PROBE_FAILED:
        return True  # within the delays and thresholds of its own probes
    if last is None:
        return situation.healthy(pod) and not pod.starting
    if pod.ready and pod.ready_since is not None and last <= pod.ready_since and situation.healthy(pod):
        return True
    well_for = PROBED_AGAIN_S if event.reason == PROBE_FAILED else RETRIED_S
    if pod.ready and situation.healthy(pod) and situation.now - last > well_for:
        return True
    if pod.detail is None:
        return pod.last_start is not None and last < pod.last_start and situation.healthy(pod)
    if event.container:
        container = next((each for each in pod.detail.containers if each.name == event.container), None)
        if container is None:
            return False
        if container.role == "init" and container.ended and container.ended.exit_code == 0:
            return True
        running_since = container.since if container.state == "running" else None
        flapping = (
            bool(container.restarts)
            and container.last is not None
            and (container.last.finished is None or situation.now - container.last.finished < RECENT_S)
        )
        return running_since is not None and last < running_since and container.ready is not False and not flapping
    # about the Pod as a whole (mounts, sandbox): a container that has started since needed all of that
    starts = [each.since for each in pod.detail.containers if each.since is not None]
    starts += [each.ended.started for each in pod.detail.containers if each.ended and each.ended.started is not None]
    return any(start > last for start in starts) and not pod.deleting
