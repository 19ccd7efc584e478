"""An object against its schema: every fault, each with the line and the lines as they should be.

jsonschema finds the faults; here they become problems that a person can act on: a field that does not exist gets the
nearest right name or the level where it belongs, a bare number gets its quotes.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, Final

from bot.collect.manifest.levels import right_level
from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import block_of, dotted, joined, shifted, with_key, with_value
from bot.collect.manifest.schemas import Api, Schema, closest
from bot.collect.manifest.walk import Subject

MAX_ERRORS: Final = 200
_SURE: Final = 0.8
_TYPES: Final = {
    "string": "string",
    "integer": "int32",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "map",
}
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*\}?|\$\([A-Za-z_]\w*\)|__\w+__|<[\w-]+>")
_SELECTORS: Final = ("selector",)


def schema_problems(subject: Subject, ignore: frozenset[str] = frozenset()) -> None:
    """What the schema finds. `ignore`: names of fields that may stand anywhere."""
    api, schema = subject.api, subject.schema
    if api is None or schema is None:
        return
    for error in itertools.islice(api.errors(subject.root.plain(), schema), MAX_ERRORS):
        path: Path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            here = subject.schema_at(path)
            known = api.fields(here)
            for name in error.instance:
                if name not in known and name not in ignore:
                    _unknown_field(subject, api, path, str(name), here or {})
        elif error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance and f"'{name}'" in error.message:
                    _required(subject, path, str(name))
        elif error.validator in ("type", "oneOf"):
            _wrong_type(subject, path, error)
        elif error.validator == "enum" and path[-1:] not in (("kind",), ("apiVersion",)):
            subject.add(
                "bad-value", path, value=str(error.instance), expected=", ".join(map(str, error.validator_value[:12]))
            )


# --- fields that do not exist ---------------------------------------------------------------------------


def _unknown_field(subject: Subject, api: Api, path: Path, name: str, here: Schema) -> None:
    parent = subject.root.at(path)
    key = parent.key(name) if parent else None
    value = parent.get(name) if parent else None
    if parent is None or key is None or value is None:
        return
    known = {one for one in api.fields(here) if parent.key(one) is None or one.lower() == name.lower()}
    full = (*path, name)
    message = f'strict decoding error: unknown field "{dotted(full)}"'
    near = closest(name, frozenset(known), _SURE)
    if near:
        items = api.fields(here)[near].get("x-kubernetes-list-map-keys")
        if items and value.entries is None and value.items is None and not parent.flow:
            indent = " " * key.column
            corrected = joined([f"{indent}{near}:", f"{indent}  - {items[0]}: {value.text}"])
            subject.add(
                "unknown-field", full, line=key.line, value=name, expected=near, message=message, corrected=corrected
            )
        else:
            _misspelled(subject, full, key, near, message)
        return
    level = right_level(subject, api, path, name, parent)
    if level is not None:
        target, corrected = level
        subject.add(
            "nesting", full, line=key.line, value=name, expected=dotted(target), message=message, corrected=corrected
        )
        return
    near = closest(name, frozenset(known), 0.65)
    if near and _fits(api, api.fields(here)[near], value):
        _misspelled(subject, full, key, near, message)
        return
    rest = [] if parent.flow else block_of(subject.page, key, value)
    without = joined(
        [f"# {line.strip()}" if number == 0 else f"#   {line.strip()}" for number, line in enumerate(rest)]
    )
    subject.add(
        "unknown-field", full, line=key.line, value=name, message=message, corrected=without if len(rest) < 9 else ""
    )


def _misspelled(subject: Subject, path: Path, key: Node, near: str, message: str) -> None:
    corrected = with_key(subject.page.line(key.line), key, near)
    subject.add(
        "unknown-field", path, line=key.line, value=key.text, expected=near, message=message, corrected=corrected
    )


def _fits(api: Api, schema: Schema, value: Node) -> bool:
    """Whether a value may stand in a field: a word is no object."""
    held = api.holds(schema)
    written = "object" if value.entries is not None else "array" if value.items is not None else "word"
    return written in held or (written == "word" and not held & {"object", "array"})


# --- what is missing ------------------------------------------------------------------------------------


def _required(subject: Subject, path: Path, name: str) -> None:
    full = (*path, name)
    message = f"{dotted(full)}: Required value"
    if name == "selector" and path == ("spec",):
        labels = subject.at("spec", "template", "metadata", "labels")
        subject.add("selector-missing", full, message=message, corrected=subject.lines(_selector_lines(labels)))
        return
    subject.add("required-missing", full, value="", message=message, corrected=_with_line(subject, path, name))


def _selector_lines(labels: Node | None) -> list[str]:
    pairs = [f"      {key.text}: {value.text}" for key, value in (labels.entries or () if labels else ())][:3]
    return ["spec:", "  selector:", "    matchLabels:", *(pairs or ["      app: <label of the template>"])]


def _with_line(subject: Subject, path: Path, name: str) -> str:
    """The lines of an object with the missing field after its first line."""
    node = subject.root.at(path)
    if node is None or not node.entries:
        return ""
    if subject.root.flow:
        return subject.lines([f"{name}: <{name}>"])
    if node.flow:
        return ""
    first = subject.page.line(node.line)
    written = f"{' ' * node.column}{name}: <{name}>"
    return joined([first, written]) if first.strip() else ""


# --- types ----------------------------------------------------------------------------------------------


def _wrong_type(subject: Subject, path: Path, error: Any) -> None:
    node = subject.root.at(path)
    if node is None:
        return
    wanted = _wanted(error)
    value = error.instance
    written = node.text if node.entries is None and node.items is None else ""
    kind = (
        "map"
        if isinstance(value, dict)
        else "list"
        if isinstance(value, list)
        else "number"
        if _is_number(value)
        else type(value).__name__.replace("str", "string")
    )
    if value is None:
        subject.add("required-missing", path, message=f"{dotted(path)}: Required value")
        return
    if isinstance(value, (dict, list)) and wanted == ["string"] and _swallowed(subject, path, node):
        return
    go_type = _TYPES.get(wanted[0], wanted[0]) if wanted else ""
    message = f"json: cannot unmarshal {kind} into Go struct field .{dotted(path)} of type {go_type}"
    expected = " or ".join(wanted)
    line = subject.page.line(node.line)
    corrected = ""
    problem = "wrong-type"
    if isinstance(value, str) and _VARIABLE.search(value) and wanted != ["array"]:
        problem, expected = "template-syntax", ""
    elif "string" in wanted and isinstance(value, (bool, int, float)):
        problem, expected = "quote-number", f'"{written}"'
        corrected = with_value(line, node, expected)
    elif isinstance(value, str) and ({"integer", "number"} & set(wanted)) and re.fullmatch(r"-?\d+", value):
        expected = value
        corrected = with_value(line, node, value)
    elif isinstance(value, str) and "boolean" in wanted and value.lower() in ("true", "false", "yes", "no"):
        expected = "true" if value.lower() in ("true", "yes") else "false"
        corrected = with_value(line, node, expected)
    elif "array" in wanted:
        corrected = _as_list(subject, path, node)
    subject.add(
        problem,
        path,
        line=node.line if written else 0,
        value=written or kind,
        expected=expected,
        message=message,
        corrected=corrected,
    )


def _swallowed(subject: Subject, path: Path, node: Node) -> bool:
    """A field of an outer object that stands among labels: indented too far."""
    name = path[-1]
    for length in range(len(path) - 2, -1, -1):
        outer = path[:length]
        holder, fields = subject.root.at(outer), (subject.api.fields(subject.schema_at(outer)) if subject.api else {})
        key = (subject.root.at(path[:-1]) or node).key(str(name))
        if name in fields and holder is not None and key is not None and holder.get(str(name)) is None:
            corrected = joined(shifted(block_of(subject.page, key, node), holder.column - key.column))
            subject.add("nesting", path, line=key.line, value=str(name), expected=dotted((*outer, name)),
                        message=f"cannot unmarshal map into Go struct field .{dotted(path)} of type string",
                        corrected=corrected)  # fmt: skip
            return True
    return False


def _as_list(subject: Subject, path: Path, node: Node) -> str:
    key_line = subject.root.line_of(path)
    line = subject.page.line(key_line)
    if node.entries is None and node.items is None:
        if key_line != node.line or not node.text:
            return ""
        return with_value(line, node, f"[{node.text if not node.quoted else chr(34) + node.text + chr(34)}]")
    if node.entries is None or node.flow or node.line == key_line:
        return ""
    if path[-1:] == ("env",) and all(value.entries is None and value.items is None for _, value in node.entries):
        out = [line]
        for key, value in node.entries:
            out += [f"{' ' * node.column}- name: {key.text}", f'{" " * node.column}  value: "{value.text}"']
        return joined(out)
    block = subject.page.span(node.line, node.end)
    moved = shifted(block, 2)
    moved[0] = " " * node.column + "- " + block[0].lstrip(" ")
    return joined([line, *moved])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wanted(error: Any) -> list[str]:
    shapes = error.validator_value if error.validator == "oneOf" else [{"type": error.validator_value}]
    found: list[str] = []
    for shape in shapes:
        types = shape.get("type", [])
        found += [types] if isinstance(types, str) else types
    return [one for one in dict.fromkeys(found) if one != "null"]
