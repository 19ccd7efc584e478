"""YAML and JSON -> a tree that knows its lines, read as the API server's own parser reads it.

The tree is built from libyaml's events, because the checker needs what loading throws away: the line of every key,
keys that occur twice, whether a value was quoted. Words become values as in `sigs.k8s.io/yaml`, which PyYAML does
not agree with (`y` is true, `1:30` is text). Depth, size and what aliases expand to are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

MAX_DEPTH: Final = 60
MAX_NODES: Final = 200_000
"""Nodes of one document, those behind aliases counted each time they are named."""

Path = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset("y Y yes Yes YES true True TRUE on On ON".split())
_FALSE: Final = frozenset("n N no No NO false False FALSE off Off OFF".split())
_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class Broken(Exception):
    """The text is not valid YAML or JSON. Lines count from 1 within the text; `since` is where the structure began."""

    def __init__(self, line: int, column: int, problem: str, since: int = 0, said: int = 0) -> None:
        super().__init__(problem)
        self.line, self.column, self.problem, self.since = line, column, problem, since
        self.said = said or line
        """The line that the server's message names: its parser counts from 0 where its scanner counts from 1."""


class Refused(Exception):
    """The text is valid and still not read: too deep, too large, or an alias that multiplies it."""


@dataclass(slots=True, eq=False)
class Node:
    """A value with where it stands. `entries` of a mapping, `items` of a list, else a scalar."""

    line: int
    column: int
    end: int
    value: str | int | float | bool | None = None
    text: str = ""
    quoted: bool = False
    flow: bool = False
    entries: list[tuple[Node, Node]] | None = None
    items: list[Node] | None = None
    size: int = 1

    def key(self, name: str) -> Node | None:
        """The key itself, for its line."""
        return next((key for key, _ in self.entries or () if key.text == name), None)

    def get(self, name: str) -> Node | None:
        """The value under a key; of keys that occur twice the last, as decoders take it."""
        return next((value for key, value in reversed(self.entries or ()) if key.text == name), None)

    def at(self, path: Path) -> Node | None:
        """The value at a path."""
        here: Node | None = self
        for step in path:
            if here is None:
                return None
            if isinstance(step, int):
                here = here.items[step] if here.items is not None and step < len(here.items) else None
            else:
                here = here.get(step)
        return here

    def line_of(self, path: Path) -> int:
        """The line of the key or item at a path, or of the nearest part above it that is there."""
        here, line = self, self.line
        for step in path:
            if isinstance(step, int):
                if here.items is None or step >= len(here.items):
                    break
                here = here.items[step]
                line = here.line
            else:
                key, value = here.key(step), here.get(step)
                if key is None or value is None:
                    break
                here, line = value, key.line
        return line

    def plain(self) -> Any:
        """The value without its lines."""
        if self.entries is not None:
            return {key.text: value.plain() for key, value in self.entries}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.value

    @property
    def is_empty(self) -> bool:
        """Nothing was written: not even `null` or `{}`."""
        return self.entries is None and self.items is None and self.value is None and not self.text

    def maps(self) -> Iterator[Node]:
        """Every mapping in it, itself first."""
        pending = [self]
        while pending:
            here = pending.pop()
            if here.entries is not None:
                yield here
                pending += [value for _, value in reversed(here.entries)]
            elif here.items is not None:
                pending += reversed(here.items)


def scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted word is to the API server.

    >>> [scalar(word) for word in ("8080", "0644", "yes", "1:30", "~")]
    [8080, 420, True, '1:30', None]
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] in "+-.0123456789" and len(text) < 40:
        plain = text.replace("_", "")
        if _INT.fullmatch(plain):
            digits = plain.lstrip("+-").lower()
            base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 8 if digits[0] == "0" and len(digits) > 1 else 10)
            digits = digits[2:] if base != 10 and digits[1] in "xbo" else digits
            return int(digits or "0", base) * (-1 if plain[0] == "-" else 1)
        if _FLOAT.fullmatch(plain):
            return float(plain)
    return text


def parse(text: str, offset: int = 0) -> list[Node]:
    """The documents of a text that begins after `offset` lines. Broken: not valid. Refused: too much to be read."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if text.lstrip()[:1] == "{":
        _as_json(text, offset)
        text = _PAIR.sub(lambda found: json.loads(f'"{found.group(0)}"'), text)
    builder = _Builder(offset)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        since = error.context_mark.line + 1 + offset if error.context_mark else 0
        at = mark.line + 1 if mark else 1
        said = at if isinstance(error, yaml.scanner.ScannerError) else max(at - 1, 1)
        problem = error.problem or "invalid YAML"
        raise Broken(at + offset, mark.column if mark else 0, problem, since, said) from error
    except yaml.YAMLError as error:  # the reader's: a character that YAML does not allow
        place = getattr(error, "position", 0) or 0
        line = text.encode()[:place].count(b"\n") + 1 if isinstance(place, int) else 1
        raise Broken(
            line + offset, 0, str(getattr(error, "reason", None) or "invalid characters"), said=line
        ) from error
    return builder.documents


def _as_json(text: str, offset: int) -> None:
    """A text that begins with a brace is JSON to kubectl, if it ends like it: YAML is more lenient, so ask JSON too."""
    if not text.rstrip().endswith("}") or "{{" in text:
        return
    if re.search(r"[{,]\s*[A-Za-z_]\w*\s*:", text) and '":' not in text:
        return  # flow YAML
    decoder, place = json.JSONDecoder(), 0
    stripped = text.strip()
    try:
        while place < len(stripped):
            _, place = decoder.raw_decode(stripped, place)
            while place < len(stripped) and stripped[place].isspace():
                place += 1
    except json.JSONDecodeError as error:
        skipped = text[: len(text) - len(text.lstrip())].count("\n")
        line = error.lineno + skipped
        raise Broken(line + offset, error.colno - 1, f"invalid JSON: {error.msg}", said=line) from error
    except (RecursionError, ValueError) as error:
        raise Refused("nested too deeply") from error


class _Builder:
    """Events -> nodes, without recursion: what is deep in the text must not be deep on the stack."""

    def __init__(self, offset: int) -> None:
        self._first = offset + 1
        self.documents: list[Node] = []
        self._open: list[tuple[Node, str | None]] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}
        self._total = 0

    def take(self, event: Any) -> None:
        start: Any = event.start_mark
        end: Any = event.end_mark
        anchor: Any = getattr(event, "anchor", None)
        line, column = start.line + self._first, start.column
        if isinstance(event, yaml.ScalarEvent):
            last = end.line + self._first - (0 if end.column or end.line == start.line else 1)
            node = Node(line, column, last, text=event.value, quoted=bool(event.style))
            tag = event.tag if event.tag != "!" else None
            is_text = node.quoted or (tag is not None and not tag.endswith((":int", ":bool", ":float", ":null")))
            node.value = event.value if is_text else scalar(event.value)
            self._put(node, anchor)
        elif isinstance(event, yaml.AliasEvent):
            found = self._anchors.get(anchor)
            if found is None:
                raise Broken(line, column, f"unknown anchor '{anchor}'")
            self._put(found, None)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            node = Node(line, column, line, flow=bool(event.flow_style))
            if isinstance(event, yaml.MappingStartEvent):
                node.entries = []
            else:
                node.items = []
            if len(self._open) >= MAX_DEPTH:
                raise Refused("nested too deeply")
            self._open.append((node, anchor))
            self._keys.append(None)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            node, anchor = self._open.pop()
            self._keys.pop()
            if node.flow:
                node.end = max(node.end, end.line + self._first)
            if node.entries:
                _merge(node)
            self._put(node, anchor)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        self._total += 1
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1][0]
        if parent.items is not None:
            parent.items.append(node)
        elif parent.entries is not None:
            key = self._keys[-1]
            if key is None:
                if node.entries is not None or node.items is not None:
                    raise Broken(node.line, node.column, "invalid map key")
                self._keys[-1] = node
                return
            parent.entries.append((key, node))
            self._keys[-1] = None
        parent.size += node.size
        parent.end = max(parent.end, node.end)
        if parent.size > MAX_NODES or self._total > MAX_NODES:
            raise Refused("it has too many values, or aliases that multiply them")


def _merge(node: Node) -> None:
    """`<<: *defaults`: the keys of the other mapping, where they are not written here."""
    merged = [value for key, value in node.entries or () if key.text == "<<" and not key.quoted]
    if not merged:
        return
    kept = [(key, value) for key, value in node.entries or () if key.text != "<<" or key.quoted]
    present = {key.text for key, _ in kept}
    for source in (one for value in merged for one in (value.items or [value])):
        for key, value in source.entries or ():
            if key.text not in present:
                present.add(key.text)
                kept.append((key, value))
    node.entries = kept
