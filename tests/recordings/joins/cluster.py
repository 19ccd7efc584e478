"""A small cluster in memory, healthy until told otherwise, written as a recorded cluster.

Times are minutes before the recording's end, so that a scenario reads as "40 minutes ago". Objects carry only the fields
that an API server would fill and that matter for the story.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

NOW = datetime(2026, 3, 4, 3, 10, tzinfo=UTC)
LONG_AGO = 30 * 24 * 60
Object = dict[str, Any]
CLUSTER_WIDE = {
    "Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "PriorityClass", "ClusterRole",
    "ClusterRoleBinding", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService",
    "CustomResourceDefinition", "VolumeAttachment", "CSIDriver", "CSINode", "CertificateSigningRequest",
}  # fmt: skip
FILES = {
    "Endpoints": "endpoints", "Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "StorageClass": "storageclasses",
    "IngressClass": "ingressclasses", "PriorityClass": "priorityclasses", "ReplicationController": "replication-controllers",
}  # fmt: skip
VERSIONS = {
    "Deployment": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1",
    "Job": "batch/v1", "CronJob": "batch/v1", "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2", "PodDisruptionBudget": "policy/v1",
    "Role": "rbac.authorization.k8s.io/v1", "RoleBinding": "rbac.authorization.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1", "APIService": "apiregistration.k8s.io/v1",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1", "Lease": "coordination.k8s.io/v1",
}  # fmt: skip


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def journal_time(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%b %d %H:%M:%S")


def condition(type_: str, status: str, since: float = LONG_AGO, **more: str) -> Object:
    return {"type": type_, "status": status, "lastTransitionTime": ago(since), **more}


class Cluster:
    """Collects objects and files; `write` makes the recording."""

    def __init__(self) -> None:
        self.objects: list[tuple[str, Object]] = []
        self.texts: dict[str, str] = {}
        self.empty: set[str] = set()
        self._address = 0

    # --- objects ----------------------------------------------------------------------------------------
    def add(self, kind: str, name: str, namespace: str | None = None, age: float = LONG_AGO, **body: Any) -> Object:
        metadata = {
            "name": name,
            "uid": f"{kind.lower()}-{namespace or 'cluster'}-{name}",
            "creationTimestamp": ago(age),
            **({"namespace": namespace} if namespace else {}),
            **body.pop("metadata", {}),
        }
        made = {"kind": kind, "apiVersion": VERSIONS.get(kind, "v1"), "metadata": metadata, **body}
        self.objects.append((kind, made))
        return made

    def node(
        self, name: str, *, ready: str = "True", since: float = LONG_AGO, reason: str = "", message: str = "",
        cpu: str = "4", zone: str = "", taints: list[Object] | None = None, cordoned: bool = False,
        conditions: dict[str, str] | None = None, version: str = "v1.32.2",
    ) -> Object:  # fmt: skip
        said = {"reason": reason or ("KubeletReady" if ready == "True" else "NodeStatusUnknown"), "message": message}
        beat = ago(0.2) if ready != "Unknown" else ago(since + 0.7)
        found = [condition("Ready", ready, since, lastHeartbeatTime=beat, **said)]
        for type_ in ("MemoryPressure", "DiskPressure", "PIDPressure"):
            status = (conditions or {}).get(type_, "Unknown" if ready == "Unknown" else "False")
            found.append(condition(type_, status, since if status != "False" else LONG_AGO))
        self._address += 1
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
        if zone:
            labels["topology.kubernetes.io/zone"] = zone
        room = {"cpu": cpu, "memory": "16Gi", "pods": "110", "ephemeral-storage": "80Gi"}
        return self.add(
            "Node",
            name,
            metadata={"labels": labels},
            spec={"taints": taints or [], **({"unschedulable": True} if cordoned else {})},
            status={
                "conditions": found,
                "capacity": room,
                "allocatable": room,
                "nodeInfo": {"kubeletVersion": version, "containerRuntimeVersion": "containerd://1.7.25"},
                "addresses": [{"type": "InternalIP", "address": f"10.1.0.{self._address}"}],
            },
        )

    def nodes(self, *names: str) -> None:
        for name in names:
            self.node(name)

    def pod(
        self, name: str, namespace: str, node: str | None, *, age: float = LONG_AGO, owner: tuple[str, str] | None = None,
        labels: dict[str, str] | None = None, image: str = "", waiting: tuple[str, str] | None = None,
        last: Object | None = None, ready: bool | None = None, restarts: int = 0, phase: str = "",
        ports: list[Object] | None = None, container: Object | None = None, spec: Object | None = None,
        conditions: list[Object] | None = None, deleting: float | None = None, finalizers: list[str] | None = None,
        requests: dict[str, str] | None = None, state: Object | None = None, since: float | None = None, grace: int = 30,
    ) -> Object:  # fmt: skip
        """A Pod of one container, running and ready on `node` unless something else is said.

        `since`: when its readiness last changed. `deleting`: when its grace period (`grace` seconds) ended or ends.
        """
        app = (labels or {}).get("app", name)
        body = {
            "name": app,
            "image": image or f"registry.example.com/{namespace}/{app}:1.4",
            "resources": {"requests": requests or {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
            **({"ports": ports} if ports else {}),
            **(container or {}),
        }
        well = waiting is None and state is None and node is not None
        is_ready = (well or bool(state and "running" in state)) if ready is None else ready
        if state is None:
            state = (
                {"waiting": {"reason": waiting[0], **({"message": waiting[1]} if waiting[1] else {})}}
                if waiting
                else {"running": {"startedAt": ago(max(age - 0.2, 0))}}
            )
        changed = since if since is not None else (age if is_ready else min(age, 20))
        status: Object = {
            "phase": phase or ("Running" if well or restarts or "terminated" in state else "Pending"),
            "conditions": conditions
            or [
                condition("PodScheduled", "True" if node else "False", age),
                condition("Initialized", "True" if node else "False", age),
                condition("ContainersReady", str(is_ready), changed),
                condition("Ready", str(is_ready), changed),
            ],
        }
        if node:
            self._address += 1
            status["podIP"] = f"10.244.3.{self._address % 250}"
            status["startTime"] = ago(age)
            status["containerStatuses"] = [
                {
                    "name": app, "image": body["image"], "ready": is_ready, "restartCount": restarts,
                    "started": "running" in state, "state": state, **({"lastState": last} if last else {}),
                }
            ]  # fmt: skip
        metadata: Object = {"labels": labels or {"app": app}}
        if owner:
            metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True, "apiVersion": VERSIONS.get(owner[0], "v1")}]  # fmt: skip
        if deleting is not None:
            metadata |= {"deletionTimestamp": ago(deleting), "deletionGracePeriodSeconds": grace}
        if finalizers:
            metadata["finalizers"] = finalizers
        return self.add(
            "Pod",
            name,
            namespace,
            age,
            metadata=metadata,
            spec={
                "containers": [body],
                "restartPolicy": "Always",
                "serviceAccountName": "default",
                **({"nodeName": node} if node else {}),
                **(spec or {}),
            },
            status=status,
        )

    def deployment(
        self, name: str, namespace: str, desired: int = 1, ready: int | None = None, *, current: int | None = None,
        template: Object | None = None, conditions: list[Object] | None = None, since: float = 20,
        strategy: Object | None = None,
    ) -> tuple[str, str]:  # fmt: skip
        """A Deployment and its ReplicaSet `NAME-5d8f`; the owner for its Pods."""
        is_ready = desired if ready is None else ready
        count = desired if current is None else current
        labels = {"app": name}
        whole = is_ready == desired
        found = conditions or [
            condition("Available", str(whole), since if not whole else LONG_AGO, reason="MinimumReplicasAvailable" if whole else "MinimumReplicasUnavailable"),
            condition("Progressing", "True", LONG_AGO, reason="NewReplicaSetAvailable"),
        ]  # fmt: skip
        body = {
            "replicas": desired,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [{"name": name, "image": f"registry.example.com/{namespace}/{name}:1.4"}],
                    **(template or {}),
                },
            },
            **({"strategy": strategy} if strategy else {}),
        }
        counts: Object = {"replicas": count, "updatedReplicas": count}
        if is_ready:
            counts |= {"readyReplicas": is_ready, "availableReplicas": is_ready}
        if not whole:
            counts["unavailableReplicas"] = desired - is_ready
        self.add("Deployment", name, namespace, spec=body, status=counts | {"conditions": found})
        set_name = f"{name}-5d8f"
        self.add(
            "ReplicaSet",
            set_name,
            namespace,
            metadata={"labels": labels, "ownerReferences": [{"kind": "Deployment", "name": name, "controller": True, "apiVersion": "apps/v1"}]},
            spec=body,
            status=counts,
        )  # fmt: skip
        return "ReplicaSet", set_name

    def app(self, name: str, namespace: str, *on: str, service: bool = True, port: int = 8080) -> None:
        """A healthy Deployment with a Pod on each of the nodes, and its Service."""
        owner = self.deployment(name, namespace, len(on))
        for number, node in enumerate(on):
            self.pod(
                f"{name}-5d8f-{'bcdfgh'[number] * 5}", namespace, node, owner=owner, labels={"app": name},
                ports=[{"name": "http", "containerPort": port}],
            )  # fmt: skip
        if service:
            self.service(name, namespace, target=port)

    def crashing(
        self, name: str, namespace: str, node: str, *said: str, app: str = "", age: float = 40, code: int = 1,
        reason: str = "Error", ended: tuple[float, float] = (3.1, 3), restarts: int = 9, **more: Any,
    ) -> str:  # fmt: skip
        """A Pod whose container ends again and again, what it `said` each time, and its BackOff event; the Pod's name.

        `ended`: when its last run began and ended.
        """
        app = app or name
        more.setdefault("labels", {"app": app})
        self.pod(
            name, namespace, node, age=age, restarts=restarts,
            waiting=("CrashLoopBackOff", f"back-off 5m0s restarting failed container={app} pod={name}_{namespace}"),
            last={"terminated": {"exitCode": code, "reason": reason, "startedAt": ago(ended[0]), "finishedAt": ago(ended[1])}},
            **more,
        )  # fmt: skip
        if said:
            self.log(name, namespace, *said, previous=True)
        since = more.get("since") or age
        self.event(
            "Pod", name, namespace, "BackOff", f"Back-off restarting failed container {app} in pod {name}_{namespace}",
            first=since - 1,
        )  # fmt: skip
        return name

    def pull_fails(
        self, name: str, namespace: str, node: str, image: str, why: str = "", *, app: str = "", age: float = 40,
        **more: Any,
    ) -> str:  # fmt: skip
        """A Pod whose image cannot be pulled, with the event that says `why` (by default: no such tag); the Pod's name."""
        more.setdefault("labels", {"app": app or name})
        self.pod(
            name, namespace, node, age=age, image=image,
            waiting=("ImagePullBackOff", f'Back-off pulling image "{image}"'), **more,
        )  # fmt: skip
        resolve = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
        message = f'Failed to pull image "{image}": {resolve}{why or f"{image}: not found"}'
        self.event("Pod", name, namespace, "Failed", message, first=age - 1)
        return name

    def service(
        self, name: str, namespace: str, *, selector: dict[str, str] | None = None, port: int = 80,
        target: int | str = 8080, type_: str = "ClusterIP", address: str = "",
    ) -> None:  # fmt: skip
        """A Service; its Endpoints are made of the Pods that it selects when the recording is written."""
        self._address += 1
        ports = [{"name": "http", "port": port, "targetPort": target, "protocol": "TCP"}]
        self.add(
            "Service",
            name,
            namespace,
            spec={
                "type": type_,
                "clusterIP": address or f"10.96.4.{self._address % 250}",
                "selector": selector or {"app": name},
                "ports": ports,
            },
        )

    def _endpoints(self) -> None:
        pods = [made for kind, made in self.objects if kind == "Pod"]
        for kind, service in list(self.objects):
            if kind != "Service":
                continue
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            wanted = service["spec"]["selector"].items()
            chosen = [
                pod
                for pod in pods
                if pod["metadata"]["namespace"] == namespace
                and wanted <= pod["metadata"]["labels"].items()
                and pod["status"].get("podIP")
                and pod["status"]["phase"] in ("Running", "Pending")
            ]
            subset: Object = {}
            for pod in chosen:
                ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])
                about = {"ip": pod["status"]["podIP"], "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": namespace}}  # fmt: skip
                subset.setdefault("addresses" if ready else "notReadyAddresses", []).append(about)
            target = service["spec"]["ports"][0]["targetPort"]
            if subset:
                subset["ports"] = [{"name": "http", "port": target if isinstance(target, int) else 8080}]
            self.add("Endpoints", name, namespace, **({"subsets": [subset]} if subset else {}))

    def event(
        self, about: str, name: str, namespace: str | None, reason: str, message: str, *, last: float = 1,
        first: float = 20, count: int = 12, component: str = "kubelet", type_: str = "Warning", host: str = "", container: str = "",
    ) -> None:  # fmt: skip
        where = namespace or "default"
        number = sum(kind == "Event" for kind, _ in self.objects)
        self.add(
            "Event",
            f"{name}.{number:04x}",
            where,
            first,
            involvedObject={
                "kind": about,
                "name": name,
                **({"namespace": namespace} if namespace else {}),
                **({"fieldPath": f"spec.containers{{{container}}}"} if container else {}),
            },
            reason=reason,
            message=message,
            type=type_,
            count=count,
            firstTimestamp=ago(first),
            lastTimestamp=ago(last),
            source={"component": component, **({"host": host} if host else {})},
        )

    # --- texts ------------------------------------------------------------------------------------------
    def log(self, pod: str, namespace: str, *lines: str, previous: bool = False) -> None:
        name = "previous-logs.txt" if previous else "logs.txt"
        self.texts[f"{namespace}/{pod}/{name}"] = "\n".join(lines) + "\n"

    def journal(self, host: str, unit: str, *lines: str) -> None:
        self.texts[f"hosts/{host}/journalctl-{unit}.txt"] = "".join(
            f"{journal_time(5 - 0.1 * number)} {host} {line}\n" for number, line in enumerate(lines)
        )

    def host_file(self, host: str, command: str, text: str) -> None:
        self.texts[f"hosts/{host}/{command}.txt"] = text

    def listed(self, *files: str) -> None:
        """Lists that were recorded and are empty, such as `shop/secrets`."""
        self.empty |= set(files)

    # --- writing ----------------------------------------------------------------------------------------
    def files(self) -> dict[str, str]:
        if not any(kind == "Endpoints" for kind, _ in self.objects):
            self._endpoints()
        lists: dict[str, list[Object]] = defaultdict(list)
        for kind, made in self.objects:
            stem = FILES.get(kind, f"{kind.lower()}s")
            folder = "" if kind in CLUSTER_WIDE else f"{made['metadata']['namespace']}/"
            lists[f"{folder}{stem}.json"].append(made)
        for folder in {name.rpartition("/")[0] for name in lists if "/" in name}:
            for stem in ("pods", "events"):
                lists.setdefault(f"{folder}/{stem}.json", [])
        for name in self.empty:
            lists.setdefault(f"{name}.json", [])
        written = dict(self.texts)
        for name, items in lists.items():
            written[name] = json.dumps({"kind": "List", "apiVersion": "v1", "items": items}, indent=1) + "\n"
        return written


def write(folder: Path, cluster: Cluster, expected: dict[str, Any]) -> None:
    for name, text in {**cluster.files(), "expected.yaml": as_yaml(expected)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def as_yaml(expected: dict[str, Any]) -> str:
    return yaml.safe_dump({"now": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), **expected}, sort_keys=False, allow_unicode=True)
