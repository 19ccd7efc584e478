"""Recorded clusters and the answer expected of each: every `expected.yaml` below this folder is a test.

question: pod shop/web-0        command line words; `summary` for the whole cluster
first: node-silent              id of the first finding
subject: node n1                its subject
names: [kubelet]                regexes that its title and cause must match
fix: [systemctl]                regexes of which each must match one of its commands
also: [other-id]                further roots, in any order
folds: [deployment shop/web]    subjects that the first finding must explain
roots: 1                        how many root findings there may be
stage: {reached: accepted, ...} where a Pod's way ended and what stopped it there
healthy: true                   instead: nothing may be found
now: 2015-04-28T16:00:00Z       the clock, where the newest timestamp is not it
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.collect.dump import Dump
from bot.questions import Question
from bot.render.json import answer_as_dict
from bot.service import consult
from bot.sources import DumpSource
from rules.expert import Expert
from rules.knowledge import Knowledge
from tests.recordings.joins.build import contents, scenarios
from tests.recordings.joins.scenario import Scenario

HERE = Path(__file__).parent
EXPECTED = sorted(HERE.rglob("expected.yaml"))


async def answer_to(knowledge: Knowledge, folder: Path, expected: dict[str, Any]) -> dict[str, Any]:
    kind, _, name = str(expected.get("question", "summary")).partition(" ")
    now = expected.get("now")
    clock = datetime.fromisoformat(str(now)) if now else None
    expert = Expert(knowledge)
    try:
        consultation = await consult(expert, DumpSource(Dump(folder), clock), Question(kind, name))
    finally:
        await expert.close()
    return answer_as_dict(consultation.answer)


@pytest.mark.parametrize("path", EXPECTED, ids=lambda p: str(p.parent.relative_to(HERE)))
async def test_the_answer_to_a_recorded_cluster(path: Path, knowledge: Knowledge) -> None:
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))
    answer = await answer_to(knowledge, path.parent, expected)
    found = [(f["id"], f["subject"]) for f in answer["findings"]]
    if expected.get("healthy"):
        assert found == []
        return
    assert found, f"nothing was found; asks: {answer['asks']}"
    first = answer["findings"][0]
    assert first["id"] == expected["first"], found
    if "subject" in expected:
        assert first["subject"] == expected["subject"]
    for pattern in expected.get("names", []):
        assert re.search(pattern, f"{first['title']} {first['cause']}", re.I), (
            f"{pattern!r} is not in {first['cause']!r}"
        )
    commands = "\n".join(step["command"] for step in first["fix"])
    for pattern in expected.get("fix", []):
        assert re.search(pattern, commands, re.I), f"{pattern!r} is not in {commands!r}"
    if "stage" in expected:
        assert answer["stage"] == expected["stage"]
    assert set(expected.get("folds", [])) <= {below["subject"] for below in first["explains"]}, first["explains"]
    assert len(answer["findings"]) <= expected.get("roots", len(answer["findings"])), found
    assert set(expected.get("also", [])) <= {id_ for id_, _ in found}


def test_there_are_recordings() -> None:
    assert EXPECTED


@pytest.mark.parametrize("one", list(scenarios()), ids=lambda s: s.name)
def test_the_joins_are_what_their_scenario_writes(one: Scenario) -> None:
    folder = HERE / "joins" / one.name
    written = {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}
    assert written == contents(one), "run `python -m tests.recordings.joins.build` and commit what changed"
