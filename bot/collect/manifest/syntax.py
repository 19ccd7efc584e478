"""Texts that are no valid YAML or JSON: which line is at fault, and what it should be.

A parser stops where it can go no further, which is at or just after the fault. So the lines around that place are
changed in the ways in which people get them wrong (indentation, tabs, quotes, colons, commas), and a change counts only
if the text then parses; of several, the one after which the object has the fewest problems is the correction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.collect.manifest.nodes import Broken, Node, Refused, parse
from bot.collect.manifest.problems import Page, Problem, indent_of, joined

MAX_TRIES: Final = 80
MAX_PARSED_LINES: Final = 20_000
"""Lines that the tries on one file may parse together; beyond it faults are reported without a correction."""
MAX_REPAIRS: Final = 3
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
_FIELD = re.compile(r"(\s*(?:- +)*[\w./\"'-]+:\s+)(\S.*)")
_GLUED = re.compile(r"(\s*(?:- +)*[A-Za-z][\w./-]*):([^\s:/].*)")
_DASH = re.compile(r"(\s*)-([A-Za-z][\w.-]*:.*)")
_BARE = re.compile(r"\s*(?:- +)?[A-Za-z][\w.-]*\s*")

Score = Callable[[list[Node], Page], int]


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines from `first` on, as they would be."""

    problem: str
    first: int
    lines: tuple[str, ...]
    cost: int


def template_line(lines: list[str], first: int) -> int:
    """The first line with template syntax outside of quotes, or 0."""
    for number, line in enumerate(lines, first):
        if _TEMPLATE.search(line) and _TEMPLATE.search(_QUOTED.sub("", line.split(" #")[0])):
            return number
    return 0


def read(page: Page, first: int, last: int, score: Score) -> list[Node]:
    """The documents of some lines of a page, repaired where they are broken; what was wrong is noted on the page."""
    for attempt in range(MAX_REPAIRS + 1):
        lines = page.span(first, last)
        try:
            return parse("\n".join(lines), first - 1)
        except Broken as error:
            if attempt == MAX_REPAIRS or not _report(page, first, last, error, score):
                return []
    return []


def _report(page: Page, first: int, last: int, error: Broken, score: Score) -> bool:
    """Note the fault. True when it was repaired on the page."""
    lines = page.span(first, last)
    message = f"error converting YAML to JSON: yaml: line {error.said}: {error.problem}"
    if error.problem.startswith("invalid JSON"):
        message = error.problem
    templated = template_line(lines, first)
    if templated:
        written = page.line(templated).strip()
        page.problems.append(Problem("template-syntax", templated, value=written[:100], message=message))
        return False
    edit = _best(page, first, last, error, score)
    if edit is None:
        at = min(error.line, last)
        while at > first and not page.line(at).strip():
            at -= 1
        tab = "\t" in page.line(at)[: len(page.line(at)) - len(page.line(at).lstrip())]
        page.problems.append(
            Problem("tab" if tab else "yaml-syntax", at, value=page.line(at).strip()[:100], message=message)
        )
        return False
    changed = [number for number, line in enumerate(edit.lines, edit.first) if line != page.line(number)]
    begin, end = changed[0], changed[-1]
    above = begin - 1 if begin > first and page.line(begin - 1).strip() else begin
    corrected = [page.line(number) for number in range(above, begin)] + list(
        edit.lines[begin - edit.first : end - edit.first + 1]
    )
    page.problems.append(
        Problem(edit.problem, begin, value=page.line(begin).strip()[:100], message=message, corrected=joined(corrected))
    )
    page.replace(edit.first, list(edit.lines))
    return True


def _best(page: Page, first: int, last: int, error: Broken, score: Score) -> Edit | None:
    lines = page.span(first, last)
    best: tuple[int, int, int] | None = None
    chosen: Edit | None = None
    further: Edit | None = None
    """After it the parser comes to the next fault, which is well below."""
    for tries, edit in enumerate(_edits(lines, first, error)):
        page.parsed += len(lines)
        if tries >= MAX_TRIES or page.parsed > MAX_PARSED_LINES:
            break
        changed = [*lines]
        changed[edit.first - first : edit.first - first + len(edit.lines)] = edit.lines
        try:
            roots = parse("\n".join(changed), first - 1)
        except Broken as left:
            gained = left.line - error.line
            if gained > 2 and (further is None or edit.cost < further.cost):
                further = edit
            continue
        except Refused:
            continue
        trial = page.copy()
        trial.replace(edit.first, list(edit.lines))
        weight = (score(roots, trial), edit.cost, tries)
        if best is None or weight < best:
            best, chosen = weight, edit
    return chosen or further


def _edits(lines: list[str], first: int, error: Broken) -> Iterator[Edit]:
    """Ways to mend the lines around a fault, the likeliest first."""
    indented = [line[: len(line) - len(line.lstrip())] for line in lines]
    if any("\t" in one for one in indented):
        for width in (2, 4, 8):
            mended = [one.replace("\t", " " * width) + line.lstrip() for one, line in zip(indented, lines, strict=True)]
            yield Edit("tab", first, tuple(mended), 0)
    at = max(0, min(error.line - first, len(lines) - 1))
    near = [at]
    for step in (-1, 1):
        place = at + step
        while 0 <= place < len(lines) and not lines[place].strip():
            place += step
        if 0 <= place < len(lines):
            near.append(place)
    if error.since:
        near.append(max(0, min(error.since - first, len(lines) - 1)))
    near = list(dict.fromkeys(near))
    for place in near:
        for number, line in enumerate(_respelled(lines[place])):
            if line != lines[place]:
                yield Edit("yaml-syntax", first + place, (line,), 1 + number)
    for place in near:
        yield from _reindented(lines, place, first)


def _respelled(line: str) -> Iterator[str]:
    """One line with its quotes, colons and commas as they might have been meant."""
    body = line.rstrip()
    if found := _GLUED.fullmatch(body):
        yield f"{found[1]}: {found[2]}"
    if found := _DASH.fullmatch(body):
        yield f"{found[1]}- {found[2]}"
    if _BARE.fullmatch(body):
        yield body.rstrip() + ":"
    bare = _QUOTED.sub("", body)
    for quote in "\"'":
        if bare.count(quote) % 2:
            yield body + quote
            yield body.replace(quote, "", 1) if body.count(quote) == 1 else body + quote
    if found := _FIELD.fullmatch(body):
        value, _, comment = found[2].partition(" #")
        if value[:1] not in "\"'" or _QUOTED.fullmatch(value.strip()) is None:
            yield f"{found[1]}{json.dumps(value.strip(), ensure_ascii=False)}" + (f" #{comment}" if comment else "")
    if body.endswith(","):
        yield body[:-1]
    elif body.lstrip()[:1] in '"}]' or body.endswith(("{", "[")):
        yield body + ","
    if any(mark in line for mark in "“”‘’"):
        yield re.sub("[‘’]", "'", re.sub("[“”]", '"', line))


def _reindented(lines: list[str], place: int, first: int) -> Iterator[Edit]:
    """The line, alone or with what belongs to it, at each indentation that its neighbours suggest."""
    line = lines[place]
    if not line.strip() or line.lstrip().startswith("#"):
        return
    here = indent_of(line)
    above = [indent_of(one) for one in lines[max(0, place - 12) : place] if one.strip()]
    before = lines[place - 1] if place else ""
    targets = dict.fromkeys(
        [*reversed(above), *([above[-1] + 2] if above else []), *([above[-1] - 2] if above else [])]
    )
    if before.lstrip().startswith("- "):
        targets[indent_of(before) + 2] = None
    scopes = dict.fromkeys([place + 1, _block_end(lines, place, here), _run_end(lines, place, here)])
    for target in list(targets)[:8]:
        if target == here or target < 0:
            continue
        for end in scopes:
            moved = [_at(one, indent_of(one) + target - here) for one in lines[place:end]]
            likely = before.rstrip().endswith(":") and target == indent_of(before) + 2
            cost = (0 if likely else 2 + abs(target - here)) + (2 if end - place > 1 else 0)
            yield Edit("indentation", first + place, tuple(moved), cost)


def _at(line: str, indent: int) -> str:
    return " " * max(0, indent) + line.lstrip(" ") if line.strip() else line


def _block_end(lines: list[str], place: int, here: int) -> int:
    """After the lines that are deeper than this one."""
    end = place + 1
    while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > here):
        end += 1
    return end


def _run_end(lines: list[str], place: int, here: int) -> int:
    """After the lines that are as deep as this one or deeper."""
    end = place + 1
    while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) >= here):
        end += 1
    return end
