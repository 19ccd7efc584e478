"""Makes facts of described nodes, services, controllers, claims, volumes, autoscalers, ingresses and quotas."""

from __future__ import annotations

import re
from typing import Final

from bot.read.describe import Block, Reader
from bot.read.describe_pod import read_pod
from bot.read.draft import Draft
from bot.read.words import (
    UNKNOWN_NODE,
    kind_of,
    known,
    labels,
    qualified,
    runtime_of,
    seconds_since,
    whole,
)  # fmt: skip
from rules.kinds import Scalar

_DATE: Final = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4})?(?: [A-Z]{2,5})?"
_NODE_CONDITION = re.compile(
    rf"\s*([A-Z]\w{{2,60}}|[\w.-]+/[\w.-]+)\s+(True|False|"
    rf"Unknown)\s+(?:({_DATE})\s+({_DATE})\s+)?([A-Z]\w{{2,80}})\s+(.*)$"
)
_HEALTHY_WHEN_TRUE: Final = frozenset({"Ready", "NetworkReady", "ConfigOk"})
_TAINT = re.compile(r"([\w./-]{1,317})(?:=([\w.-]{0,63}))?:(NoSchedule|PreferNoSchedule|NoExecute)")
_REPLICAS = re.compile(r"(\d{1,9}) (desired|updated|total|available|unavailable|current)")
_PODS_STATUS = re.compile(r"(\d{1,9}) (Running|Waiting|Active|Succeeded|Failed|Ready)")
_CONDITION = re.compile(r"\s*([A-Z]\w{2,60})\s+(True|False|Unknown)\s+([A-Z]\w{1,80})(?:\s+(.*))?$")
_BACKEND = re.compile(r"([\w.-]{1,253}):([\w-]{1,20}) \(([^()]{0,500}(?:\([^()]*\))?[^()]{0,200}|<[^<>]{0,200}>)\)")
_QUOTA = re.compile(r"\s*([a-z][\w./-]{1,120})\s+(\d\w{0,20})\s+(\d\w{0,20})\s*$")


def emit_node_condition(draft: Draft, index: int, node: str) -> bool:
    """One row of a node's condition table. Ready goes into the node's own fact."""
    found = _NODE_CONDITION.match(draft.lines[index].text)
    if not found:
        return False
    name, status, heartbeat, changed, reason, message = found.groups()
    about: dict[str, Scalar] = {"via": "condition", "node": node, "reason": reason}
    if name == "Ready":
        draft.add(
            "node", index, node=node, ready=status, reason=reason, message=message,
            silent_s=seconds_since(heartbeat, draft.now) if status != "True" else None,
            not_ready_s=seconds_since(changed, draft.now) if status != "True" else None,
        )  # fmt: skip
        if status != "True":
            draft.abouts[index] = about
            draft.texts[index] = message
    elif (status == "True") != (name in _HEALTHY_WHEN_TRUE):
        draft.add(
            "node_condition", index, node=node, condition=name, status=status, reason=reason, message=message,
            age_s=seconds_since(changed, draft.now),
        )  # fmt: skip
        draft.abouts[index] = about
        draft.texts[index] = message
    return True


def read_node(draft: Draft, block: Block, name: str | None) -> None:
    node = name or (draft.command.name if draft.command.kind == "node" else None) or UNKNOWN_NODE
    about: dict[str, Scalar] = {"via": "paste", "node": node}
    roles = block.value("Roles")
    info = {item.name: item for item in block.sections.get("System Info", ())}
    runtime = info.get("Container Runtime Version")
    version = info.get("Kubelet Version")
    label_text = ",".join(block.lines_of("Labels"))
    all_labels = labels(label_text) or ""
    zone = re.search(r"topology\.kubernetes\.io/zone=([\w.-]+)", all_labels)
    allocatable = {item.name: item.value for item in block.sections.get("Allocatable", ())}
    addresses = " ".join(block.lines_of("Addresses"))
    internal = re.search(r"InternalIP:?\s+([\d.]+|[0-9a-f:]+)", addresses) or re.match(r"([\d.]{7,15})", addresses)
    is_control = roles and ("master" in roles or "control-plane" in roles)
    draft.add(
        "node", block.items[0].index, node=node,
        cordoned=True if block.value("Unschedulable") == "true" else None,
        role="control-plane" if is_control else "worker" if "Roles" in block.fields else None,
        version=known(version.value) if version else None, runtime=runtime_of(runtime.value) if runtime else None,
        runtime_version=known(runtime.value) if runtime else None, zone=zone[1] if zone else None,
        os=known(info["OS Image"].value) if "OS Image" in info else None,
        kernel=known(info["Kernel Version"].value) if "Kernel Version" in info else None,
        arch=known(info["Architecture"].value) if "Architecture" in info else None,
        address=internal[1] if internal else None, capacity_pods=whole(allocatable.get("pods")),
        cpu=known(allocatable.get("cpu")), memory=known(allocatable.get("memory")),
        age_s=seconds_since(block.value("CreationTimestamp"), draft.now),
    )  # fmt: skip
    if runtime:
        draft.evidence("runtime", runtime_of(runtime.value), runtime.index)
    for text in block.lines_of("Taints"):
        for found in _TAINT.finditer(text):
            draft.add("taint", block.index("Taints"), node=node, key=found[1], value=found[2], effect=found[3])
    for item in block.items:
        emit_node_condition(draft, item.index, node)
    _mark(draft, block, about)


def read_service(draft: Draft, block: Block, name: str | None) -> None:
    name = name or draft.command.name or "<service>"
    namespace = block.value("Namespace") or draft.namespace
    service = qualified(namespace, name)
    selector = labels(",".join(block.lines_of("Selector")))
    shown = block.fields.get("Endpoints")
    listed = [item for item in block.items if item.name == "Endpoints"]
    count = max(
        (
            len([part for part in item.value.partition(" + ")[0].split(",") if part.strip() and known(part)])
            + (whole(more[1]) or 0 if (more := re.search(r"\+ (\d{1,6}) more", item.value)) else 0)
            for item in listed
        ),
        default=None,
    )
    address = block.value("IP")
    draft.add(
        "service", block.items[0].index, service=service, namespace=namespace, type=block.value("Type"),
        cluster_ip=address if address != "None" else None, headless=True if address == "None" else None,
        ports=",".join(re.findall(r"(\d{1,5})/",
        " ".join(item.value for item in block.items if item.name == "Port"))) or None,
        selector=selector, has_selector=selector is not None if "Selector" in block.fields else None,
        labels=labels(",".join(block.lines_of("Labels"))),
        has_labels=labels(",".join(block.lines_of("Labels"))) is not None if "Labels" in block.fields else None,
        endpoints=count if shown else None,
    )  # fmt: skip
    _mark(draft, block, {"via": "paste", "service": service})


def read_workload(kind: str) -> Reader:
    """The reader of a described controller of that kind."""

    def read(draft: Draft, block: Block, name: str | None) -> None:
        name = name or draft.command.name or f"<{kind}>"
        namespace = block.value("Namespace") or draft.namespace
        workload = f"{kind} {qualified(namespace, name)}"
        text = block.value("Replicas") or ""
        counts = {found[2]: int(found[1]) for found in _REPLICAS.finditer(text)}
        pods = block.value("Pods Status") or block.value("Pods Statuses") or ""
        status = {found[2]: int(found[1]) for found in _PODS_STATUS.finditer(pods)}
        desired = counts.get("desired", whole(block.value("Desired Number of Nodes Scheduled")))
        current = counts.get("total", counts.get("current"))
        available = counts.get("available")
        running = status.get("Running") if kind != "job" else None
        have = available if available is not None else running
        owner_text = block.value("Controlled By")
        owner = None
        if owner_text and "/" in owner_text:
            owner_kind, _, owner_name = owner_text.partition("/")
            owner = f"{kind_of(owner_kind) or owner_kind.lower()} {qualified(namespace, owner_name)}"
            draft.relate(owner, workload, "owns")
        draft.add(
            "workload", block.items[0].index, workload=workload, kind=kind, namespace=namespace, name=name,
            desired=desired, current=current, available=available, updated=counts.get("updated"),
            missing=desired - current if desired is not None and current is not None and desired > current else None,
            short=have < desired if have is not None and desired is not None else None,
            failed=status.get("Failed") if kind == "job" else None,
            selector=labels(",".join(block.lines_of("Selector"))), schedule=block.value("Schedule"), owner=owner,
            suspended=block.value("Suspend") == "True" if block.value("Suspend") else None,
            starting_deadline_s=whole((block.value("Starting Deadline Seconds") or "").rstrip("s")), asked=True,
        )  # fmt: skip
        about: dict[str, Scalar] = {"via": "paste", "workload": workload}
        for item in block.sections.get("Conditions", ()):
            found = _CONDITION.match(item.text)
            if found and (
                ((found[2] == "True") == (found[1] in ("ReplicaFailure", "Failed")) and found[2] != "Unknown")
                or found[2] == "Unknown"
            ):
                draft.add(
                    "workload_condition", item.index, workload=workload, condition=found[1], status=found[2],
                    reason=found[3], message=found[4],
                )  # fmt: skip
                draft.abouts[item.index] = {**about, "via": "condition", "reason": found[3]}
        _mark(draft, block, about)

    return read


def read_claim(draft: Draft, block: Block, name: str | None) -> None:
    name = name or draft.command.name or "<claim>"
    namespace = block.value("Namespace") or draft.namespace
    claim = qualified(namespace, name)
    volume = block.value("Volume")
    users = block.value("Used By") or block.value("Mounted By")
    storage_class = block.value("StorageClass")
    phase = block.value("Status")
    draft.add(
        "claim", block.items[0].index, claim=claim, namespace=namespace, phase=(phase or "").split(" ", 1)[0] or None,
        storage_class=storage_class, has_class=storage_class is not None if "StorageClass" in block.fields else None,
        volume=volume, size=block.value("Capacity"),
        used_by=qualified(namespace, users.split(",")[0].strip()) if users else None,
    )  # fmt: skip
    if volume:
        draft.relate(f"volume {volume}", f"claim {claim}", "backs")
    for user in (users or "").split(","):
        if user.strip():
            draft.relate(f"claim {claim}", f"pod {qualified(namespace, user.strip())}", "is mounted by")
    _mark(draft, block, {"via": "paste", "claim": claim})


def read_volume(draft: Draft, block: Block, name: str | None) -> None:
    volume = name or "<volume>"
    draft.add(
        "volume", block.items[0].index, volume=volume, phase=block.value("Status"), reclaim=block.value("Reclaim Pol"
                                                                                                        "icy"),
        claim=block.value("Claim"), storage_class=block.value("StorageClass"), size=block.value("Capacity"),
        message=block.value("Message"),
    )  # fmt: skip
    _mark(draft, block, {"via": "paste", "volume": volume})


def read_autoscaler(draft: Draft, block: Block, name: str | None) -> None:
    name = name or draft.command.name or "<hpa>"
    namespace = block.value("Namespace") or draft.namespace
    autoscaler = qualified(namespace, name)
    reference = block.value("Reference") or ""
    kind, slash, target = reference.partition("/")
    workload = f"{kind_of(kind) or kind.lower()} {qualified(namespace, target)}" if slash else None
    pods = re.match(r"(\d{1,9}) current / (\d{1,9}) desired", block.value("Deployment pods") or "")
    least, most = whole(block.value("Min replicas")), whole(block.value("Max replicas"))
    draft.add(
        "autoscaler", block.items[0].index, autoscaler=autoscaler, namespace=namespace, workload=workload, min=least,
        max=most, current=int(pods[1]) if pods else None, desired=int(pods[2]) if pods else None,
        at_max=True if pods and most is not None and int(pods[1]) >= most else None,
    )  # fmt: skip
    about: dict[str, Scalar] = {"via": "paste", "object": f"horizontalpodautoscaler {autoscaler}"}
    if workload:
        about["workload"] = workload
    for item in block.sections.get("Conditions", ()):
        found = _CONDITION.match(item.text)
        if found and (found[2] == "True") == (found[1] == "ScalingLimited"):
            draft.add(
                "autoscaler_condition", item.index, autoscaler=autoscaler, workload=workload, condition=found[1],
                status=found[2], reason=found[3], message=found[4],
            )  # fmt: skip
            draft.abouts[item.index] = {**about, "via": "condition", "reason": found[3]}
            draft.texts[item.index] = found[4] or item.text
    _mark(draft, block, about)


def read_ingress(draft: Draft, block: Block, name: str | None) -> None:
    name = name or draft.command.name or "<ingress>"
    namespace = block.value("Namespace") or draft.namespace
    ingress = qualified(namespace, name)
    draft.add(
        "ingress", block.items[0].index, ingress=ingress, namespace=namespace,
        has_address=block.value("Address") is not None if "Address" in block.fields else None,
        **{"class": block.value("Ingress Class")},
    )  # fmt: skip
    for item in block.items:
        for found in _BACKEND.finditer(item.text):
            if found[1] in ("default-http-backend",) and "not found" in found[3]:
                continue
            detail = found[3]
            missing = "not found" in detail
            addresses = [] if missing else [part for part in detail.split(",") if known(part)]
            draft.add(
                "ingress_backend", item.index, ingress=ingress, service=qualified(namespace, found[1]), port=found[2],
                service_exists=not missing if missing or addresses else None,
                endpoints=len(addresses) if not missing else None,
            )  # fmt: skip
    _mark(draft, block, {"via": "paste", "object": f"ingress {ingress}"})


def read_quota(draft: Draft, block: Block, name: str | None) -> None:
    namespace = block.value("Namespace") or draft.namespace
    quota = qualified(namespace, name or "<quota>")
    for item in block.items:
        found = _QUOTA.match(item.text)
        if found:
            draft.add(
                "quota", item.index, quota=quota, namespace=namespace, resource=found[1], used=found[2], hard=found[3],
                full=True if found[2] == found[3] else None,
            )  # fmt: skip
    _mark(draft, block, {"via": "paste", "object": f"resourcequota {quota}"})


def _mark(draft: Draft, block: Block, about: dict[str, Scalar]) -> None:
    for item in block.items:
        if draft.abouts[item.index] is None:
            draft.abouts[item.index] = about


READERS: Final[dict[str, Reader]] = {
    "pod": read_pod,
    "node": read_node,
    "service": read_service,
    "persistentvolumeclaim": read_claim,
    "persistentvolume": read_volume,
    "horizontalpodautoscaler": read_autoscaler,
    "ingress": read_ingress,
    "resourcequota": read_quota,
    **{
        kind: read_workload(kind)
        for kind in ("deployment", "replicaset", "replicationcontroller", "statefulset", "daemonset", "job", "cronjob")
    },
}
"""Kind in lower case -> its reader."""
