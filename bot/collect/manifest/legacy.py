"""Objects of 2015 (v1beta1 to v1beta3), as the guide has them: names in `id`, flat services, pods in a `manifest`.

What the server said to each fault then is in the problem's `message`, so that who has the message finds the line.
That `portalIP` is missing is no fault: the server chooses an address.
"""

from __future__ import annotations

from typing import Final

from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import joined
from bot.collect.manifest.walk import Subject

MAX_PORT: Final = 65535


def looks_legacy(root: Node) -> bool:
    """Whether an object has the shape of v1beta1, whatever its apiVersion says."""
    keys = {key.text for key, _ in root.entries or ()}
    return bool(keys & {"id", "desiredState"}) and not keys & {"metadata", "spec"}


def guessed_kind(root: Node) -> str:
    """What an object without kind must be."""
    if root.at(("desiredState", "podTemplate")) or root.at(("desiredState", "replicas")):
        return "ReplicationController"
    if root.at(("desiredState", "manifest")):
        return "Pod"
    if root.get("port") or root.get("portalIP") or root.get("selector"):
        return "Service"
    return ""


def check_legacy(subject: Subject) -> None:
    """What the schema cannot say of an object of v1beta1 or v1beta2."""
    kind = subject.kind
    if kind not in ("Service", "ReplicationController", "Pod"):
        return
    _name(subject)
    if kind == "Service":
        _service(subject)
    elif kind == "ReplicationController":
        _controller(subject)
    else:
        _labels(subject, (), "Pod")
        _containers(subject, ("desiredState", "manifest", "containers"))


def pairs(node: Node | None) -> dict[str, str]:
    """Labels or a selector."""
    if node is None or node.entries is None:
        return {}
    return {key.text: value.text for key, value in node.entries if value.entries is None and value.items is None}


def shown(labels: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _has(subject: Subject, *path: str) -> bool:
    node = subject.at(*path)
    return node is not None and (node.entries is not None or node.items is not None or bool(node.text))


def _said(subject: Subject, path: Path) -> bool:
    """Whether something was already said about a place."""
    from bot.collect.manifest.problems import dotted

    return any(one.field == dotted(path) for one in subject.problems)


def _name(subject: Subject) -> None:
    if subject.name or _has(subject, "generateName"):
        return
    guess = subject.at("desiredState", "manifest", "id") or subject.at(
        "desiredState", "podTemplate", "desiredState", "manifest", "id"
    )
    name = guess.text if guess else pairs(subject.at("labels")).get("name") or pairs(subject.at("selector")).get("name")
    if subject.kind == "Service":
        message = "service \"\" is invalid: name: required value ''"
    elif subject.kind == "Pod":
        message = "pod \"\" is invalid: name: required value ''"
    else:
        message = "CONTROLLER shows a generated name"
    subject.add("name-missing", ("id",), message=message, corrected=_top(subject, f'id: "{name or "<name>"}"'))


def _top(subject: Subject, line: str) -> str:
    """The first line of an object with one more above it."""
    if subject.root.flow:
        return subject.lines([line])
    first = subject.page.line(subject.root.line)
    indent = " " * subject.root.column
    return joined([indent + line, indent + first.strip().removeprefix("- ")])


def _service(subject: Subject) -> None:
    port = subject.at("port")
    if not _has(subject, "port") and not _has(subject, "ports"):
        message = f"service \"{subject.name}\" is invalid: spec.port: invalid value '0'"
        subject.add("port-missing", ("port",), message=message, corrected=_top_end(subject, "port: <port>"))
    elif port is not None and isinstance(port.value, int) and not 0 < port.value <= MAX_PORT:
        message = f"service \"{subject.name}\" is invalid: spec.port: invalid value '{port.value}'"
        subject.add("bad-value", ("port",), value=port.text, expected="1-65535", message=message)
    name = subject.name or "<name>"
    if not pairs(subject.at("selector")) and not _said(subject, ("selector",)):
        lines = ["selector:", f'  name: "{pairs(subject.at("labels")).get("name", name)}"']
        subject.add("selector-missing", ("selector",), corrected=_top_end(subject, *lines))
    _labels(subject, (), "Service")


def _top_end(subject: Subject, *lines: str) -> str:
    """New fields of an object, as deep as its other ones."""
    return subject.lines(" " * subject.root.column + line for line in lines)


def _labels(subject: Subject, path: Path, of: str) -> None:
    full: Path = (*path, "labels")
    node = subject.root.at(full)
    if not pairs(node) and not _said(subject, full):
        name = subject.name or "<name>"
        owner = subject.root.at(path)
        indent = " " * (owner.column if owner else 0)
        lines = [f"{indent}labels:", f'{indent}  name: "{name}"']
        subject.add("labels-missing", full, value=of, corrected=subject.lines(lines))


def _controller(subject: Subject) -> None:
    if not _has(subject, "desiredState"):
        subject.add("required-missing", ("desiredState",), message="desiredState: required value")
        return
    selector_at: Path = ("desiredState", "replicaSelector")
    template_at: Path = ("desiredState", "podTemplate")
    selector, template = pairs(subject.root.at(selector_at)), pairs(subject.root.at((*template_at, "labels")))
    if not selector and not _said(subject, selector_at):
        preferred = next((one for one in ("selectorname", "name") if one in template), next(iter(template), "name"))
        written = [f'    {preferred}: "{template.get(preferred, subject.name or "<name>")}"']
        message = f"replicationController \"{subject.name}\" is invalid: spec.selector: required value 'map[]'"
        subject.add("selector-name-missing", selector_at, expected=preferred, message=message,
                    corrected=subject.lines(["  replicaSelector:", *written]))  # fmt: skip
    if not _has(subject, *map(str, template_at)):
        message = f'replicationController "{subject.name}" is invalid: spec.template: required value'
        subject.add("required-missing", template_at, message=message)
        return
    _labels(subject, template_at, "podTemplate")
    if selector and template and not selector.items() <= template.items():
        message = (
            f'replicationController "{subject.name}" is invalid: spec.template.labels: '
            f"selector does not match labels in template"
        )
        subject.add("selector-mismatch", selector_at, value=shown(selector), expected=shown(template), message=message,
                    corrected=matching(subject, selector_at, (*template_at, "labels")))  # fmt: skip
    _containers(subject, (*template_at, "desiredState", "manifest", "containers"))


def matching(subject: Subject, selector_at: Path, labels_at: Path) -> str:
    """The lines of a selector with the values (or names) of the labels that it should select."""
    from bot.collect.manifest.schemas import closest

    selector, labels = subject.root.at(selector_at), pairs(subject.root.at(labels_at))
    if selector is None or not selector.entries or selector.flow:
        return ""
    out = [subject.page.line(subject.root.line_of(selector_at))]
    for key, value in selector.entries:
        name = key.text if key.text in labels else closest(key.text, labels, 0.7) or next(iter(labels))
        quote = '"' if value.quoted else ""
        out.append(f"{' ' * key.column}{name}: {quote}{labels[name]}{quote}")
    return joined(dict.fromkeys(out))


def _containers(subject: Subject, path: Path) -> None:
    node = subject.root.at(path)
    if node is None or not node.items:
        if not _said(subject, path) and subject.root.at(path[:-1]) is not None:
            subject.add("required-missing", path, message="containers: required value")
        return
    for number, container in enumerate(node.items):
        for field in ("name", "image"):
            value = container.get(field)
            if container.entries is not None and (value is None or value.is_empty):
                kind = subject.kind[0].lower() + subject.kind[1:]
                message = f"{kind} \"{subject.name}\" is invalid: {field}: required value ''"
                subject.add("required-missing", (*path, number, field), message=message)
