"""`kdiag kb ...`: what people do with the knowledge itself."""

from __future__ import annotations

import asyncio
import sys
import time

from bot import kb
from bot.commands import read_input
from bot.coverage import measure
from bot.handbook import entry_as_markdown
from bot.skeleton import skeleton
from rules.errors import KdiagError, KnowledgeError
from rules.expert import Expert
from rules.kinds import describe_kinds
from rules.knowledge import BUILT_IN, Knowledge, check_together, load
from rules.schema import Entry, nearest


def _load() -> Knowledge | None:
    try:
        return load()
    except KnowledgeError as error:
        for fault in error.faults:
            print(fault)
        print(f"{len(error.faults)} faults; nothing was loaded")
        return None


def _chosen(knowledge: Knowledge, paths: list[str]) -> list[Entry]:
    return kb.entries_in(knowledge.entries, paths, BUILT_IN) if paths else list(knowledge.entries)


def lint(paths: list[str]) -> int:
    knowledge = _load()
    if knowledge is None:
        return 1
    entries = _chosen(knowledge, paths)
    ids = {entry.id for entry in entries}
    faults = kb.lint(entries)
    faults += [f for f in check_together(knowledge.entries, knowledge.tags) if f.split(": ")[1] in ids]
    for fault in faults:
        print(fault)
    print(f"{len(entries)} entries, {len(faults)} faults")
    return 1 if faults or not entries else 0


def test(paths: list[str]) -> int:
    knowledge = _load()
    if knowledge is None:
        return 1
    entries = _chosen(knowledge, paths)
    started = time.monotonic()

    async def run() -> tuple[int, int]:
        expert = Expert(knowledge)
        passed = failed = 0
        try:
            async for result in kb.run_examples(expert, entries):
                if result.fault:
                    failed += 1
                    print(f"{result.entry}: {result.example}: {result.fault}")
                else:
                    passed += 1
        finally:
            await expert.close()
        return passed, failed

    passed, failed = asyncio.run(run())
    print(f"{len(entries)} entries in {time.monotonic() - started:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def list_entries() -> None:
    knowledge = load()
    for entry in sorted(knowledge.entries, key=lambda e: e.id):
        print(f"{entry.id:48} {entry.severity:8} {entry.title.get('en', '')}")


def show(id_: str, lang: str) -> None:
    knowledge = load()
    entry = knowledge.by_id.get(id_)
    if entry is None:
        raise KdiagError(f"no entry {id_!r}{nearest(id_, knowledge.by_id)}")
    sys.stdout.write(entry_as_markdown(entry, knowledge, lang))


def facts() -> None:
    for name, doc, attributes in describe_kinds():
        print(f"{name}\n  {doc}")
        for attribute, type_, text in attributes:
            print(f"    {attribute:26} {type_:6} {text}")
        print()


def coverage() -> int:
    """0 when everything that each list wants known is held by an entry."""
    knowledge = load()
    results = measure(knowledge)
    for each in results:
        held = each.wanted - len(each.missing)
        proven = f"; {each.recognised} of {each.tried} texts recognised as they stand" if each.tried else ""
        print(f"{each.name:24} {held:4} of {each.wanted:4}{proven}")
        for label, ids in (
            ("no entry holds", each.missing),
            ("claimed, but not in the list", each.unknown_claims),
            ("claimed, but not a fault", each.noisy),
        ):
            if ids:
                print(f"    {label}: {', '.join(ids)}")
    return 1 if any(each.missing or each.unknown_claims for each in results) else 0


def new(id_: str, file: str) -> None:
    """Print a skeleton of an entry whose sign matches the pasted line."""
    sys.stdout.write(skeleton(id_, read_input(file)))
