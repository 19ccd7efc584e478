"""Writes `bot/demo/recording`: the broken cluster behind `kdiag demo`, from a few lines that say what is in it.

Swap came back with a reboot of node-2, so its kubelet does not start: the node is NotReady, its Pods are lost and their
replacements do not fit on what is left. Apart from that, a Deployment refers to a Secret that nobody made.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "bot" / "demo" / "recording"
NOW = "2026-05-12T03:07:00Z"
REBOOT = "2026-05-12T02:51:00Z"
EVICTED = "2026-05-12T02:57:10Z"
LAST_WEEK = "2026-05-05T09:00:00Z"

KUBELET_JOURNAL = """\
May 12 02:51:02 node-2 systemd[1]: Started kubelet.service - kubelet: The Kubernetes Node Agent.
May 12 02:51:03 node-2 kubelet[811]: I0512 02:51:03.214410     811 server.go:527] "Kubelet version" kubeletVersion="v1.32.4"
May 12 02:51:03 node-2 kubelet[811]: I0512 02:51:03.330127     811 swap_util.go:119] "Swap is on" /proc/swaps contents=<
May 12 02:51:03 node-2 kubelet[811]: E0512 02:51:03.330210     811 run.go:72] "command failed" err="failed to run Kubelet: \
running with swap on is not supported, please disable swap or set --fail-swap-on flag to false"
May 12 02:51:03 node-2 systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE
May 12 02:51:03 node-2 systemd[1]: kubelet.service: Failed with result 'exit-code'.
May 12 03:06:54 node-2 systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 93.
"""


def metadata(name: str, namespace: str | None = None, **more: Any) -> dict[str, Any]:
    scope = {"namespace": namespace} if namespace else {}
    return {"name": name, **scope, "uid": f"uid-{namespace}-{name}", "creationTimestamp": LAST_WEEK, **more}


def condition(type_: str, status: str, since: str = LAST_WEEK, **more: str) -> dict[str, Any]:
    return {"type": type_, "status": status, "lastTransitionTime": since, **more}


def node(name: str, role: str = "", silent: bool = False, cpu: str = "4") -> dict[str, Any]:
    ready = condition("Ready", "True", lastHeartbeatTime=NOW, reason="KubeletReady")
    taints = []
    if silent:
        message = "Kubelet stopped posting node status."
        ready = condition(
            "Ready", "Unknown", REBOOT, lastHeartbeatTime=REBOOT, reason="NodeStatusUnknown", message=message
        )
        taints = [
            {"key": "node.kubernetes.io/unreachable", "effect": effect, "timeAdded": REBOOT}
            for effect in ("NoSchedule", "NoExecute")
        ]
    if role:
        taints.append({"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"})
    resources = {"cpu": cpu, "memory": "8Gi", "pods": "110", "ephemeral-storage": "50Gi"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    return {
        "metadata": metadata(name, labels=labels | ({"node-role.kubernetes.io/control-plane": ""} if role else {})),
        "spec": {"taints": taints},
        "status": {
            "conditions": [
                condition(t, "Unknown" if silent else "False", REBOOT if silent else LAST_WEEK, reason="NodeStatusUnknown" if silent else "KubeletHasNo" + t)
                for t in ("MemoryPressure", "DiskPressure", "PIDPressure")
            ]
            + [ready],
            "capacity": resources,
            "allocatable": resources,
            "nodeInfo": {"kubeletVersion": "v1.32.4", "containerRuntimeVersion": "containerd://1.7.27", "osImage": "Debian GNU/Linux 12"},
            "addresses": [{"type": "InternalIP", "address": f"10.0.0.{sum(map(ord, name)) % 200}"}],
        },
    }  # fmt: skip


def owner(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def pod(app: str, suffix: str, on: str | None, cpu: str = "500m", **change: Any) -> dict[str, Any]:
    """A Pod of Deployment `app`; healthy unless `change` says otherwise (status, deleted, secret)."""
    name = f"{app}-7c9d8f6b5-{suffix}"
    ready = "True" if on else "False"
    container: dict[str, Any] = {
        "name": app,
        "image": f"registry.example.com/shop/{app}:3.1",
        "resources": {"requests": {"cpu": cpu, "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "ports": [{"containerPort": 8080, "name": "http"}],
    }
    status: dict[str, Any] = {
        "phase": "Running",
        "podIP": "10.244.1.7",
        "conditions": [condition(t, ready) for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
        "containerStatuses": [
            {"name": app, "image": container["image"], "ready": True, "started": True, "restartCount": 0, "state": {"running": {"startedAt": LAST_WEEK}}}
        ],
    }  # fmt: skip
    more: dict[str, Any] = {}
    if change.get("secret"):
        container["env"] = [
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": change["secret"], "key": "token"}}}
        ]
        waiting = {"reason": "CreateContainerConfigError", "message": f'secret "{change["secret"]}" not found'}
        status["phase"] = "Pending"
        status["conditions"] = [condition(t, "False", EVICTED) for t in ("Ready", "ContainersReady")]
        status["conditions"].append(condition("PodScheduled", "True", EVICTED))
        status["containerStatuses"][0] |= {"ready": False, "started": False, "state": {"waiting": waiting}}
    if change.get("lost"):
        status["conditions"] = [
            condition("Ready", "False", REBOOT, reason="NodeNotReady"),
            condition("PodScheduled", "True"),
        ]
        more = {"deletionTimestamp": EVICTED, "deletionGracePeriodSeconds": 30}
    if on is None:
        status = {
            "phase": "Pending",
            "conditions": [condition("PodScheduled", "False", EVICTED, reason="Unschedulable", message=NO_ROOM)],
        }
        more = {"creationTimestamp": EVICTED}
    labels = {"app": app, "pod-template-hash": "7c9d8f6b5"}
    spec = {"containers": [container], "restartPolicy": "Always", "serviceAccountName": "default"}
    return {
        "metadata": metadata(
            name, "shop", labels=labels, ownerReferences=owner("ReplicaSet", f"{app}-7c9d8f6b5"), **more
        ),
        "spec": spec | ({"nodeName": on} if on else {}),
        "status": status,
    }


NO_ROOM = (
    "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
    "1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }. preemption: 0/3 nodes are available: "
    "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
)


def deployment(app: str, wanted: int, ready: int) -> tuple[dict[str, Any], dict[str, Any]]:
    labels = {"app": app}
    counts = {"replicas": wanted, "updatedReplicas": wanted}
    if ready:
        counts |= {"readyReplicas": ready, "availableReplicas": ready}
    available = condition("Available", "True" if ready == wanted else "False", EVICTED, reason="MinimumReplicasAvailable" if ready == wanted else "MinimumReplicasUnavailable")  # fmt: skip
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": app, "image": f"registry.example.com/shop/{app}:3.1"}]},
    }
    spec = {"replicas": wanted, "selector": {"matchLabels": labels}, "template": template}
    one = {"metadata": metadata(app, "shop"), "spec": spec, "status": counts | {"conditions": [available]}}
    set_name = f"{app}-7c9d8f6b5"
    two = {
        "metadata": metadata(set_name, "shop", labels=labels, ownerReferences=owner("Deployment", app)),
        "spec": spec,
        "status": counts,
    }
    return one, two


def event(kind: str, name: str, reason: str, message: str, when: str, component: str, count: int = 1) -> dict[str, Any]:
    namespace = {} if kind == "Node" else {"namespace": "shop"}
    return {
        "metadata": metadata(f"{name}.{reason.lower()}", "shop"),
        "involvedObject": {"kind": kind, "name": name, **namespace},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": count,
        "firstTimestamp": when,
        "lastTimestamp": NOW if count > 1 else when,
        "source": {"component": component},
    }


def service(app: str, addresses: int) -> tuple[dict[str, Any], dict[str, Any]]:
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    one = {
        "metadata": metadata(app, "shop"),
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.7.20", "selector": {"app": app}, "ports": ports},
    }
    subset = {
        "addresses": [{"ip": f"10.244.1.{n + 7}"} for n in range(addresses)],
        "ports": [{"name": "http", "port": 8080}],
    }
    return one, {"metadata": metadata(app, "shop"), "subsets": [subset] if addresses else []}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    pods = [
        pod("web", "k2x9p", "node-1"),
        pod("web", "m8z4t", "node-2", lost=True),
        pod("web", "q5v7c", None),
        pod("cart", "b7h2n", "node-2", cpu="2", lost=True),
        pod("cart", "w9d3s", None, cpu="2"),
        pod("search", "f4j6r", "node-1", cpu="2500m"),
        pod("mailer", "x3l8g", "node-1", secret="smtp-token"),
    ]
    deployments, sets = zip(
        *(deployment(*each) for each in (("web", 2, 1), ("cart", 1, 0), ("search", 1, 1), ("mailer", 1, 0))),
        strict=True,
    )
    services, endpoints = zip(*(service(*each) for each in (("web", 1), ("cart", 0), ("search", 1))), strict=True)
    events = [
        event("Node", "node-2", "NodeNotReady", "Node node-2 status is now: NodeNotReady", REBOOT, "node-controller"),
        event("Pod", "web-7c9d8f6b5-q5v7c", "FailedScheduling", NO_ROOM, EVICTED, "default-scheduler", 3),
        event("Pod", "cart-7c9d8f6b5-w9d3s", "FailedScheduling", NO_ROOM, EVICTED, "default-scheduler", 3),
        event(
            "Pod", "mailer-7c9d8f6b5-x3l8g", "Failed", 'Error: secret "smtp-token" not found', EVICTED, "kubelet", 40
        ),
    ]
    lists: dict[str, tuple[str, list[Any]]] = {
        "nodes.json": ("Node", [node("control-1", "control-plane"), node("node-1"), node("node-2", silent=True)]),
        "shop/pods.json": ("Pod", pods),
        "shop/deployments.json": ("Deployment", list(deployments)),
        "shop/replicasets.json": ("ReplicaSet", list(sets)),
        "shop/services.json": ("Service", list(services)),
        "shop/endpoints.json": ("Endpoints", list(endpoints)),
        "shop/events.json": ("Event", events),
        "shop/secrets.json": ("Secret", [{"metadata": metadata("smtp-credentials", "shop"), "type": "Opaque"}]),
        "shop/configmaps.json": ("ConfigMap", []),
    }
    texts = {
        "hosts/node-2/systemctl-is-active.txt": "--- containerd ---\nactive\nenabled\n\n--- kubelet ---\nactivating\nenabled\n",
        "hosts/node-2/journalctl-kubelet.txt": KUBELET_JOURNAL,
    }
    for name, (kind, items) in lists.items():
        content = {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": items}
        texts[name] = json.dumps(content, indent=1) + "\n"
    for name, text in texts.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
