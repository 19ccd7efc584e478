"""A field that does not exist where it stands, but elsewhere in the object: further in, further out, or beside it.

`containers:` straight under the `spec:` of a Deployment is the commonest. The block is shown where it belongs.
"""

from __future__ import annotations

from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import block_of, indent_of, joined, shifted, under
from bot.collect.manifest.schemas import Api, Schema
from bot.collect.manifest.walk import Subject


def right_level(subject: Subject, api: Api, path: Path, name: str, parent: Node) -> tuple[Path, str] | None:
    """Where a field that does not exist here does exist: under the field before it, further out, or further in."""
    page = subject.page
    key, value = parent.key(name), parent.get(name)
    if key is None or value is None:
        return None
    block = block_of(page, key, value)
    if parent.flow or (key.line == parent.line and key.column != indent_of(page.line(key.line))):
        block = []
    before = _field_before(parent, name)
    if before is not None:
        target, column = _inside(subject, api, (*path, before), name)
        if target is not None:
            return target, joined(shifted(block, column - key.column)) if block else ""
    for length in range(len(path) - 1, -1, -1):
        outer = path[:length]
        node = subject.root.at(outer)
        if name in api.fields(subject.schema_at(outer)) and node is not None and node.get(name) is None:
            return (*outer, name), joined(shifted(block, node.column - key.column)) if block else ""
    deeper = _deeper(api, subject.schema_at(path) or {}, name)
    if deeper is not None:
        return (*path, *deeper), joined(under(deeper[:-1], block, key.column)) if block else ""
    return None


def _field_before(parent: Node, name: str) -> str | None:
    names = [key.text for key, _ in parent.entries or ()]
    position = names.index(name)
    return names[position - 1] if position else None


def _inside(subject: Subject, api: Api, path: Path, name: str) -> tuple[Path | None, int]:
    """Whether a field fits at the end of the block before it: the last item of a list, or a mapping."""
    for _ in range(4):
        node = subject.root.at(path)
        if node is None:
            return None, 0
        if node.items:
            path = (*path, len(node.items) - 1)
            continue
        if node.entries is None:
            return None, 0
        if name in api.fields(subject.schema_at(path)) and node.get(name) is None:
            return (*path, name), node.column
        last = node.entries[-1] if node.entries else None
        if last is None:
            return None, 0
        path = (*path, last[0].text)
    return None, 0


def _deeper(api: Api, schema: Schema, name: str) -> Path | None:
    """The nearest place below that has the field, if there is one only."""
    level: list[tuple[Path, Schema]] = [((), schema)]
    for _ in range(4):
        following: list[tuple[Path, Schema]] = []
        found: list[Path] = []
        for path, here in level:
            for field, child in api.fields(here).items():
                if field == "status":
                    continue
                if "array" in api.holds(child):
                    item = api.child(child, 0)
                    if item is not None:
                        following.append(((*path, field, 0), item))
                else:
                    following.append(((*path, field), child))
        for path, here in following:
            if name in api.fields(here):
                found.append((*path, name))
        if found:
            return found[0] if len(found) == 1 or _is_template(found[0]) else None
        level = following[:400]
    return None


def _is_template(path: Path) -> bool:
    return path[:2] == ("template", "spec") or path[:1] in (("spec",), ("metadata",))
