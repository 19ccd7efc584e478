"""Facts about the cluster as a whole: its era and make, its namespaces, what was recorded, what is being deleted."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import Node
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import at, mapping, mappings, message, namespaced, sequence, text
from rules.kinds import Source

_CNI: Final[tuple[tuple[str, str], ...]] = (
    ("calico-node", "calico"),
    ("cilium", "cilium"),
    ("kindnet", "kindnet"),
    ("kube-flannel", "flannel"),
    ("flanneld", "flannel"),
    ("weave-net", "weave"),
    ("aws-node", "aws-cni"),
    ("azure-cns", "azure-cni"),
    ("azure-cni", "azure-cni"),
    ("ovnkube-node", "ovn"),
    ("ovs-node", "ovn"),
    ("canal", "calico"),
)
_PROVIDERS: Final = (("aws:", "eks"), ("gce:", "gke"), ("azure:", "aks"), ("kind:", "kind"))
_PLATFORM_LABELS: Final = (
    ("eks.amazonaws.com/nodegroup", "eks"),
    ("cloud.google.com/gke-nodepool", "gke"),
    ("kubernetes.azure.com/cluster", "aks"),
    ("node.openshift.io/os_id", "openshift"),
    ("minikube.k8s.io/name", "minikube"),
)
API_SERVER_POD: Final = "kube-apiserver-"
MAX_RECORDED_NAMESPACES: Final = 20
"""With more namespaces than this, `recorded` is told once a kind instead of once a kind and namespace."""
SETTLING_S: Final = 120
"""What the conditions of a namespace say so soon after its deletion was asked for is only its progress."""


def project(situation: Situation) -> None:
    _cluster(situation)
    _recorded(situation)
    _namespaces(situation)
    _deleting(situation)
    _requests(situation)
    _components(situation)


# --- the cluster -----------------------------------------------------------------------------------------
def _cluster(situation: Situation) -> None:
    inventory = situation.inventory
    nodes = list(inventory.nodes.values())
    if not nodes and not inventory.counts:
        return
    version = _most(node.version for node in nodes)
    platform = _platform(nodes, version)
    situation.fact(
        "cluster",
        Source("nodes", "list", f"{len(nodes)} nodes, kubelet {version or 'unknown'}"),
        era=_era(situation, version),
        version=version,
        runtime=_most(node.runtime for node in nodes),
        control_plane=_control_plane(situation, platform),
        platform=platform,
        cni=_cni(situation),
        nodes=len(nodes) if nodes else None,
        nodes_ready=sum(1 for node in nodes if node.ready == "True") if nodes else None,
        schedulable_nodes=sum(1 for node in nodes if node.usable) if nodes else None,
    )


def _most(values: object) -> str | None:
    counts = Counter(each for each in values if each)  # type: ignore[attr-defined]
    return counts.most_common(1)[0][0] if counts else None


def _era(situation: Situation, version: str | None) -> str | None:
    if situation.inventory.legacy_versions:
        return "2015"
    numbers = (version or "").lstrip("v").split(".")
    if len(numbers) >= 2 and numbers[0].isdecimal() and numbers[1].isdecimal():
        return "2015" if (int(numbers[0]), int(numbers[1])) < (1, 2) else "today"
    return "today" if situation.inventory.pods or situation.inventory.workloads else None


def _platform(nodes: list[Node], version: str | None) -> str | None:
    for part in ("k3s", "rke2", "eks", "gke"):
        if version and part in version:
            return part
    for node in nodes:
        for label, name in _PLATFORM_LABELS:
            if label in node.labels:
                return name
    for node in nodes:
        for prefix, name in _PROVIDERS:
            if node.provider and node.provider.startswith(prefix):
                return name if name in ("kind",) or not _has_control_plane(nodes) else "kubeadm"
    return "kubeadm" if _has_control_plane(nodes) else None


def _has_control_plane(nodes: list[Node]) -> bool:
    return any(node.role == "control-plane" for node in nodes)


def _control_plane(situation: Situation, platform: str | None) -> str | None:
    if platform in ("k3s", "rke2"):
        return platform
    if any(pod.name.startswith(API_SERVER_POD) for pod in situation.inventory.pods_of.get("kube-system", [])):
        return "static-pods"
    if situation.inventory.legacy_versions:
        return "units"
    if platform in ("eks", "gke", "aks") and situation.inventory.is_listed("pod", "kube-system"):
        return "managed"
    return None


def _cni(situation: Situation) -> str | None:
    names = [each.name for each in situation.inventory.workloads.values() if each.kind == "daemonset"]
    if not names:
        names = [pod.name for ns in ("kube-system", "calico-system") for pod in situation.inventory.pods_of.get(ns, [])]
    for prefix, cni in _CNI:
        if any(name.startswith(prefix) for name in names):
            return cni
    return None


def is_network_agent(daemonset: str) -> bool:
    """Whether a DaemonSet of that name connects the Pods of its node."""
    return any(daemonset.startswith(prefix) for prefix, _ in _CNI)


# --- what was recorded -----------------------------------------------------------------------------------
def _recorded(situation: Situation) -> None:
    counts = situation.inventory.counts
    namespaces = situation.inventory.namespaces()
    many = len(namespaces) > MAX_RECORDED_NAMESPACES
    kept = {None, "default", "kube-system", situation.asked_namespace}
    totals: Counter[str] = Counter()
    where: dict[str, set[str]] = {}
    for (kind, namespace), count in sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        if namespace:
            totals[kind] += count
            where.setdefault(kind, set()).add(namespace)
        if many and namespace not in kept:
            continue
        situation.fact("recorded", Source(f"list of {kind}"), kind=kind, namespace=namespace, count=count)
    if many:
        for kind, found in where.items():
            if found >= namespaces and (kind, None) not in counts:
                situation.fact("recorded", Source(f"list of {kind}"), kind=kind, count=totals[kind])


# --- namespaces and deletion -----------------------------------------------------------------------------
def _namespaces(situation: Situation) -> None:
    asked = {dead.name: dead for dead in situation.inventory.deleting if dead.kind == "namespace"}
    for each in situation.inventory.all_of("namespace"):
        status = mapping(each.fields.get("status"))
        if status.get("phase") != "Terminating":
            continue
        dead = asked.get(each.name)
        for left in situation.inventory.deleting:
            if left.namespace == each.name:
                situation.relate(f"{left.kind} {each.name}/{left.name}", each.subject, "is left in")
        for pod in situation.inventory.pods_of.get(each.name, []):
            if pod.deleting:
                situation.relate(pod.subject, each.subject, "is left in")
        age = situation.age(dead.asked_at) if dead else None
        conditions = [c for c in mappings(status.get("conditions")) if c.get("status") == "True"]
        for condition in conditions or [{}]:
            source = Source(
                each.subject,
                f"status.conditions[{condition.get('type', '')}]",
                message(condition.get("message")) or "",
            )
            situation.fact(
                "namespace",
                source,
                namespace=each.name,
                phase="Terminating",
                terminating_s=age,
                condition=text(condition.get("type")),
                message=message(condition.get("message")),
                finalizers=",".join(str(f) for f in sequence(at(each.fields.get("spec"), "finalizers"))) or None,
            )
            if age is not None and age < SETTLING_S:
                continue
            situation.passage(
                message(condition.get("message")),
                source,
                via="condition",
                reason=text(condition.get("reason")),
                object=each.subject,
                namespace=each.name,
                stale=False,
            )


def _deleting(situation: Situation) -> None:
    """Objects whose deletion was asked for a while ago."""
    for each in situation.inventory.deleting:
        age = situation.age(each.asked_at) or 0
        if age < 60:
            continue
        subject = f"{each.kind} {namespaced(each.namespace, each.name)}"
        situation.fact(
            "object",
            Source(subject, "metadata.deletionTimestamp"),
            object=subject,
            kind=each.kind,
            namespace=each.namespace,
            deleting_s=age,
            finalizers=each.finalizers,
            age_s=situation.age(each.created),
        )


# --- requests for certificates, component statuses -------------------------------------------------------
def _requests(situation: Situation) -> None:
    for each in situation.inventory.all_of("certificatesigningrequest"):
        status, spec = mapping(each.fields.get("status")), mapping(each.fields.get("spec"))
        conditions = {c.type: c for c in reading.conditions(status)}
        state = "Denied" if "Denied" in conditions else "Failed" if "Failed" in conditions else "Pending"
        said = conditions.get(state)
        if state == "Pending" and status.get("certificate"):
            continue
        if state == "Pending" and "Approved" in conditions:
            if not (text(spec.get("signerName")) or "").startswith("kubernetes.io/"):
                continue
            state = "Approved"
        situation.fact(
            "csr",
            Source(each.subject, "status"),
            csr=each.name,
            user=text(spec.get("username")),
            signer=text(spec.get("signerName")),
            state=state,
            reason=said.reason if said else None,
            message=said.message if said else None,
            age_s=situation.age(each.created),
        )


def _components(situation: Situation) -> None:
    for each in situation.inventory.all_of("componentstatus"):
        for condition in mappings(each.fields.get("conditions")):
            healthy = condition.get("status") in ("True", "Full")
            if condition.get("type") not in ("Healthy", None) or healthy:
                continue
            said = message(condition.get("message")) or message(condition.get("error"))
            source = Source(each.subject, "conditions[Healthy]", said or "")
            situation.fact("component", source, component=each.name, healthy=False, message=said)
            situation.passage(said, source, via="condition", object=each.subject, name=each.name, stale=False)
