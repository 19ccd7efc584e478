"""Keys that occur twice in one object: the first of them is silently lost, or the server refuses both.

Lost indentation makes the same (two `name:` at the margin, of the selector and of the labels), so they are noted
first, and reported when the indentation has been restored.
"""

from __future__ import annotations

from bot.collect.manifest.nodes import Node
from bot.collect.manifest.problems import Entry, Page, Problem, joined, shifted


def note_duplicates(page: Page, root: Node) -> None:
    seen_nodes: set[int] = set()
    for node in root.maps():
        if id(node) in seen_nodes:  # behind an alias
            continue
        seen_nodes.add(id(node))
        first: dict[str, Entry] = {}
        for entry in node.entries or ():
            earlier = first.setdefault(entry[0].text, entry)
            if earlier is not entry:
                page.duplicates.append((node, earlier, entry))


def report_duplicates(page: Page) -> None:
    """Those that are still beside each other."""
    for node, first, second in page.duplicates:
        if id(first[0]) in page.moved or id(second[0]) in page.moved:
            continue
        key = second[0]
        page.problems.append(
            Problem(
                "duplicate-key", key.line, key.text, value=key.text, expected=f"line {first[0].line}",
                message=f'yaml: unmarshal errors: line {key.line}: key "{key.text}" already set in map',
                corrected="" if node.flow else _merged(page, first, second),
            )
        )  # fmt: skip


def _merged(page: Page, first: Entry, second: Entry) -> str:
    """Both under one key; of two single values the later, which is what counted."""
    (key, value), (again, other) = first, second
    mappings = bool(value.entries) and bool(other.entries)
    lists = bool(value.items) and bool(other.items)
    if (mappings or lists) and not value.flow and not other.flow:
        shift = value.column - other.column
        return joined([*page.span(key.line, value.end), *shifted(page.span(other.line, other.end), shift)])
    if value.end == key.line and other.end == again.line:
        return page.line(again.line)
    return ""
