"""Indentation that was lost without becoming a syntax error: the quiet fault of the guide's db-service.yaml.

    selector:            selector:
    name: "db"     ->      name: "db"

The key above became null and the lines under it fields of the outer object. Where the schema says that the key holds
an object, and the fields after it belong there and not here, they are put back: in the corrected lines and in the
tree, so that the rest of the object is checked as it was meant.
"""

from __future__ import annotations

from typing import Final

from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import joined, shifted
from bot.collect.manifest.schemas import Api, Schema
from bot.collect.manifest.walk import Subject, places

_PROBLEMS: Final = {
    "selector": "selector-empty",
    "matchLabels": "selector-empty",
    "replicaSelector": "selector-name-missing",
    "labels": "labels-empty",
}


def restore_indentation(subject: Subject) -> None:
    """Find it, say it, and mend the tree. Twice, since what is put back may have lost some itself."""
    api, schema = subject.api, subject.schema
    if api is None or schema is None:
        return
    for _ in range(2):
        found = False
        for path, node, shape in places(api, subject.root, schema):
            if node.entries is not None and not node.flow:
                found |= _restore(subject, api, path, node, shape)
        if not found:
            return


def _restore(subject: Subject, api: Api, path: Path, node: Node, shape: Schema) -> bool:
    entries = node.entries or []
    fields = api.fields(shape)
    found = False
    position = 0
    while position < len(entries):
        key, value = entries[position]
        inner = fields.get(key.text)
        position += 1
        if inner is None or not value.is_empty or not api.holds(inner) & {"object"}:
            continue
        moved = _moved(api, entries, position, inner, fields)
        if not moved:
            continue
        _say(subject, path, key, moved)
        subject.page.moved |= {id(one) for one, _ in moved}
        del entries[position : position + len(moved)]
        entries[position - 1] = (key, _mapping(moved))
        found = True
    return found


def _moved(
    api: Api, entries: list[tuple[Node, Node]], position: int, inner: Schema, fields: object
) -> list[tuple[Node, Node]]:
    """The entries after a key that belong under it."""
    names = api.fields(inner)
    labels = api.is_labels(inner)
    known = set(fields) if isinstance(fields, dict) else set()
    column = entries[position - 1][0].column
    moved = []
    for key, value in entries[position:]:
        if key.text in known or key.column != column:
            break
        if labels and (value.entries is not None or value.items is not None):
            break
        if not labels and key.text not in names:
            break
        moved.append((key, value))
    return moved


def _mapping(entries: list[tuple[Node, Node]]) -> Node:
    first, last = entries[0][0], entries[-1][1]
    return Node(first.line, first.column + 2, last.end, entries=list(entries))


def _say(subject: Subject, path: Path, key: Node, moved: list[tuple[Node, Node]]) -> None:
    page = subject.page
    last = max(moved[-1][0].line, moved[-1][1].end)
    above = page.line(key.line)
    lines = [above, *shifted(page.span(key.line + 1, last), 2)]
    problem = _PROBLEMS.get(key.text, "indentation")
    message = ""
    if key.text == "replicaSelector":
        message = f"replicationController \"{subject.name}\" is invalid: spec.selector: required value 'map[]'"
    subject.add(
        problem,
        (*path, key.text),
        line=key.line,
        value=", ".join(one.text for one, _ in moved),
        expected=f"{', '.join(one.text for one, _ in moved[:6])} under {key.text}",
        message=message,
        corrected=joined(lines),
    )
