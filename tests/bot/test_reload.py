"""A team's own entries come and go while the bot runs; unsound ones never answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.questions import Question
from bot.reload import LivingKnowledge
from bot.service import consult
from bot.sources import PasteSource

ENTRY = """\
id: till-printer-offline
title: {en: The till's printer is offline, ja: レジのプリンターがオフライン}
severity: warning
signs: ['TILL-(?P<code>\\d+) printer unreachable']
subject: [the printer]
cause: {en: "The printer of the till does not answer (code {code}).", ja: "プリンターが応答しません（{code}）。"}
fix: [lpstat -p]
examples:
  match:
    - {name: plain, text: "TILL-17 printer unreachable"}
    - {name: in a log, text: "2025-01-01 ERROR TILL-4 printer unreachable"}
  no_match:
    - {name: it prints, text: "TILL-17 printer ready"}
    - {name: something else, text: "TILL-17 drawer open"}
"""
PASTE = "ERROR TILL-99 printer unreachable"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[str] = []
        self.knowledge = LivingKnowledge([folder], self.report)

    async def report(self, text: str) -> None:
        self.reports.append(text)

    def write(self, text: str, name: str = "till.yaml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    async def found(self) -> list[str]:
        async with self.knowledge.use() as expert:
            answer = (await consult(expert, PasteSource(PASTE), Question("explain", text=PASTE))).answer
        return [finding.id for finding in answer.findings]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    one = World(tmp_path)
    await one.knowledge.start()
    yield one
    await one.knowledge.close()


async def test_an_entry_that_is_added_answers_from_the_next_question_on(world: World) -> None:
    assert await world.found() == []
    world.write(ENTRY)
    assert await world.knowledge.refresh()
    assert await world.found() == ["till-printer-offline"]
    assert world.reports == []


async def test_nothing_happens_when_nothing_changed(world: World) -> None:
    world.write(ENTRY)
    await world.knowledge.refresh()
    assert not await world.knowledge.refresh()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY.replace("signs:", "sings:"), "sings"),
        (ENTRY.replace("TILL-17 printer unreachable", "the printer burns"), "plain"),
        (ENTRY.replace("fix: [lpstat -p]\n", ""), "needs a fix"),
        (ENTRY + "  ]", "not valid YAML"),
    ],
)
async def test_what_is_not_sound_is_reported_once_and_the_old_stays(world: World, text: str, said: str) -> None:
    world.write(ENTRY)
    await world.knowledge.refresh()
    world.write(text + "# changed\n")
    assert not await world.knowledge.refresh()
    assert not await world.knowledge.refresh()
    assert len(world.reports) == 1
    assert said in world.reports[0]
    assert await world.found() == ["till-printer-offline"]


async def test_an_entry_that_is_removed_no_longer_answers(world: World) -> None:
    world.write(ENTRY)
    await world.knowledge.refresh()
    (world.folder / "till.yaml").unlink()
    assert await world.knowledge.refresh()
    assert await world.found() == []


async def test_a_consultation_in_hand_finishes_with_the_old_knowledge(world: World) -> None:
    async with world.knowledge.use() as old:
        world.write(ENTRY)
        assert await world.knowledge.refresh()
        text = 'Error: secret "till-db" not found'
        answer = (await consult(old, PasteSource(text), Question("explain", text=text))).answer
        assert answer.findings
    assert await world.found() == ["till-printer-offline"]


async def test_unsound_entries_at_the_start_leave_the_built_in_ones(tmp_path: Path) -> None:
    one = World(tmp_path)
    one.write("id: Not An Id\n")
    await one.knowledge.start()
    try:
        assert len(one.reports) == 1
        assert await one.found() == []
    finally:
        await one.knowledge.close()
