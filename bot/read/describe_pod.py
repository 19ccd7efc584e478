"""Makes facts of a described Pod: itself, its containers, probes, conditions, and what it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from bot.read.describe import Block, Item
from bot.read.draft import Draft
from bot.read.words import (
    UNKNOWN_CONTAINER,
    UNKNOWN_POD,
    kind_of,
    known,
    labels,
    moment,
    qualified,
    runtime_of,
    seconds_since,
    whole,
    workload_of_pod,
)
from rules.kinds import Scalar

_CONTAINER_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62})$")
_PROBE = re.compile(
    r"(http-get|tcp-socket|exec|grpc)\s+(.*?)\s*delay=(\d{1,9})s timeout=(\d{1,9})s period=(\d{1,9})s #success=\d+ "
    r"#failure=(\d{1,9})"
)
_URL = re.compile(r"https?://([^:/\s]*)(?::([\w-]*))?(/\S*)?")
_FROM_KEY = re.compile(
    r"<set to the key '([^'\n]{1,253})' (?:of|in) (secret|config map) '([^'\n]{1,253})'>(?:\s+Optional: (\w+))?"
)
_ENV_FROM = re.compile(r"([\w.-]{1,253})\s+(Secret|ConfigMap)(?: with prefix '[^']*')?\s+Optional: (\w+)")
_CONDITION = re.compile(r"\s*([A-Z]\w{2,60}|[\w.-]+/[\w.-]+)\s+(True|False|Unknown)\b\s*(.*)$")
_HASH = re.compile(r"pod-template-hash=([a-z0-9]{1,20})")
_SECTIONS: Final = {"Containers": "main", "Init Containers": "init", "Ephemeral Containers": "ephemeral"}
_STATES: Final = {"Waiting": "waiting", "Running": "running", "Terminated": "terminated"}


@dataclass(slots=True)
class _Container:
    """A container's lines, gathered before they become facts."""

    name: str
    role: str
    index: int
    values: dict[str, Item] = field(default_factory=dict)
    now: dict[str, Item] = field(default_factory=dict)
    last: dict[str, Item] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    probes: list[tuple[str, Item]] = field(default_factory=list)
    environment: list[Item] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        item = self.values.get(name)
        return known(item.value) if item else None


def read_pod(draft: Draft, block: Block, name: str | None) -> None:
    """Facts of one described Pod; a fragment without its name is about `<pod>`."""
    namespace = block.value("Namespace") or draft.namespace
    if name is None and draft.command.verb == "describe" and draft.command.kind == "pod" and draft.command.name:
        name = draft.command.name
    pod = qualified(namespace, name) if name else UNKNOWN_POD
    about: dict[str, Scalar] = {"via": "paste", "pod": pod}
    node_text = block.value("Node")
    node = node_text.partition("/")[0].strip() if node_text else None
    if node:
        about["node"] = node
        draft.relate(f"node {node}", f"pod {pod}", "runs")
    owner = _owner(draft, block, name, namespace, pod)
    containers = _containers(block)
    ready = _ready_count(containers)
    status = block.value("Status")
    phase = (status or "").split(" ", 1)[0]
    service_account = block.value("Service Account")
    pod_labels = labels(",".join(block.lines_of("Labels")))
    draft.add(
        "pod", block.items[0].index, pod=pod, namespace=namespace, node=node,
        assigned=True if node else (False if "Node" in block.fields else None),
        phase=phase if phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown", "Waiting") else None,
        status=_shown_status(phase, containers), reason=block.value("Reason"), message=block.value("Message"),
        ready=_ready_condition(block), ready_containers=ready,
        containers=len(_main(containers)) or None if "Containers" in block.fields else None,
        restarts=_restarts(containers), workload=owner,
        owned=owner is not None if name and ("Controlled By" in block.fields or "IP" in block.fields) else None,
        service_account=qualified(namespace, service_account) if service_account else None, labels=pod_labels,
        node_selector=labels(",".join(block.lines_of("Node-Selectors"))),
        priority_class=block.value("Priority Class Name") or block.value("PriorityClassName"),
        age_s=seconds_since(block.value("Start Time"), draft.now),
        deleting_s=seconds_since((status or "").rpartition("since ")[2].rstrip(")"),
        draft.now) if phase == "Terminating" else None,
    )  # fmt: skip
    for container in containers:
        _emit_container(draft, container, pod, node, owner, namespace, about)
    _conditions(draft, block, pod, about)
    _volumes(draft, block, pod, namespace)
    message = block.fields.get("Message")
    if message:
        draft.abouts[message.index] = {**about, "via": "condition", **_reason(block.value("Reason"))}
    for item in block.items:
        if draft.abouts[item.index] is None:
            draft.abouts[item.index] = about


def _reason(reason: str | None) -> dict[str, Scalar]:
    return {"reason": reason} if reason else {}


def _owner(draft: Draft, block: Block, name: str | None, namespace: str | None, pod: str) -> str | None:
    text = block.value("Controlled By")
    if not text:
        created = block.value("Controllers")
        text = created if created and "/" in created else None
    if not text or "/" not in text:
        old = block.value("Replication Controllers")
        found = re.match(r"([\w.-]+) \(\d+/\d+ replicas", old or "")
        text = f"ReplicationController/{found[1]}" if found else None
    if not text:
        return None
    kind, _, owner_name = text.partition("/")
    kind = kind_of(kind) or kind.lower()
    owner = f"{kind} {qualified(namespace, owner_name)}"
    hashed = _HASH.search(" ".join(block.lines_of("Labels")))
    if kind == "replicaset" and hashed and owner_name.endswith(f"-{hashed[1]}"):
        above = f"deployment {qualified(namespace, owner_name.removesuffix('-' + hashed[1]))}"
        draft.relate(above, owner, "owns")
        draft.relate(owner, f"pod {pod}", "owns")
        return above
    draft.relate(owner, f"pod {pod}", "owns")
    deployment = workload_of_pod(name or "", hashed[1] if hashed else None)
    if kind == "replicaset" and deployment:
        above = f"deployment {qualified(namespace, deployment)}"
        draft.relate(above, owner, "owns")
        return above
    return owner


def _containers(block: Block) -> list[_Container]:
    found: list[_Container] = []
    headless = not any(section in block.fields for section in _SECTIONS)
    role = "main"
    current: _Container | None = None
    mode = ""
    state: dict[str, Item] | None = None
    inside = headless
    for item in block.items:
        name = item.name
        if name in _SECTIONS and not item.value:
            role, inside, current, mode = _SECTIONS[name], True, None, ""
            continue
        if name in ("Conditions", "Volumes", "QoS Class", "Node-Selectors", "Tolerations", "Events"):
            inside = False
        elif headless and name in ("State", "Last State"):
            inside = True
        if not inside:
            continue
        if (
            name
            and not item.value
            and _CONTAINER_NAME.fullmatch(name)
            and name not in ("cpu", "memory")
            and mode != "Volumes"
        ):
            current = _Container(name, role, item.index)
            found.append(current)
            current.lines.append(item.index)
            mode, state = "", None
            continue
        if name in (
            "State",
            "Last State",
            "Container ID",
            "Image",
            "Restart Count",
            "Exit Code",
            "Liveness",
            "Readiness",
            "Limits",
            "Ready",
        ):
            again = current is not None and headless and name in current.values and name in ("State", "Container ID")
            if current is None or again:
                current = _Container(UNKNOWN_CONTAINER, role, item.index)
                found.append(current)
        if current is None:
            continue
        current.lines.append(item.index)
        state, mode = _take(current, item, state, mode)
    return found


def _take(
    current: _Container, item: Item, state: dict[str, Item] | None, mode: str
) -> tuple[dict[str, Item] | None, str]:
    """Adds one line to a container; gives the state and the list that the next line may go on with."""
    name = item.name
    if name == "State":
        current.values["State"] = item
        return current.now, "State"
    if name == "Last State":
        current.values["Last State"] = item
        return current.last, "State"
    if name in ("Reason", "Message", "Exit Code", "Started", "Finished", "Signal"):
        into = state if state is not None else (current.last if name in ("Exit Code", "Finished") else current.now)
        into.setdefault(name, item)
        return state, "Message" if name == "Message" else mode
    if name in (
        "Ready",
        "Restart Count",
        "Image",
        "Image ID",
        "Container ID",
        "Port",
        "Ports",
        "Host Port",
        "Host Ports",
    ):
        current.values.setdefault(name, item)
        return None if name in ("Ready", "Restart Count") else state, ""
    if name in ("Liveness", "Readiness", "Startup") and item.value:
        current.probes.append((name.lower(), item))
        return state, ""
    if name in (
        "Limits",
        "Requests",
        "Command",
        "Args",
        "Environment",
        "Mounts",
        "Environment Variables from",
        "Environment Variables",
    ):
        if name in ("Command", "Args") and item.value:
            current.command.append(item.value)
        return state, name
    if mode in ("Limits", "Requests") and name:
        (current.limits if mode == "Limits" else current.requests)[name] = item.value
    elif mode in ("Command", "Args"):
        current.command.append(item.text.strip())
    elif mode in ("Environment", "Environment Variables", "Environment Variables from"):
        current.environment.append(item)
    elif mode == "Message" and state is not None:
        state["Message+"] = item
    return state, mode


def _main(containers: list[_Container]) -> list[_Container]:
    return [container for container in containers if container.role == "main"]


def _ready_count(containers: list[_Container]) -> int | None:
    told = [container.text("Ready") for container in _main(containers)]
    return sum([value == "True" for value in told]) if told and all(told) else None


def _restarts(containers: list[_Container]) -> int | None:
    counts = [count for container in containers if (count := whole(container.text("Restart Count"))) is not None]
    return sum(counts) if counts else None


def _shown_status(phase: str, containers: list[_Container]) -> str | None:
    """What the STATUS column would show: the reason of the first waiting or ended container, else the phase."""
    if phase == "Terminating":
        return phase
    for container in containers:
        reason = container.now.get("Reason")
        if reason and container.text("State") in ("Waiting", "Terminated") and known(reason.value):
            if container.role == "init" and reason.value in ("Completed", "PodInitializing"):
                continue
            return f"Init:{reason.value}" if container.role == "init" else reason.value
    return phase or None


def _ready_condition(block: Block) -> bool | None:
    for item in block.sections.get("Conditions", ()):
        found = _CONDITION.match(item.text)
        if found and found[1] == "Ready" and found[2] != "Unknown":
            return found[2] == "True"
    return None


def _value(state: dict[str, Item], name: str) -> str | None:
    item = state.get(name)
    return known(item.value) if item else None


def _emit_container(
    draft: Draft, container: _Container, pod: str, node: str | None, owner: str | None, namespace: str | None,
    about: dict[str, Scalar],
) -> None:  # fmt: skip
    shown = (container.text("State") or "").split(" ", 1)[0]
    last_shown = container.text("Last State")
    now, last = container.now, container.last
    if not shown and now and not last:
        shown = "Terminated" if "Exit Code" in now else "Waiting"
    started, ended = moment(_value(last, "Started")), moment(_value(last, "Finished"))
    ran = max(0, int((ended - started).total_seconds())) if started and ended else None
    exit_code = _value(now, "Exit Code") or _value(last, "Exit Code")
    ready = container.text("Ready")
    runtime = runtime_of(container.text("Container ID"))
    if runtime:
        draft.evidence("runtime", runtime, container.values["Container ID"].index)
    where = {**about, "container": container.name}
    draft.add(
        "container", container.index, pod=pod, container=container.name, role=container.role,
        image=container.text("Image"), command=" ".join(container.command)[:1000] or None, state=_STATES.get(shown),
        reason=_value(now, "Reason"), message=_value(now, "Message"), exit_code=whole(exit_code),
        signal=whole(_value(now, "Signal") or _value(last, "Signal")),
        last_reason=_value(last, "Reason") or (last_shown if last_shown and last_shown not in ("Terminated",
        "Waiting") else None),
        last_message=_value(last, "Message"), last_exit_code=whole(_value(last, "Exit Code")), last_ran_s=ran,
        last_end_age_s=seconds_since(_value(last, "Finished"), draft.now),
        restarts=whole(container.text("Restart Count")),
        ready=ready == "True" if ready in ("True", "False") else None,
        running_s=seconds_since(_value(now, "Started"), draft.now) if shown == "Running" else None,
        memory_limit=container.limits.get("memory"), memory_request=container.requests.get("memory"),
        cpu_limit=container.limits.get("cpu"), cpu_request=container.requests.get("cpu"), workload=owner, node=node,
    )  # fmt: skip
    for state, via in ((now, _STATES.get(shown, "waiting")), (last, "terminated")):
        reason = _value(state, "Reason")
        via = via if via in ("waiting", "terminated") else "terminated"
        for key in ("Reason", "Message", "Message+", "Exit Code"):
            if key in state:
                draft.abouts[state[key].index] = {**where, "via": via, **_reason(reason)}
    for kind, item in container.probes:
        _emit_probe(draft, pod, container, kind, item)
    for item in container.environment:
        _emit_environment(draft, pod, container.name, namespace, item)
    for index in container.lines:
        if draft.abouts[index] is None:
            draft.abouts[index] = where


def _emit_probe(draft: Draft, pod: str, container: _Container, kind: str, item: Item) -> None:
    found = _PROBE.match(item.value)
    if not found:
        return
    type_ = {"http-get": "http", "tcp-socket": "tcp"}.get(found[1], found[1])
    url = _URL.match(found[2]) if type_ == "http" else None
    port = url[2] if url else found[2].rpartition(":")[2].split(" ")[0] if type_ in ("tcp", "grpc") else None
    declared = ",".join(re.findall(r"\d{1,5}(?=/)", container.text("Port") or container.text("Ports") or "")) or None
    numbers = declared.split(",") if declared else []
    draft.add(
        "probe", item.index, pod=pod, container=container.name, probe=kind, type=type_, port=known(port),
        path=url[3] if url else None, command=found[2].strip("[]") if type_ == "exec" else None,
        initial_delay_s=int(found[3]), timeout_s=int(found[4]), period_s=int(found[5]), failure_threshold=int(found[6]),
        declared_ports=declared if declared and declared != "0" else None,
        port_declared=port in numbers if port and port.isdigit() and numbers and numbers != ["0"] else None,
    )  # fmt: skip


def _emit_environment(draft: Draft, pod: str, container: str, namespace: str | None, item: Item) -> None:
    found = _FROM_KEY.search(item.text)
    if found:
        kind, name = ("secret" if found[2] == "secret" else "configmap"), found[3]
    else:
        listed = _ENV_FROM.search(item.text)
        if not listed:
            return
        kind, name = listed[2].lower(), listed[1]
    draft.relate(f"{kind} {qualified(namespace, name)}", f"pod {pod}", "is used by")


def _conditions(draft: Draft, block: Block, pod: str, about: dict[str, Scalar]) -> None:
    for item in block.sections.get("Conditions", ()):
        found = _CONDITION.match(item.text)
        if found is None:
            continue
        if found[2] != "True" or found[1] == "DisruptionTarget":
            draft.add("pod_condition", item.index, pod=pod, condition=found[1], status=found[2])
            draft.abouts[item.index] = {**about, "via": "condition"}


def _volumes(draft: Draft, block: Block, pod: str, namespace: str | None) -> None:
    for item in block.sections.get("Volumes", ()):
        if not item.value:
            continue
        name = item.value.split(" ", 1)[0]
        if item.name == "ClaimName":
            draft.relate(f"claim {qualified(namespace, name)}", f"pod {pod}", "is mounted by")
        elif item.name == "SecretName":
            draft.relate(f"secret {qualified(namespace, name)}", f"pod {pod}", "is used by")
        elif item.name in ("ConfigMapName", "Name") and name != "kube-root-ca.crt":
            draft.relate(f"configmap {qualified(namespace, name)}", f"pod {pod}", "is used by")
