"""Facts about nodes, their conditions, taints and leases."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from bot.collect.joins.components import components
from bot.collect.objects.pods import tolerates
from bot.collect.objects.records import Node, Pod
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import at, mapping, moment, text
from rules.kinds import Scalar, Source

PRESSURE: Final = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "OutOfDisk"})
PROBLEMS: Final = frozenset({
    "KernelDeadlock", "ReadonlyFilesystem", "CorruptDockerOverlay2", "FrequentKubeletRestart", "FrequentDockerRestart",
    "FrequentContainerdRestart", "FrequentUnregisterNetDevice", "KubeletUnhealthy", "ContainerRuntimeUnhealthy",
    "XfsShutdown", "CperHardwareErrorFatal", "NTPProblem", "KubeletProblem", "KubeProxyUnhealthy", "DiskBadBlock",
})  # fmt: skip
"""Conditions of node-problem-detector. Others are left alone: EtcdIsVoter=True, say, is as it should be."""
LEASES: Final = "kube-node-lease"
SILENT_LEASE_S: Final = 120
"""The kubelet renews its lease every 10 s; the controller waits 40 s (50 s since 1.32) before it says unknown."""
SILENT_STATUS_S: Final = 900
"""Without leases (or where they were not recorded): the status is sent at least every 5 minutes."""
JOINING_S: Final = 180
"""A node that registered less than this ago may still wait for its network and its first images."""
MAX_TAINTED_ALIKE: Final = 5
MAX_LOST: Final = 20
"""Unusable nodes that waiting Pods are related to; with more, no single one is why they wait."""


class Nodes:
    """Nodes with the Pods on them."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._pods: dict[str, list[Pod]] = defaultdict(list)
        for pod in situation.inventory.pods.values():
            if pod.node and not pod.ended:
                self._pods[pod.node].append(pod)
        self._lease: dict[str, float] = {}
        for lease in situation.inventory.all_of("lease", LEASES):
            renewed = moment(mapping(lease.fields.get("spec")).get("renewTime"))
            if renewed is not None:
                self._lease[lease.name] = renewed

    def project(self) -> None:
        asked_nodes = {pod.node for pod in self._situation.asked_pods}
        told = set()
        for node in self._situation.inventory.nodes.values():
            asked = self._situation.is_asked("node", None, node.name)
            odd = self.is_odd(node)
            if odd or asked or node.name in asked_nodes:
                self._node(node)
                told.add(node.name)
                for each in node.conditions:
                    if _is_bad(each.type, each.status, node):
                        self._condition(node, each.type)
                if node.name in self._lease and (odd or asked):
                    self._lease_fact(LEASES, node.name, node.name, self._lease[node.name])
            if odd or asked:
                for pod in self._pods[node.name]:
                    if odd or pod in self._situation.sick_set:
                        self._situation.relate(f"node {node.name}", pod.subject, "runs")
        for pod in self._situation.told:
            if pod.node:
                self._situation.relate(f"node {pod.node}", pod.subject, "runs")
        self._would_take()
        self._taints(told)
        self._leaders()

    def _would_take(self) -> None:
        """An unusable node, or one under pressure, above the Pods that wait and could run there if it were well."""
        lost = [each for each in self._situation.inventory.nodes.values() if each.has_status and not _takes_pods(each)]
        waiting = [pod for pod in self._situation.told if not pod.node and not pod.ended and pod.detail]
        for node in lost[:MAX_LOST]:
            for pod in waiting:
                detail = pod.detail
                if (
                    detail is not None
                    and not detail.gates
                    and tolerates(detail, node)
                    and all(node.labels.get(key) == value for key, value in detail.node_selector.items())
                    and all(node.allocatable.get(name, 0.0) >= amount for name, amount in pod.requests)
                ):
                    self._situation.relate(f"node {node.name}", pod.subject, "would take")

    def is_odd(self, node: Node) -> bool:
        if joins(self._situation, node):
            return False
        if not node.has_status or node.ready != "True" or node.cordoned or node.deleted_at is not None:
            return True
        if any(_is_bad(each.type, each.status, node) for each in node.conditions):
            return True
        return self._is_silent(node)

    def _is_silent(self, node: Node) -> bool:
        renewed = self._lease.get(node.name)
        if renewed is not None:
            return self._situation.now - renewed > SILENT_LEASE_S
        return node.heartbeat is not None and self._situation.now - node.heartbeat > SILENT_STATUS_S

    def _node(self, node: Node) -> None:
        pods = self._pods[node.name]
        affected = [
            pod
            for pod in pods
            if pod in self._situation.sick_set or (pod.ready is False and not pod.starting and not pod.stopping)
        ]
        beats = [each for each in (node.heartbeat, self._lease.get(node.name)) if each is not None]
        known = self._situation.inventory.is_listed("pod", None) or bool(pods)
        self._situation.fact(
            "node",
            Source(f"node {node.name}", "status.conditions[Ready]", node.message or node.reason or ""),
            node=node.name,
            ready=node.ready,
            reason=node.reason,
            message=node.message,
            silent_s=self._situation.age(max(beats)) if beats else None,
            not_ready_s=self._situation.age(node.ready_since) if node.ready != "True" else None,
            cordoned=node.cordoned,
            joining=True if joins(self._situation, node) else None,
            deleting_s=self._situation.age(node.deleted_at),
            version=node.version,
            runtime=node.runtime,
            runtime_version=node.runtime_version,
            os=node.os,
            kernel=node.kernel,
            arch=node.arch,
            role=node.role,
            zone=node.zone,
            address=node.address,
            pods=len(pods) if known else None,
            pods_affected=len(affected) if known else None,
            capacity_pods=node.capacity_pods,
            cpu=node.cpu,
            memory=node.memory,
            has_status=node.has_status,
            age_s=self._situation.age(node.created),
            asked=self._situation.asked_flag("node", None, node.name),
        )
        if node.ready != "True":
            self._situation.passage(
                node.message,
                Source(f"node {node.name}", "status.conditions[Ready]", node.message or ""),
                via="condition",
                reason=node.reason,
                object=f"node {node.name}",
                node=node.name,
                age_s=self._situation.age(node.ready_since),
                stale=joins(self._situation, node),
            )

    def _condition(self, node: Node, type_: str) -> None:
        found = next(each for each in node.conditions if each.type == type_)
        source = Source(f"node {node.name}", f"status.conditions[{type_}]", found.message or found.reason or "")
        of: dict[str, Scalar | None] = {"node": node.name}
        about = {**of, "object": f"node {node.name}", "age_s": self._situation.age(found.since)}
        self._situation.condition("node_condition", found, source, of=of, about=about)

    def _taints(self, told: set[str]) -> None:
        """Taints of the nodes told of; of all nodes (a few of each sort) when a Pod waits for a node."""
        waiting = any(not pod.node and not pod.ended for pod in self._situation.sick)
        alike: dict[object, int] = defaultdict(int)
        for node in self._situation.inventory.nodes.values():
            for taint in node.taints:
                alike[taint] += 1
                if node.name in told or (waiting and alike[taint] <= MAX_TAINTED_ALIKE):
                    self._situation.fact(
                        "taint",
                        Source(f"node {node.name}", "spec.taints"),
                        node=node.name,
                        key=taint.key,
                        value=taint.value,
                        effect=taint.effect,
                    )

    def _leaders(self) -> None:
        """Leases by which control plane parts elect a leader, when nobody renews them."""
        for lease in self._situation.inventory.all_of("lease", "kube-system"):
            spec = mapping(lease.fields.get("spec"))
            renewed = moment(spec.get("renewTime"))
            if renewed is None or lease.name.startswith("apiserver-"):
                continue
            length = at(spec, "leaseDurationSeconds")  # 1 once the holder has given it up
            allowed = max(45, 3 * length) if type(length) is int else 60
            if self._situation.now - renewed > allowed:
                self._lease_fact("kube-system", lease.name, text(spec.get("holderIdentity")), renewed)

    def _lease_fact(self, namespace: str, name: str, holder: str | None, renewed: float) -> None:
        leads = name in components().by_unit
        self._situation.fact(
            "lease",
            Source(f"lease {namespace}/{name}", "spec.renewTime"),
            lease=f"{namespace}/{name}",
            holder=holder,
            unit=name if leads else None,
            host=holder.rpartition("_")[0] or None if leads and holder else None,  # HOST_UUID
            renewed_s=self._situation.age(renewed),
        )


def joins(situation: Situation, node: Node) -> bool:
    """Whether a node is not ready only since it was added a moment ago."""
    age = situation.age(node.created)
    return node.ready == "False" and not node.cordoned and age is not None and age < JOINING_S


def _takes_pods(node: Node) -> bool:
    return node.usable and not any(each.type in PRESSURE and each.status == "True" for each in node.conditions)


def _is_bad(type_: str, status: str, node: Node) -> bool:
    if type_ in PRESSURE:
        return status == "True" or (status == "Unknown" and node.ready == "Unknown")
    return type_ in PROBLEMS and status == "True"
