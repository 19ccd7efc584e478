"""Silence is a feature: all knowledge over healthy logs, outputs and small talk finds nothing.

The texts are written for this test, line by line alarming words included ("error budget", a plug-in that is skipped, a
404 of a favicon): what each component says on a good day.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.questions import Question
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.knowledge import load

TEXTS = sorted((Path(__file__).parent / "healthy").iterdir())


async def found_in(text: str) -> list[tuple[str, str]]:
    expert = Expert(load())
    try:
        answer = (await consult(expert, PasteSource(text), Question("explain", text=text))).answer
    finally:
        await expert.close()
    return [(finding.id, finding.subject) for finding in answer.findings]


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.name)
async def test_nothing_is_found_in_what_a_healthy_part_says(path: Path) -> None:
    assert await found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", (Path(__file__).parent / "healthy" / "chat.txt").read_text().splitlines())
async def test_nothing_is_found_in_a_single_message_of_small_talk(line: str) -> None:
    assert await found_in(line) == []
