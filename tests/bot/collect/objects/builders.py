"""Small API objects for tests: each with only what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.collect.objects import Projector
from bot.collect.objects.resources import kind_of
from rules.kinds import Fact
from rules.observations import Observations

NOW = datetime(2025, 6, 10, 12, 0, tzinfo=UTC)
Object = dict[str, Any]


def meta(name: str, namespace: str | None = "shop", **more: Any) -> Object:
    found = {"name": name, "creationTimestamp": "2025-06-10T08:00:00Z", **more}
    return found | ({"namespace": namespace} if namespace else {})


def running(name: str = "app", since: str = "2025-06-10T08:00:10Z", **more: Any) -> Object:
    return {"name": name, "ready": True, "restartCount": 0, "state": {"running": {"startedAt": since}}, **more}


def waiting(reason: str, message: str = "", name: str = "app", **more: Any) -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": name, "ready": False, "restartCount": 0, "state": state, **more}


def ended(code: int, reason: str = "Error", finished: str = "2025-06-10T11:58:00Z", **more: Any) -> Object:
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": finished, **more}}


def pod(
    name: str = "web-0",
    *statuses: Object,
    phase: str = "Running",
    ready: bool | None = None,
    node: str | None = "n1",
    spec: Object | None = None,
    **metadata: Any,
) -> Object:
    found = list(statuses) or [running()]
    is_ready = all(each["ready"] for each in found) if ready is None else ready
    conditions = [
        {
            "type": "Ready",
            "status": str(is_ready),
            "lastTransitionTime": metadata.pop("ready_since", "2025-06-10T08:00:20Z"),
        }
    ]
    containers = [{"name": each["name"], "image": "web:1"} for each in found]
    return {
        "kind": "Pod",
        "metadata": meta(name, metadata.pop("namespace", "shop"), **metadata),
        "spec": {"containers": containers, "nodeName": node, **(spec or {})},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": found, "podIP": "10.0.0.1"},
    }


def owned(kind: str, name: str) -> Object:
    return {"ownerReferences": [{"kind": kind, "name": name, "controller": True}]}


def deployment(name: str = "web", desired: int = 1, ready: int = 1, **more: Any) -> Object:
    status = {"replicas": desired, "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": desired}
    return {
        "kind": "Deployment",
        "metadata": meta(name),
        "spec": {
            "replicas": desired,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app"}]}},
        }
        | more.pop("spec", {}),
        "status": status | more.pop("status", {}),
    }


def node(name: str = "n1", ready: str = "True", **spec: Any) -> Object:
    return {
        "kind": "Node",
        "metadata": meta(name, None, labels=spec.pop("labels", {"kubernetes.io/hostname": name})),
        "spec": spec,
        "status": {
            "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "conditions": [
                {
                    "type": "Ready",
                    "status": ready,
                    "lastHeartbeatTime": "2025-06-10T11:59:00Z",
                    "lastTransitionTime": "2025-06-10T11:30:00Z",
                }
            ],
            "nodeInfo": {"kubeletVersion": "v1.31.4", "containerRuntimeVersion": "containerd://1.7.24"},
        },
    }


def event(
    kind: str, name: str, reason: str, message: str = "m", last: str = "2025-06-10T11:59:00Z", **more: Any
) -> Object:
    involved = {"kind": kind, "name": name, "namespace": "shop", **more.pop("involved", {})}
    return {
        "kind": "Event",
        "metadata": meta(f"{name}.{reason}"),
        "involvedObject": involved,
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": last,
        "count": 3,
        **more,
    }


def project(*objects: Object, listed: str = "", asked: str | None = None, hygiene: bool = False) -> Observations:
    """The observations of some objects. `listed`: kinds whose lists are whole, in all namespaces."""
    projector = Projector(NOW, asked, hygiene)
    for each in objects:
        projector.add(kind_of(each["kind"]), each)
    for kind in {kind_of(word) for word in listed.split()} | {kind_of(each["kind"]) for each in objects if listed}:
        projector.listed(kind, None, sum(1 for each in objects if kind_of(each["kind"]) == kind))
    return projector.finish()


def facts(observations: Observations, kind: str) -> list[Fact]:
    return [each for each in observations.facts if each.kind == kind]


def one(observations: Observations, kind: str) -> Fact:
    (found,) = facts(observations, kind)
    return found


def odd(observations: Observations) -> list[Fact]:
    """Facts beyond what every answer has."""
    return [each for each in observations.facts if each.kind not in ("cluster", "recorded")]


def related(observations: Observations) -> set[tuple[str, str]]:
    return {(each.upper, each.lower) for each in observations.relations}
