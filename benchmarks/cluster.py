"""A large recorded cluster with known faults, made from nothing, for the benchmark."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson

NOW = "2025-06-10T12:00:00Z"
THEN = "2025-06-10T08:00:00Z"
NAMESPACES = 100


def write(folder: Path, nodes: int, pods: int, faults: int, seed: int = 1) -> None:
    """`faults` Pods that crash, cannot pull or do not fit, among `pods` healthy ones on `nodes` nodes."""
    chance = random.Random(seed)
    _dump(folder / "nodes.json", "NodeList", [_node(f"node-{n}") for n in range(nodes)])
    broken = set(chance.sample(range(pods), faults))
    per_namespace = pods // NAMESPACES
    for number in range(NAMESPACES):
        namespace = f"team-{number}"
        items, events = [], []
        for index in range(number * per_namespace, (number + 1) * per_namespace):
            fault = chance.choice(("crash", "pull", "unschedulable")) if index in broken else ""
            pod, event = _pod(namespace, index, nodes, fault)
            items.append(pod)
            events += event
        _dump(folder / namespace / "pods.json", "PodList", items)
        _dump(folder / namespace / "events.json", "EventList", events)
        _dump(folder / namespace / "services.json", "ServiceList", [])


def _dump(path: Path, kind: str, items: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({"kind": kind, "apiVersion": "v1", "metadata": {}, "items": items}))


def _node(name: str) -> dict[str, Any]:
    conditions = [
        {"type": t, "status": s, "lastHeartbeatTime": NOW, "lastTransitionTime": THEN, "reason": r}
        for t, s, r in (
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"),
            ("Ready", "True", "KubeletReady"),
        )
    ]
    resources = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": THEN,
            "labels": {"kubernetes.io/os": "linux"},
        },
        "spec": {"podCIDR": "10.0.0.0/24"},
        "status": {
            "conditions": conditions,
            "capacity": resources,
            "allocatable": resources,
            "nodeInfo": {"kubeletVersion": "v1.32.4", "containerRuntimeVersion": "containerd://1.7.27"},
            "addresses": [{"type": "InternalIP", "address": "10.1.2.3"}, {"type": "Hostname", "address": name}],
        },
    }


def _pod(namespace: str, index: int, nodes: int, fault: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    name = f"app-{index % 50}-6b8d9c7f5d-{index:05x}"
    image = f"registry.example.com/team/app-{index % 50}:1.{index % 7}"
    ready = not fault
    state: dict[str, Any] = {"running": {"startedAt": THEN}}
    status: dict[str, Any] = {"name": "app", "image": image, "ready": ready, "restartCount": 0, "started": ready}
    events = []
    if fault == "crash":
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
        ended = {"exitCode": 1, "reason": "Error", "startedAt": THEN, "finishedAt": NOW}
        status |= {"restartCount": 12, "lastState": {"terminated": ended}}
        events.append(_event(namespace, name, "BackOff", "Back-off restarting failed container app"))
    elif fault == "pull":
        state = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
        text = (
            f'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to resolve reference: not found'
        )
        events.append(_event(namespace, name, "Failed", text))
    status["state"] = state
    conditions = [
        {"type": t, "status": "True" if ready else "False", "lastTransitionTime": THEN}
        for t in ("Initialized", "Ready", "ContainersReady")
    ]
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": THEN}
    pod: dict[str, Any] = {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{namespace}-{name}",
            "creationTimestamp": THEN,
            "labels": {"app": f"app-{index % 50}", "pod-template-hash": "6b8d9c7f5d"},
            "ownerReferences": [
                {
                    "kind": "ReplicaSet",
                    "name": f"app-{index % 50}-6b8d9c7f5d",
                    "controller": True,
                    "apiVersion": "apps/v1",
                }
            ],
        },
        "spec": {
            "nodeName": f"node-{index % nodes}",
            "containers": [
                {
                    "name": "app",
                    "image": image,
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                    "ports": [{"containerPort": 8080, "name": "http"}],
                }
            ],
            "restartPolicy": "Always",
            "serviceAccountName": "default",
        },
        "status": {"phase": "Running", "conditions": [*conditions, scheduled], "containerStatuses": [status]},
    }
    if fault == "unschedulable":
        message = "0/1000 nodes are available: 1000 Insufficient memory. preemption: not eligible."
        scheduled |= {"status": "False", "reason": "Unschedulable", "message": message}
        del pod["spec"]["nodeName"]
        pod["status"] = {"phase": "Pending", "conditions": [scheduled]}
        events.append(_event(namespace, name, "FailedScheduling", message))
    return pod, events


def _event(namespace: str, pod: str, reason: str, message: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{pod}.{reason.lower()}", "namespace": namespace, "creationTimestamp": NOW},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": namespace, "uid": f"uid-{namespace}-{pod}"},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": 3,
        "firstTimestamp": THEN,
        "lastTimestamp": NOW,
        "source": {"component": "kubelet"},
    }
