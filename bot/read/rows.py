"""Makes facts of the rows of today's kubectl tables. Which kind a table shows follows from its columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.read.draft import Draft
from bot.read.events import emit_event
from bot.read.tables import Row
from bot.read.words import CLUSTER_SCOPED, WORKLOADS, age, kind_of, known, labels, runtime_of, whole

Reader = Callable[[Draft, int, Row, str, "str | None"], None]

_READY = re.compile(r"(\d{1,9})/(\d{1,9})$")
_SIZE = re.compile(r"\d{1,12}(\.\d{1,6})?([kKMGTPE]i?)?")
_QUIET_STATUS: Final = frozenset({"Running", "Completed", "Succeeded"})
_KUBERNETES_NAMES: Final = frozenset({"kube-apiserver", "kube-scheduler", "kube-controller-manager", "etcd"})


def _ratio(text: str | None) -> tuple[int | None, int | None]:
    found = _READY.match(text or "")
    return (int(found[1]), int(found[2])) if found else (None, None)


def _restarts(text: str | None) -> int | None:
    return whole((text or "").split(" ", 1)[0])


def pod_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    pod = draft.qualify(name, namespace)
    ready, containers = _ratio(row.get("READY"))
    status = known(row.get("STATUS"))
    if status and status.count(" ") > 1 and "(" not in status.split(" ", 2)[1]:
        status = "Waiting"  # kubectl 1.6 and older print the message of a container that waits
    node = known(row.get("NODE"))
    if status and "READY" not in row and "RESTARTS" not in row and node is None and "IP" not in row:
        containers = None
    restarts = _restarts(row.get("RESTARTS"))
    done = status in ("Completed", "Succeeded")
    is_ready = ready == containers and status == "Running" if ready is not None else None
    draft.add(
        "pod", index, pod=pod, namespace=namespace or draft.namespace, status=status,
        phase=status if status in ("Pending", "Running", "Failed", "Unknown") else "Succeeded" if done else None,
        reason="Evicted" if status == "Evicted" else None, node=node,
        assigned=True if node else (False if row.get("NODE") == "<none>" else None),
        ready=is_ready, ready_containers=ready, containers=containers, restarts=restarts,
        age_s=age(row.get("AGE")), labels=labels(row.get("LABELS")),
    )  # fmt: skip
    if node:
        draft.relate(f"node {node}", f"pod {pod}", "runs")
    if status not in _QUIET_STATUS or (is_ready is False and not done):
        about = {"via": "paste", "pod": pod}
        draft.abouts[index] = {**about, "node": node} if node else about


def node_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    status = row.get("STATUS", "")
    states = [part.strip() for part in status.split(",")]
    ready = (
        "True"
        if "Ready" in states
        else "False"
        if "NotReady" in states
        else "Unknown"
        if states == ["Unknown"]
        else None
    )
    roles = known(row.get("ROLES"))
    runtime = known(row.get("CONTAINER-RUNTIME"))
    version = known(row.get("VERSION"))
    control = bool(roles and ("master" in roles or "control-plane" in roles))
    draft.add(
        "node", index, node=name, ready=ready, cordoned="SchedulingDisabled" in states or None,
        role="control-plane" if control else ("worker" if "ROLES" in row else None), version=version,
        runtime=runtime_of(runtime), runtime_version=runtime, os=known(row.get("OS-IMAGE")),
        kernel=known(row.get("KERNEL-VERSION")), address=known(row.get("INTERNAL-IP")), age_s=age(row.get("AGE")),
    )  # fmt: skip
    draft.evidence("runtime", runtime_of(runtime), index)
    if version and control:
        draft.evidence("version", version, index)
    if ready != "True" or len(states) > 1:
        draft.abouts[index] = {"via": "paste", "node": name}


def service_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    service = draft.qualify(name, namespace)
    address = row.get("CLUSTER-IP") or row.get("CLUSTER_IP")
    selector = labels(row.get("SELECTOR"))
    type_ = row.get("TYPE")
    external = row.get("EXTERNAL-IP") or row.get("EXTERNAL_IP")
    draft.add(
        "service", index, service=service, namespace=namespace or draft.namespace, type=type_,
        cluster_ip=known(address) if address != "None" else None, headless=True if address == "None" else None,
        ports=known(row.get("PORT(S)")), selector=selector,
        has_selector=selector is not None if row.get("SELECTOR") else None,
        labels=labels(row.get("LABELS")), external_pending=True if external == "<pending>" else None,
    )  # fmt: skip
    if external == "<pending>":
        draft.abouts[index] = {"via": "paste", "service": service}


def endpoints_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    listed = row.get("ENDPOINTS", "<none>")
    service = draft.qualify(name, namespace)
    count = 0
    if known(listed):
        more = re.search(r"\+ (\d{1,6}) more", listed)
        count = len([part for part in listed.partition(" + ")[0].split(",") if part.strip() and part != "..."])
        count += int(more[1]) if more else 0
    draft.add("service", index, service=service, namespace=namespace or draft.namespace, endpoints=count)
    if count == 0:
        draft.abouts[index] = {"via": "paste", "service": service}


def workload_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None, kind: str) -> None:
    full = f"{kind} {draft.qualify(name, namespace)}"
    ready, desired = _ratio(row.get("READY") or row.get("COMPLETIONS"))
    if desired is None:
        desired = whole(row.get("DESIRED"))
        ready = whole(row.get("READY"))
    current = whole(row.get("CURRENT"))
    available = whole(row.get("AVAILABLE"))
    updated = whole(row.get("UP-TO-DATE"))
    is_job = kind == "job"
    have = ready if ready is not None else available
    if kind == "cronjob":
        draft.add(
            "workload", index, workload=full, kind=kind, namespace=namespace or draft.namespace, name=name,
            schedule=known(row.get("SCHEDULE")), suspended=row.get("SUSPEND") == "True" if "SUSPEND" in row else None,
            last_schedule_age_s=age(row.get("LAST_SCHEDULE")), age_s=age(row.get("AGE")),
        )  # fmt: skip
        return
    short = have < desired if have is not None and desired is not None and not is_job else None
    draft.add(
        "workload", index, workload=full, kind=kind, namespace=namespace or draft.namespace, name=name,
        desired=desired, ready=ready, current=current, available=available, updated=updated,
        missing=desired - current if desired is not None and current is not None and desired > current else None,
        unready=current - ready if current is not None and ready is not None and current > ready else None,
        short=short, complete=ready == desired if is_job and desired is not None else None,
        age_s=age(row.get("AGE")), selector=labels(row.get("SELECTOR")),
    )  # fmt: skip
    if short:
        draft.abouts[index] = {"via": "paste", "workload": full}


def claim_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    claim = draft.qualify(name, namespace)
    phase = known(row.get("STATUS"))
    storage_class = known(row.get("STORAGECLASS"))
    volume = known(row.get("VOLUME"))
    size = known(row.get("CAPACITY"))
    if phase == "Pending" and volume and size and not storage_class and not _SIZE.fullmatch(size):
        # Columns that do not line up: three are empty in this row, and what is left is the class and the age.
        storage_class, volume, size = volume, None, None
    draft.add(
        "claim", index, claim=claim, namespace=namespace or draft.namespace, phase=phase, storage_class=storage_class,
        has_class=storage_class is not None if "STORAGECLASS" in row else None, volume=volume,
        size=size, age_s=age(row.get("AGE")),
    )  # fmt: skip
    if volume:
        draft.relate(f"volume {volume}", f"claim {claim}", "backs")
    if phase != "Bound":
        draft.abouts[index] = {"via": "paste", "claim": claim}


def volume_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    claim = known(row.get("CLAIM"))
    phase = known(row.get("STATUS"))
    draft.add(
        "volume", index, volume=name, phase=phase, claim=claim, size=known(row.get("CAPACITY")),
        reclaim=known(row.get("RECLAIM_POLICY") or row.get("RECLAIMPOLICY")),
        storage_class=known(row.get("STORAGECLASS")),
    )  # fmt: skip
    if phase not in ("Bound", "Available"):
        draft.abouts[index] = {"via": "paste", "volume": name}


def storage_class_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    default = name.endswith("(default)")
    expandable = row.get("ALLOWVOLUMEEXPANSION")
    draft.add(
        "storage_class", index, storage_class=name.removesuffix("(default)").strip(),
        provisioner=row.get("PROVISIONER"),
        binding_mode=row.get("VOLUMEBINDINGMODE"), default=default,
        expandable=expandable == "true" if expandable else None,
    )  # fmt: skip


def namespace_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    phase = known(row.get("STATUS"))
    stuck = age(row.get("AGE")) if phase == "Terminating" else None
    draft.add("namespace", index, namespace=name, phase=phase)
    if stuck is not None:
        draft.abouts[index] = {"via": "paste", "namespace": name}


def autoscaler_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    reference = known(row.get("REFERENCE"))
    workload = None
    if reference and "/" in reference:
        kind, _, target = reference.partition("/")
        workload = f"{kind_of(kind) or kind.lower()} {draft.qualify(target, namespace)}"
    autoscaler = draft.qualify(name, namespace)
    current = whole(row.get("REPLICAS"))
    most = whole(row.get("MAXPODS"))
    draft.add(
        "autoscaler", index, autoscaler=autoscaler, namespace=namespace or draft.namespace, workload=workload,
        min=whole(row.get("MINPODS")), max=most, current=current,
        metric="cpu" if row.get("TARGETS", "").startswith(("cpu", "<unknown>/")) and "%" in row.get("TARGETS",
        "") else None,
        at_max=True if most is not None and current == most else None,
    )  # fmt: skip
    about = {"via": "paste", "object": f"horizontalpodautoscaler {autoscaler}"}
    draft.abouts[index] = {**about, "workload": workload} if workload else about


def ingress_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    draft.add(
        "ingress", index, ingress=draft.qualify(name, namespace), namespace=namespace or draft.namespace,
        has_address=known(row.get("ADDRESS")) is not None, age_s=age(row.get("AGE")),
        **{"class": known(row.get("CLASS"))},
    )  # fmt: skip


def component_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    healthy = row.get("STATUS")
    parts = [known(row.get(column)) for column in ("MESSAGE", "ERROR")]
    said = " ".join([part for part in parts if part and part != "nil"]) or None
    draft.add(
        "component", index, component=name, message=said,
        healthy=healthy == "Healthy" if healthy in ("Healthy", "Unhealthy") else None,
    )  # fmt: skip


def api_service_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    state = row.get("AVAILABLE", "")
    reason = re.search(r"\((\w+)\)", state)
    service = known(row.get("SERVICE"))
    draft.add(
        "api_service", index, api_service=name, available=state.startswith("True"),
        reason=reason[1] if reason else None,
        service=service if service and service != "Local" else None,
    )  # fmt: skip
    if not state.startswith("True"):
        draft.abouts[index] = {"via": "paste", "object": f"apiservice {name}"}


def quota_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    text = f"{row.get('REQUEST', '')}, {row.get('LIMIT', '')}"
    for resource, used, hard in re.findall(r"([\w./-]{1,120}): (\w{1,30})/(\w{1,30})", text):
        draft.add(
            "quota", index, quota=draft.qualify(name, namespace), namespace=namespace or draft.namespace,
            resource=resource, used=used, hard=hard, full=True if used == hard else None,
        )  # fmt: skip


def budget_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    draft.add(
        "disruption_budget", index, disruption_budget=draft.qualify(name, namespace),
        namespace=namespace or draft.namespace, allowed=whole(row.get("ALLOWED_DISRUPTIONS")),
    )  # fmt: skip


def csr_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    condition = row.get("CONDITION") or ""
    state = condition.split(",")[0]
    if state in ("Pending", "Denied", "Failed") or "Failed" in condition or condition == "Approved":
        draft.add(
            "csr", index, csr=name, user=known(row.get("REQUESTOR")), signer=known(row.get("SIGNERNAME")),
            state="Failed" if "Failed" in condition else state, age_s=age(row.get("AGE")),
        )  # fmt: skip


def event_row(draft: Draft, index: int, row: Row, name: str, namespace: str | None) -> None:
    kind, slash, target = row.get("OBJECT", "").partition("/")
    if not slash:
        kind, target = row.get("KIND", ""), name
    sub = re.search(r"\{([\w.-]{1,253})\}", row.get("SUBOBJECT", ""))
    source = re.match(r"\{?([\w.-]+)(?:[, ]+([\w.-]+))?", row.get("SOURCE") or row.get("FROM") or "")
    lower = kind_of(kind) or kind.partition(".")[0].lower() or None
    if lower == "pod":
        target = re.sub(r"\.[0-9a-f]{12,}$", "", target)
    seen = row.get("LAST_SEEN") or row.get("LASTSEEN") or row.get("AGE") or row.get("TIME")
    emit_event(
        draft, index, reason=row.get("REASON", "unknown"), message=row.get("MESSAGE") or row.get("MSG") or "",
        type_=known(row.get("TYPE")), kind=lower, name=target or None, namespace=namespace,
        container=sub[1] if sub else None, component=source[1] if source else None,
        node=source[2] if source else None, times=whole(row.get("COUNT")), last_seen=(seen or "").partition(" (")[0],
    )  # fmt: skip


_BY_COLUMNS: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"REASON", "MESSAGE"}), "event"),
    (frozenset({"REASON", "MSG"}), "event"),
    (frozenset({"CLUSTER-IP"}), "service"),
    (frozenset({"CLUSTER_IP", "PORT(S)"}), "service"),
    (frozenset({"ENDPOINTS"}), "endpoints"),
    (frozenset({"REFERENCE", "MINPODS"}), "horizontalpodautoscaler"),
    (frozenset({"PROVISIONER"}), "storageclass"),
    (frozenset({"CLAIM", "CAPACITY"}), "persistentvolume"),
    (frozenset({"VOLUME", "STATUS"}), "persistentvolumeclaim"),
    (frozenset({"ALLOWED_DISRUPTIONS"}), "poddisruptionbudget"),
    (frozenset({"SIGNERNAME"}), "certificatesigningrequest"),
    (frozenset({"REQUESTOR", "CONDITION"}), "certificatesigningrequest"),
    (frozenset({"STATUS", "MESSAGE", "ERROR"}), "componentstatus"),
    (frozenset({"SERVICE", "AVAILABLE"}), "apiservice"),
    (frozenset({"HOSTS"}), "ingress"),
    (frozenset({"NAME", "REQUEST", "LIMIT"}), "resourcequota"),
    (frozenset({"SCHEDULE"}), "cronjob"),
    (frozenset({"COMPLETIONS"}), "job"),
    (frozenset({"UP-TO-DATE", "DESIRED", "CURRENT", "READY"}), "daemonset"),
    (frozenset({"UP-TO-DATE", "AVAILABLE"}), "deployment"),
    (frozenset({"DESIRED", "CURRENT", "READY"}), "replicaset"),
    (frozenset({"READY", "STATUS", "RESTARTS"}), "pod"),
    (frozenset({"STATUS", "ROLES"}), "node"),
    (frozenset({"STATUS", "VERSION"}), "node"),
    (frozenset({"READY", "STATUS"}), "pod"),
)
"""Columns that only that kind's table has; the first that fits counts."""

_READERS: Final[dict[str, Reader]] = {
    "event": event_row,
    "pod": pod_row,
    "node": node_row,
    "service": service_row,
    "endpoints": endpoints_row,
    "persistentvolumeclaim": claim_row,
    "persistentvolume": volume_row,
    "storageclass": storage_class_row,
    "namespace": namespace_row,
    "horizontalpodautoscaler": autoscaler_row,
    "ingress": ingress_row,
    "componentstatus": component_row,
    "apiservice": api_service_row,
    "resourcequota": quota_row,
    "poddisruptionbudget": budget_row,
    "certificatesigningrequest": csr_row,
}


def kind_of_table(draft: Draft, names: frozenset[str], name: str) -> str | None:
    """The kind of a table's row: written before its name, shown by the columns, or asked for by the command."""
    if "REASON" in names and ("MESSAGE" in names or "MSG" in names):
        return "event"
    prefix, slash, _ = name.partition("/")
    if slash and kind_of(prefix):
        return kind_of(prefix)
    for columns, kind in _BY_COLUMNS:
        if columns <= names:
            if kind == "replicaset" and draft.command.kind in WORKLOADS:
                return draft.command.kind
            return kind
    if draft.command.kind in _READERS or draft.command.kind in WORKLOADS:
        return draft.command.kind
    if names == {"NAME", "STATUS", "AGE"}:
        return "namespace"
    if {"NAME", "READY", "AGE"} <= names and "STATUS" not in names:
        return "statefulset"
    return None


def _plural(kind: str) -> str:
    return kind if kind == "endpoints" else kind + ("es" if kind.endswith("s") else "s")


def take_row(draft: Draft, index: int, row: Row, names: frozenset[str]) -> bool:
    """Facts of one row of a present-day table; False for a table that is none of ours."""
    name = row.get("NAME") or row.get("OBJECT") or ""
    kind = kind_of_table(draft, names, name)
    if kind is None:
        return False
    if kind != "event" and "/" in name:
        name = name.partition("/")[2]
    namespace = row.get("NAMESPACE")
    if not name and kind != "event":
        return False
    draft.show("events" if kind == "event" else f"get-{_plural(kind)}", index)
    if kind in WORKLOADS:
        workload_row(draft, index, row, name, namespace, kind)
    elif kind in _READERS:
        _READERS[kind](draft, index, row, name, None if kind in CLUSTER_SCOPED else namespace)
    return True


_POD_LINE = re.compile(
    r"\s*(?:([a-z0-9][a-z0-9-]{0,62})\s+)?(?:pods?/)?([a-z0-9][a-z0-9.-]{0,252}[a-z0-9](?:\.\.\.)?)\s+(\d{1,4}/\d{1,"
    r"4})\s+"
    r"([A-Z][\w:/.-]{1,60})\s+(\d{1,9})(?: \([^()]{1,30} ago\))?\s+((?:\d{1,6}[ywdhms]){1,4}|<invalid>|<unknown>)"
    r"(?:\s+([\d.]{7,15}|[0-9a-f:]{2,39}|<none>)\s+([\w.-]{1,253}|<none>))?(?:\s|$)"
)
_SENTENCE_LINE = re.compile(
    r"\s*(?:([a-z0-9][a-z0-9-]{0,62})\s+)?([a-z0-9][a-z0-9.-]{0,252}[a-z0-9])\s+(\d{1,4}/\d{1,4})\s+"
    r"([A-Za-z]\S* \S.{4,2000}?)\s{2,}(\d{1,9})\s+((?:\d{1,6}[ywdhms]){1,4})\s*$"
)
"""A Pod's row of kubectl 1.6 and older, whose STATUS is a message."""
_NODE_LINE = re.compile(
    r"\s*(?:nodes?/)?([a-z0-9][a-z0-9.-]{0,252})\s+((?:Not)?Ready(?:,SchedulingDisabled)?|"
    r"Unknown)\s+([a-z<][\w,<>-]{1,80})\s+"
    r"((?:\d{1,6}[ywdhms]){1,4})\s+(v\d[\w.+-]{2,60})(?:\s|$)"
)


def read_bare_rows(draft: Draft, index: int) -> int | None:
    """Rows of pods or nodes whose header was grepped away."""
    end = index
    while end < len(draft.lines):
        text = draft.lines[end].text
        found = (_POD_LINE.match(text) or _SENTENCE_LINE.match(text)) if "/" in text else None
        if found:
            row = {"READY": found[3], "STATUS": found[4], "RESTARTS": found[5], "AGE": found[6]}
            if found.re is _POD_LINE and found[8]:
                row["NODE"] = found[8]
            draft.show("get-pods", end)
            pod_row(draft, end, row, found[2], found[1])
        else:
            found = _NODE_LINE.match(text) if "Ready" in text or "Unknown" in text else None
            if not found:
                break
            draft.show("get-nodes", end)
            row = {"STATUS": found[2], "ROLES": found[3], "AGE": found[4], "VERSION": found[5]}
            node_row(draft, end, row, found[1], None)
        end += 1
    if end == index:
        return None
    draft.mark(index, end, {"via": "paste"})
    return end


__all__ = ["kind_of_table", "read_bare_rows", "take_row"]
