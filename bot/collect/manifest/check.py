"""One file from its text to its objects: documents, era, kind, then the checks of that era."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.collect.manifest import syntax
from bot.collect.manifest.duplicates import note_duplicates, report_duplicates
from bot.collect.manifest.identity import identify
from bot.collect.manifest.legacy import check_legacy
from bot.collect.manifest.legacy_schema import V1BETA3_ONLY
from bot.collect.manifest.nodes import Node, Refused
from bot.collect.manifest.problems import Page
from bot.collect.manifest.schemas import Api, of_2015
from bot.collect.manifest.shape import restore_indentation
from bot.collect.manifest.strict import schema_problems
from bot.collect.manifest.today import check_today
from bot.collect.manifest.walk import Subject
from rules.observations import Gap

MAX_DOCUMENTS: Final = 2000
MAX_CHARACTERS: Final = 2 << 20
"""Of one file. YAML takes a second or two a megabyte."""
_SEPARATOR = re.compile(r"---(\s|$)")


def check_page(page: Page, api: Api | None) -> list[Subject]:
    """The objects of a file with their problems. What cannot be read is a problem or a gap of the page."""
    subjects: list[Subject] = []
    if sum(map(len, page.raw)) > MAX_CHARACTERS:
        page.gaps.append(Gap(page.file, f"it is larger than {MAX_CHARACTERS >> 20} MB", "split it and check the parts"))
        return subjects
    count = 0
    for first, last in list(_documents(page.raw)):
        count += 1
        if count > MAX_DOCUMENTS:
            page.gaps.append(Gap(f"{page.file} from line {first}", f"only {MAX_DOCUMENTS} documents are read"))
            break
        try:
            roots = syntax.read(page, first, last, lambda roots, trial: _weigh(roots, trial, api))
        except Refused as refused:
            page.gaps.append(Gap(f"{page.file}, the document at line {first}", str(refused)))
            continue
        for root in roots:
            note_duplicates(page, root)
            for node in _objects(page, root):
                subject = check_object(page, node, api)
                if subject is not None:
                    subjects.append(subject)
    report_duplicates(page)
    return subjects


def _documents(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each document that is not empty: one that is broken must not hide the others."""
    first = 1
    for number, line in enumerate([*lines, "---"], 1):
        if not _SEPARATOR.match(line):
            continue
        block = lines[first - 1 : number - 1]
        if any(
            text and not text.startswith(("#", "%")) and text not in ("---", "...")
            for text in (one.strip() for one in block)
        ):
            yield first, number - 1
        first = number


def _objects(page: Page, root: Node) -> Iterator[Node]:
    """The objects of a document: itself, the items of a List, or of a bare JSON or YAML list."""
    pending = [root]
    while pending:
        node = pending.pop()
        kind = node.get("kind")
        items = node.get("items")
        if node.items is not None:
            pending += [one for one in reversed(node.items) if one.entries is not None]
        elif items is not None and items.items is not None and (kind is None or kind.text.endswith("List")):
            _inherit(node, items.items)
            pending += [one for one in reversed(items.items) if one.entries is not None]
        elif node.entries is not None:
            yield node
        elif node is root and node.text.strip():
            page.gaps.append(Gap(f"{page.file}, line {node.line}", "this is a word or sentence, not an object"))


def _inherit(holder: Node, items: list[Node]) -> None:
    """Items of a typed list (`PodList`) need not say what they are."""
    kind, version = holder.get("kind"), holder.get("apiVersion")
    if kind is None or kind.text in ("List", ""):
        return
    for item in items:
        for name, word in (("kind", kind.text.removesuffix("List")), ("apiVersion", version.text if version else "v1")):
            if item.entries is not None and item.key(name) is None:
                key = Node(item.line, item.column, item.line, name, name)
                item.entries.append((key, Node(item.line, item.column, item.line, word, word)))


def check_object(page: Page, root: Node, api: Api | None) -> Subject | None:
    """One object, checked; None when it is none."""
    subject = identify(page, root, api)
    if subject is None:
        return None
    restore_indentation(subject)
    _name_anew(subject)
    ignore = V1BETA3_ONLY if subject.api_version == "v1beta3" else frozenset[str]()
    schema_problems(subject, ignore)
    if subject.api is of_2015():
        check_legacy(subject)
    elif subject.era != "fragment" and subject.schema is not None:
        check_today(subject)
    _drop_consequences(subject)
    return subject


def _drop_consequences(subject: Subject) -> None:
    """`port` is not missing where `prot` is misspelled: one fault, one problem."""
    found: set[str] = set()
    for one in subject.problems:
        if one.problem == "unknown-field" and one.expected:
            head, dot, _ = one.field.rpartition(".")
            found.add(f"{head}{dot}{one.expected}")
        elif one.problem == "nesting":
            found |= {one.expected[: place.start()] for place in re.finditer(r"\.|$", one.expected)}
    if found:
        subject.problems = [
            one for one in subject.problems if not one.problem.endswith("-missing") or one.field not in found
        ]


def _name_anew(subject: Subject) -> None:
    """The name, if it only came to light when the indentation was restored."""
    if not subject.name:
        node = subject.at("id") if subject.is_flat else None
        node = node or subject.at("metadata", "name")
        subject.name = node.text if node is not None else ""


def _weigh(roots: list[Node], trial: Page, api: Api | None) -> int:
    """How many problems the objects of a repaired text have: the fewer, the likelier it was meant so."""
    total = 0
    for root in roots:
        for node in _objects(trial, root):
            subject = check_object(trial, node, api)
            total += len(subject.problems) if subject is not None else 3
        if root.entries is None and root.items is None:
            total += 20
    return total + len(trial.problems)
