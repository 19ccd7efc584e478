"""What is found in a manifest, and the lines as they should be.

A `Page` is one file: its lines as they may be shown (secrets masked), and the problems found so far. Corrected lines
are made from what stands there, so that comments, quotes and indentation stay the writer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.collect.manifest.nodes import Node, Path
from bot.collect.redact import redact
from rules.kinds import Fact, Source, fact
from rules.observations import Gap

MAX_PROBLEMS: Final = 100
"""Of one file. The rest is counted in a gap: nobody mends more in one go."""
MAX_WIDTH: Final = 400
MAX_LINES: Final = 24
"""Corrected lines that are shown."""


Entry = tuple[Node, Node]
Duplicate = tuple[Node, Entry, Entry]
"""A mapping, the first entry of a key, and a later one of the same key."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Attributes are those of the fact `manifest_problem`."""

    problem: str
    line: int
    field: str = ""
    value: str = ""
    expected: str = ""
    message: str = ""
    corrected: str = ""
    kind: str = ""
    name: str = ""


@dataclass(slots=True)
class Page:
    """One file while it is checked."""

    file: str
    raw: list[str]
    """The lines as they are written; where a syntax error was repaired, as they should be."""
    shown: list[str] = field(default_factory=list)
    """The same with secrets masked."""
    written: list[str] = field(default_factory=list)
    """As they came, masked."""
    problems: list[Problem] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    """Keys that occur twice, until it is known which of them only lost their indentation."""
    moved: set[int] = field(default_factory=set)
    """The keys (by identity) that did."""
    masks: dict[str, str] = field(default_factory=dict)
    """Lines with a secret in them -> the same masked."""
    parsed: int = 0
    """Lines that were parsed to find out how a syntax error is mended."""

    @classmethod
    def of(cls, text: str, file: str) -> Page:
        raw = text.split("\n")
        shown = redact(text).split("\n")
        if len(shown) != len(raw):  # a key of several lines became one mask
            shown = [redact(line) for line in raw]
        return cls(file, raw, shown, list(shown))

    def line(self, number: int) -> str:
        """A line as it is written, to make a corrected one of."""
        return self.raw[number - 1] if 0 < number <= len(self.raw) else ""

    def span(self, first: int, last: int) -> list[str]:
        return self.raw[first - 1 : last]

    def seen(self, number: int) -> str:
        """A line as it may be shown."""
        return self.written[number - 1] if 0 < number <= len(self.written) else ""

    def replace(self, first: int, lines: list[str]) -> None:
        """Go on as if these lines were right."""
        self.raw[first - 1 : first - 1 + len(lines)] = lines
        self.shown[first - 1 : first - 1 + len(lines)] = [redact(line) for line in lines]

    def is_secret(self, number: int) -> bool:
        return 0 < number <= len(self.raw) and self.raw[number - 1] != self.shown[number - 1]

    def masked(self, text: str) -> str:
        """A text made of lines of this page, with what is secret in them masked."""
        for line in text.split("\n"):
            masked = self.masks.get(line.strip())
            if masked is not None:
                text = text.replace(line.strip(), masked)
        return redact(text)

    def copy(self) -> Page:
        """To try something on."""
        return Page(self.file, [*self.raw], [*self.shown], self.written)

    def facts(self) -> list[Fact]:
        self.masks = {
            raw.strip(): shown.strip() for raw, shown in zip(self.raw, self.shown, strict=True) if raw != shown
        }
        kept = sorted(set(self.problems), key=lambda one: (one.line, one.problem, one.field))
        if len(kept) > MAX_PROBLEMS:
            self.gaps.append(Gap(f"{len(kept) - MAX_PROBLEMS} further problems of {self.file}", "correct these first"))
        return [self._fact(one) for one in kept[:MAX_PROBLEMS]]

    def _fact(self, one: Problem) -> Fact:
        secret = self.is_secret(one.line)
        corrected = "" if secret else self.masked(one.corrected[:3000])
        hint = one.problem if secret else one.expected[:200] or one.problem
        return fact(
            "manifest_problem",
            Source(self.file, f"line {one.line}", self.seen(one.line).strip()[:400]),
            file=self.file,
            line=one.line,
            problem=one.problem,
            field=one.field[:300],
            value="" if secret else redact(one.value)[:200],
            expected="" if secret else one.expected[:300],
            kind=one.kind[:100],
            name=one.name[:253],
            message="" if secret else redact(one.message)[:500],
            corrected=corrected or f"{self.seen(one.line)[:300].rstrip()}  # <- {hint}",
        )


def dotted(path: Iterable[str | int]) -> str:
    """A path as the API server writes it.

    >>> dotted(("spec", "containers", 0, "image"))
    'spec.containers[0].image'
    """
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out


def joined(lines: Iterable[str]) -> str:
    """Corrected lines as text, shortened where they are many."""
    kept = [line.rstrip() for line in lines]
    if len(kept) > MAX_LINES:
        indent = re.match(r"\s*", kept[MAX_LINES - 1])
        kept = [*kept[:MAX_LINES], f"{indent.group() if indent else ''}# ..."]
    return "\n".join(kept)


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def shifted(lines: Iterable[str], by: int) -> list[str]:
    """Lines moved right, or left as far as their own indentation allows."""
    return [line if not line.strip() else " " * max(0, indent_of(line) + by) + line.lstrip(" ") for line in lines]


def with_value(line: str, value: Node, text: str) -> str:
    """The line with a scalar on it written anew; what stands before and after it stays."""
    line, start = _window(line, value.column)
    written = re.match(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|[^#,\]}\n]*?(?=\s*(?:\s#.*)?[,\]}]?\s*$)", line[start:])
    end = start + (written.end() if written else len(line) - start)
    if line[start:].startswith(value.text) and not value.quoted:
        end = start + len(value.text)
    return line[:start] + text + line[end:]


def _window(line: str, column: int) -> tuple[str, int]:
    """Of a very long line (JSON without line breaks) the part around a column, and the column in it."""
    if len(line) <= MAX_WIDTH:
        return line, column
    start = max(0, column - 60)
    return line[start : column + 100], column - start


def with_key(line: str, key: Node, name: str) -> str:
    """The line with a key on it written anew."""
    line, start = _window(line, key.column)
    length = len(key.text) + (2 if key.quoted else 0)
    quote = line[start] if key.quoted and start < len(line) else ""
    return line[:start] + quote + name + quote + line[start + length :]


def block_of(page: Page, key: Node, value: Node) -> list[str]:
    """The lines of a field with all that is under it."""
    return page.span(key.line, max(key.line, value.end))


def under(path: Path, block: list[str], indent: int = 0) -> list[str]:
    """A block below the keys of a path, as they must be nested.

    >>> under(("spec", "containers", 0), ["image: nginx"])
    ['spec:', '  containers:', '    - image: nginx']
    """
    out: list[str] = []
    dash = False
    for step in path:
        if isinstance(step, int):
            dash = True
            continue
        out.append(" " * indent + ("- " if dash else "") + f"{step}:")
        indent += 4 if dash else 2
        dash = False
    moved = shifted(block, indent + (2 if dash else 0) - (indent_of(block[0]) if block else 0))
    if dash and moved:
        moved[0] = moved[0][:indent] + "- " + moved[0][indent + 2 :]
    return out + moved
