"""Single values of today's objects: words that a field may hold, ports, quantities, labels."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import dotted, with_value
from bot.collect.manifest.schemas import Api, Schema, allowed_values, closest
from bot.collect.manifest.walk import Subject, definition_of

MAX_PORT: Final = 65535
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_CHARACTERS: Final = "alphanumeric characters, '-', '_' or '.'"
_SUFFIXES: Final = {"kb": "k", "mb": "M", "gb": "G", "tb": "T", "kib": "Ki", "mib": "Mi", "gib": "Gi", "tib": "Ti",
                    "k": "k", "g": "G", "mi": "Mi", "gi": "Gi", "ki": "Ki", "ti": "Ti", "": "", "t": "T"}  # fmt: skip
_PORT_FIELDS: Final = frozenset({"containerPort", "hostPort", "port", "targetPort", "nodePort", "number"})
_QUANTITY = re.compile(r"[+-]?(\d+|\d+\.\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?")
_UNITS: Final = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
                 "E": 1e18,
                 "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}  # fmt: skip


def set_value(subject: Subject, path: Path, node: Node, better: str, message: str = "") -> None:
    """A value that must be another one."""
    quoted = f'"{better}"' if node.quoted else better
    corrected = with_value(subject.page.line(node.line), node, quoted) if better else ""
    subject.add(
        "bad-value", path, line=node.line, value=node.text, expected=better, message=message, corrected=corrected
    )


def amount(node: Node | None) -> float | None:
    """A quantity as a number."""
    found = _QUANTITY.fullmatch(node.text) if node is not None else None
    if found is None:
        return None
    suffix = found[2] or ""
    if suffix in _UNITS:
        return float(found[1]) * _UNITS[suffix]
    return float(found[0])


def check_place(subject: Subject, api: Api, path: Path, node: Node, schema: Schema) -> None:
    definition = definition_of(schema)
    if definition == "Quantity":
        _quantity(subject, path, node)
    elif node.entries is not None:
        if (path[-1:] == ("labels",) and path[-2:-1] == ("metadata",)) or path[-1:] == ("matchLabels",):
            _check_labels(subject, path, node)
        for key, value in node.entries:
            words = allowed_values().get((definition, key.text))
            if words is not None:
                _word(subject, (*path, key.text), value, words)
            if key.text in _PORT_FIELDS and isinstance(value.value, int) and not isinstance(value.value, bool):
                _port(subject, (*path, key.text), value, key.text)


def _port(subject: Subject, path: Path, node: Node, field: str) -> None:
    number = node.value
    if not isinstance(number, int) or path[-2:-1] == ("limits",):
        return
    if field == "nodePort" and number and not 30000 <= number <= 32767:
        message = (
            f"provided port is not in the valid range. The range of valid ports is 30000-32767 (nodePort: {number})"
        )
        subject.add("bad-value", path, line=node.line, value=node.text, expected="30000-32767", message=message)
    elif not (0 if field in ("hostPort", "nodePort") else 1) <= number <= MAX_PORT:
        message = f"Invalid value: {number}: must be between 1 and {MAX_PORT}, inclusive"
        subject.add("bad-value", path, line=node.line, value=node.text, expected="1-65535", message=message)


def _word(subject: Subject, path: Path, value: Node, words: tuple[str, ...]) -> None:
    nodes: list[tuple[Path, Node]] = [(path, value)]
    if value.items is not None:
        nodes = [((*path, number), one) for number, one in enumerate(value.items)]
    for where, node in nodes:
        if not isinstance(node.value, str) or node.text in words or not node.text or "$" in node.text:
            continue
        near = closest(node.text, frozenset(words), 0.6)
        message = f'{dotted(where)}: Unsupported value: "{node.text}": supported values: {", ".join(words)}'
        line = subject.page.line(node.line)
        corrected = with_value(line, node, f'"{near}"' if node.quoted else near) if near else ""
        expected = near or ", ".join(words)
        subject.add(
            "bad-value", where, line=node.line, value=node.text, expected=expected, message=message, corrected=corrected
        )


def _check_labels(subject: Subject, path: Path, node: Node) -> None:
    for key, value in node.entries or ():
        if not _LABEL_KEY.fullmatch(key.text) and "$" not in key.text:
            message = f'Invalid value: "{key.text}": name part must consist of {_LABEL_CHARACTERS}'
            subject.add("bad-value", (*path, key.text), value=key.text, message=message)
        if isinstance(value.value, str) and not _LABEL_VALUE.fullmatch(value.text) and "$" not in value.text:
            better = re.sub(r"[^A-Za-z0-9_.-]+", "-", value.text).strip("-_.")[:63]
            message = (
                f'metadata.labels: Invalid value: "{value.text}": a valid label must consist of {_LABEL_CHARACTERS}'
            )
            set_value(subject, (*path, key.text), value, better, message)


def _quantity(subject: Subject, path: Path, node: Node) -> None:
    if node.entries is not None or node.items is not None or isinstance(node.value, bool) or node.value is None:
        return
    if _QUANTITY.fullmatch(node.text) or "$" in node.text:
        return
    found = re.fullmatch(r"([+-]?[\d.]+)\s*([A-Za-z]*)", node.text)
    suffix: Any = _SUFFIXES.get(found[2].lower()) if found else None
    better = f"{found[1]}{suffix}" if found and suffix is not None else ""
    message = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    set_value(subject, path, node, better, message)
