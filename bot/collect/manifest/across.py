"""What only shows when several objects are read together: a service that selects none of the pods beside it.

An object that is not in the files may well be in the cluster, so a mismatch counts only where the files hold what was
plainly meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from bot.collect.manifest.legacy import pairs, shown
from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import joined, with_value
from bot.collect.manifest.schemas import closest
from bot.collect.manifest.today import TEMPLATES
from bot.collect.manifest.walk import Subject

_ALIKE: Final = 0.75
"""How much alike a selector and labels must be for one to be a misspelling of the other."""
MAX_PAIRS: Final = 40_000
"""Services times workloads that are compared."""


def check_together(subjects: Sequence[Subject]) -> None:
    """Adds the problems to the subjects they are about."""
    _duplicates(subjects)
    _addresses(subjects)
    services = [one for one in subjects if one.kind == "Service"]
    workloads = [one for one in subjects if pod_labels(one)]
    if len(services) * len(workloads) > MAX_PAIRS:
        return
    selected: set[int] = set()
    unmatched = []
    for service in services:
        selector = pairs(service.root.at(_selector_at(service)))
        found = [one for one in workloads if _together(service, one) and selector and _selects(selector, one)]
        selected |= {id(one) for one in found}
        if found:
            _target_ports(service, found)
        elif selector:
            unmatched.append((service, selector))
    for service, selector in unmatched:
        _no_match(service, selector, [one for one in workloads if _together(service, one) and id(one) not in selected])
    external = {(one.namespace, one.name) for one in subjects if one.kind in ("Endpoints", "EndpointSlice")}
    for service in services:
        if not service.is_flat:
            _no_selector(service, external)


def pod_labels(subject: Subject) -> dict[str, str]:
    """The labels of the Pods that an object makes or is."""
    if subject.is_flat:
        if subject.kind == "ReplicationController":
            return pairs(subject.at("desiredState", "podTemplate", "labels"))
        return pairs(subject.at("labels")) if subject.kind == "Pod" else {}
    if subject.kind == "Pod":
        return pairs(subject.at("metadata", "labels"))
    where = TEMPLATES.get(subject.kind)
    return pairs(subject.root.at((*where, "metadata", "labels"))) if where else {}


def _selects(selector: dict[str, str], workload: Subject) -> bool:
    """Whether a service means these Pods, by their labels, or by what their controller says of them."""
    own = workload.at("desiredState", "replicaSelector") or workload.at("spec", "selector", "matchLabels")
    return selector.items() <= pod_labels(workload).items() or selector.items() <= pairs(own).items()


def _together(one: Subject, other: Subject) -> bool:
    return one.era == other.era and (one.namespace or "default") == (other.namespace or "default")


def _selector_at(service: Subject) -> Path:
    return ("selector",) if service.is_flat else ("spec", "selector")


def _duplicates(subjects: Sequence[Subject]) -> None:
    seen: dict[tuple[str, str, str, str], Subject] = {}
    for one in subjects:
        if not one.name or not one.kind:
            continue
        group = one.api_version.rpartition("/")[0]
        key = (group, one.kind, one.namespace or "default", one.name)
        first = seen.setdefault(key, one)
        if first is not one:
            path: Path = ("id",) if one.is_flat else ("metadata", "name")
            one.add("duplicate-name", path, value=one.name, expected=f"{first.page.file}:{first.root.line_of(path)}",
                    message=f'{one.kind} "{one.name}" already exists')  # fmt: skip


def _addresses(subjects: Sequence[Subject]) -> None:
    """Two services that ask for the same address: the second is refused (guide, webserver-service)."""
    seen: dict[str, Subject] = {}
    for one in subjects:
        if one.kind != "Service":
            continue
        paths: list[Path] = [("portalIP",)] if one.is_flat else [("spec", "clusterIP"), ("spec", "portalIP")]
        for path in paths:
            node = one.root.at(path)
            if node is None or node.text in ("", "None", '""') or not isinstance(node.value, str):
                continue
            first = seen.setdefault(node.text, one)
            if first is not one and (first.kind, first.namespace, first.name) != (one.kind, one.namespace, one.name):
                message = (
                    f"service \"{one.name}\" is invalid: spec.{path[-1]}: invalid value '{node.text}': "
                    f"IP {node.text} is already allocated"
                )
                holder = f"{first.page.file}: {first.name}"
                one.add("address-taken", path, line=node.line, value=node.text, expected=holder, message=message)


def _no_match(service: Subject, selector: dict[str, str], candidates: list[Subject]) -> None:
    best: Subject | None = None
    best_likeness = 0.0
    for one in candidates:
        likeness = _likeness(service, selector, one)
        if likeness > best_likeness:
            best, best_likeness = one, likeness
    if best is None or best_likeness < _ALIKE:
        return
    labels = pod_labels(best)
    path = _selector_at(service)
    node = service.root.at(path)
    corrected = ""
    if node is not None and node.entries and not node.flow:
        lines = [service.page.line(service.root.line_of(path))]
        for key, value in node.entries:
            name = key.text if key.text in labels else closest(key.text, labels, _ALIKE)
            if not name:
                name = next((one for one, held in labels.items() if held == value.text), next(iter(labels)))
            quote = '"' if value.quoted else ""
            lines.append(f"{' ' * key.column}{name}: {quote}{labels[name]}{quote}")
        corrected = joined(dict.fromkeys(lines))
    service.add("no-match-in-file", path, value=shown(selector), expected=shown(labels), corrected=corrected,
                message=f"{best.kind} {best.name} ({best.page.file}:{best.root.line})")  # fmt: skip


def _likeness(service: Subject, selector: dict[str, str], workload: Subject) -> float:
    labels = pod_labels(workload)
    if any(labels.get(name) == value for name, value in selector.items()):
        return 1.0
    best = 0.0
    for name, value in selector.items():
        for other_name, other in labels.items():
            same_value = difflib.SequenceMatcher(None, value.lower(), other.lower()).ratio()
            if name == other_name and value[:1] == other[:1]:
                best = max(best, same_value)
            elif value == other and workload.name.startswith(value):
                best = max(best, 0.9)
    stem = service.name.removesuffix("-service").removesuffix("-svc")
    if stem and workload.name and (stem == workload.name or workload.name.startswith(stem + "-")):
        best = max(best, 0.8)
    return best


def _target_ports(service: Subject, workloads: list[Subject]) -> None:
    if service.is_flat:
        return
    ports = service.at("spec", "ports")
    names: set[str] = set()
    for one in workloads:
        where = () if one.kind == "Pod" else TEMPLATES[one.kind]
        for group in ("containers", "initContainers"):
            names |= set(_port_names(one.root.at((*where, "spec", group))))
    for number, port in enumerate(ports.items or () if ports else ()):
        target = port.get("targetPort")
        if (
            target is None
            or not isinstance(target.value, str)
            or not target.text
            or target.text in names
            or target.text.isdigit()
        ):
            continue
        path: Path = ("spec", "ports", number, "targetPort")
        near = closest(target.text, frozenset(names), 0.5) or (next(iter(names)) if len(names) == 1 else "")
        corrected = with_value(service.page.line(target.line), target, near) if near else ""
        first = workloads[0]
        service.add("target-port-unknown", path, line=target.line, value=target.text,
                    expected=near or ", ".join(sorted(names)), corrected=corrected,
                    message=f"{first.kind} {first.name} ({first.page.file}:{first.root.line})")  # fmt: skip


def _port_names(containers: Node | None) -> list[str]:
    found = []
    for container in containers.items or () if containers else ():
        ports = container.get("ports")
        for port in ports.items or () if ports else ():
            name = port.get("name")
            if name is not None and name.text:
                found.append(name.text)
    return found


def _no_selector(service: Subject, external: set[tuple[str, str]]) -> None:
    """Today's service without selector: meant where the files bring its endpoints, or where it names another host."""
    spec = service.at("spec")
    selector, kind = service.at("spec", "selector"), service.at("spec", "type")
    if spec is None or spec.entries is None or (kind is not None and kind.text == "ExternalName"):
        return
    if pairs(selector) or (selector is not None and selector.entries is None and not selector.is_empty):
        return
    if any(namespace == service.namespace and name.startswith(service.name) for namespace, name in external):
        return
    if service.name == "kubernetes" or any(one.field == "spec.selector" for one in service.problems):
        return  # the API server's own, or said already
    indent = " " * spec.column
    lines = ["spec:", f"{indent}selector:", f"{indent}  app: <label of the pods>"]
    service.add("selector-missing", ("spec", "selector"), corrected=service.lines(lines))
