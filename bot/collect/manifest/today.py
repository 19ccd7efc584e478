"""What the API server checks in today's objects beyond their schema: names, ports, quantities, selectors, mounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.collect.manifest.legacy import matching, pairs, shown
from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import joined, with_value
from bot.collect.manifest.schemas import closest
from bot.collect.manifest.values import amount, check_place, set_value
from bot.collect.manifest.walk import Subject, places

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_FREE_NAMES: Final = frozenset(
    {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Event", "CustomResourceDefinition"}
)
_LABEL_NAMES: Final = frozenset({"Namespace", "Service"})
TEMPLATES: Final[dict[str, Path]] = {
    "Deployment": ("spec", "template"), "StatefulSet": ("spec", "template"), "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"), "ReplicationController": ("spec", "template"), "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}  # fmt: skip
"""Where a workload keeps the template of its Pods."""


def check_today(subject: Subject) -> None:
    _name(subject)
    if subject.kind == "Service":
        _service(subject)
    if subject.kind in TEMPLATES:
        _template(subject)
    for path, pod in _pods(subject):
        _pod(subject, path, pod)
    if subject.api is not None and subject.schema is not None:
        for path, node, schema in places(subject.api, subject.root, subject.schema):
            check_place(subject, subject.api, path, node, schema)


def pod_of(subject: Subject) -> Path | None:
    """Where an object's Pod (template) stands."""
    return () if subject.kind == "Pod" else TEMPLATES.get(subject.kind)


def _pods(subject: Subject) -> Iterator[tuple[Path, Node]]:
    where = pod_of(subject)
    if where is not None:
        pod = subject.root.at((*where, "spec"))
        if pod is not None and pod.entries is not None:
            yield (*where, "spec"), pod


# --- names ----------------------------------------------------------------------------------------------


def _name(subject: Subject) -> None:
    metadata = subject.at("metadata")
    if not subject.name:
        if metadata is not None and metadata.get("generateName"):
            return
        node = metadata.get("name") if metadata else None
        if node is not None and not node.is_empty:
            return  # of a wrong type: the schema says so
        lines = ["metadata:", "  name: <name>"]
        if metadata is not None and metadata.entries and not metadata.flow:
            lines = ["metadata:", f"{' ' * metadata.column}name: <name>"]
        message = "resource name may not be empty"
        subject.add("name-missing", ("metadata", "name"), message=message, corrected=subject.lines(lines))
        return
    node = subject.at("metadata", "name")
    if node is None or subject.kind in _FREE_NAMES:
        return
    only_label = subject.kind in _LABEL_NAMES
    if "$" in subject.name or ((_LABEL if only_label else _NAME).fullmatch(subject.name) and len(subject.name) <= 253):
        return
    better = re.sub(r"[^a-z0-9.-]+" if not only_label else r"[^a-z0-9-]+", "-", subject.name.lower()).strip("-.")[:63]
    message = (
        f'metadata.name: Invalid value: "{subject.name}": '
        f"a lowercase RFC 1123 {'label' if only_label else 'subdomain'} must "
        "consist of lower case alphanumeric characters or '-'"
    )
    set_value(subject, ("metadata", "name"), node, better, message)


# --- services and workloads -----------------------------------------------------------------------------


def _service(subject: Subject) -> None:
    spec = subject.at("spec")
    kind = subject.at("spec", "type")
    if kind is not None and kind.text == "ExternalName":
        return
    ports = subject.at("spec", "ports")
    if subject.era == "2015" and subject.at("spec", "port") is not None:
        return
    if ports is None or not ports.items:
        headless = subject.at("spec", "clusterIP")
        if (headless is None or headless.text != "None") and (ports is None or ports.entries is None):
            lines = ["spec:", "  ports:", "    - port: <port>"]
            if spec is not None and spec.entries and not spec.flow:
                indent = " " * spec.column
                lines = ["spec:", f"{indent}ports:", f"{indent}  - port: <port>"]
            subject.add(
                "port-missing", ("spec", "ports"), message="spec.ports: Required value", corrected=subject.lines(lines)
            )
    elif len(ports.items) > 1:
        for number, port in enumerate(ports.items):
            if port.entries is not None and port.get("name") is None:
                subject.add(
                    "required-missing", ("spec", "ports", number, "name"),
                    message=f"spec.ports[{number}].name: Required value",
                    corrected=joined([" " * max(0, port.column - 2) + "- name: <name>"]),
                )  # fmt: skip


def _template(subject: Subject) -> None:
    where = TEMPLATES[subject.kind]
    labels_at = (*where, "metadata", "labels")
    labels = pairs(subject.root.at(labels_at))
    if subject.kind in ("Job", "CronJob"):
        policy = subject.root.at((*where, "spec", "restartPolicy"))
        if subject.root.at((*where, "spec")) is not None and (policy is None or policy.text == "Always"):
            path = (*where, "spec", "restartPolicy")
            message = 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
            if policy is None:
                subject.add("required-missing", path, expected="OnFailure, Never", message=message)
            else:
                set_value(subject, path, policy, "OnFailure", message)
        return
    policy = subject.root.at((*where, "spec", "restartPolicy"))
    if policy is not None and policy.text in ("Never", "OnFailure"):
        message = f'spec.template.spec.restartPolicy: Unsupported value: "{policy.text}": supported values: "Always"'
        set_value(subject, (*where, "spec", "restartPolicy"), policy, "Always", message)
    selector_at: Path = (
        ("spec", "selector") if subject.kind == "ReplicationController" else ("spec", "selector", "matchLabels")
    )
    selector = pairs(subject.root.at(selector_at))
    if labels and _selects_nothing(subject):
        lines = ["    matchLabels:", *(f"      {name}: {value}" for name, value in list(labels.items())[:1])]
        message = "spec.selector: Invalid value: {}: empty selector is invalid"
        subject.add("selector-name-missing", ("spec", "selector", "matchLabels"), expected=next(iter(labels)),
                    message=message, corrected=subject.lines(lines))  # fmt: skip
    if selector and not labels:
        said = any(one.field.endswith("template.metadata.labels") for one in subject.problems)
        if said or subject.root.at(where) is None:
            return
        template = subject.root.at((*where, "metadata"))
        indent = template.column if template is not None and template.entries else 6
        lines = [" " * indent + "labels:", *(f"{' ' * indent}  {name}: {value}" for name, value in selector.items())]
        message = "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`"
        subject.add("labels-missing", labels_at, value=shown(selector), message=message, corrected=subject.lines(lines))
    elif selector and not selector.items() <= labels.items():
        message = "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`"
        subject.add("selector-mismatch", selector_at, value=shown(selector), expected=shown(labels), message=message,
                    corrected=matching(subject, selector_at, labels_at))  # fmt: skip


def _selects_nothing(subject: Subject) -> bool:
    """Whether a selector is there with nothing in it, and nothing was said of it yet."""
    selector = subject.at("spec", "selector")
    if selector is None or subject.kind == "ReplicationController":
        return False
    if any(one.field.startswith("spec.selector") for one in subject.problems):
        return False
    expressions = selector.get("matchExpressions")
    return not pairs(selector.get("matchLabels")) and not (expressions is not None and expressions.items)


# --- pods -----------------------------------------------------------------------------------------------


def _pod(subject: Subject, path: Path, pod: Node) -> None:
    volumes = {node.text for node in (one.get("name") for one in _items(pod.get("volumes"))) if node is not None}
    volumes |= {
        node.text
        for node in (one.at(("metadata", "name")) for one in _items(subject.at("spec", "volumeClaimTemplates")))
        if node is not None
    }
    names: set[str] = set()
    for group in ("initContainers", "containers"):
        for number, container in enumerate(_items(pod.get(group))):
            here = (*path, group, number)
            name, image = container.get("name"), container.get("image")
            if image is None or image.is_empty:
                column = container.column
                corrected = "" if container.flow else f"{' ' * column}image: <image>"
                subject.add("required-missing", (*here, "image"), message=f"{group}[{number}].image: Required value",
                            corrected=corrected)  # fmt: skip
            if name is not None and name.text:
                if name.text in names:
                    subject.add(
                        "duplicate-name", (*here, "name"), value=name.text, message=f'Duplicate value: "{name.text}"'
                    )
                elif isinstance(name.value, str) and not _LABEL.fullmatch(name.text) and "$" not in name.text:
                    better = re.sub(r"[^a-z0-9-]+", "-", name.text.lower()).strip("-")[:63]
                    set_value(
                        subject, (*here, "name"), name, better, f'{group}[{number}].name: Invalid value: "{name.text}"'
                    )
                names.add(name.text)
            _mounts(subject, here, container, volumes)
            _resources(subject, here, container)


def _mounts(subject: Subject, path: Path, container: Node, volumes: set[str]) -> None:
    for number, mount in enumerate(_items(container.get("volumeMounts"))):
        name = mount.get("name")
        if name is not None and name.text and name.text not in volumes:
            full = (*path, "volumeMounts", number, "name")
            near = closest(name.text, frozenset(volumes), 0.6)
            message = f'volumeMounts[{number}].name: Not found: "{name.text}"'
            line = subject.page.line(name.line)
            corrected = with_value(line, name, near) if near else ""
            subject.add(
                "volume-unknown",
                full,
                line=name.line,
                value=name.text,
                expected=near,
                message=message,
                corrected=corrected,
            )


def _resources(subject: Subject, path: Path, container: Node) -> None:
    requests, limits = container.at(("resources", "requests")), container.at(("resources", "limits"))
    if requests is None or limits is None:
        return
    for key, value in requests.entries or ():
        limit = limits.get(key.text)
        asked, allowed = amount(value), amount(limit)
        if limit is not None and asked is not None and allowed is not None and asked > allowed:
            full = (*path, "resources", "requests", key.text)
            message = f'requests: Invalid value: "{value.text}": must be less than or equal to {key.text} limit'
            set_value(subject, full, value, limit.text, message)


def _items(node: Node | None) -> list[Node]:
    return [one for one in (node.items or [] if node else []) if one.entries is not None]
