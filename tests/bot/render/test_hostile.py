"""Whatever the strings: every renderer stays within its limits, and nothing in them comes alive."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from rich.console import Console

from bot.render.blocks import answer_as_blocks
from bot.render.json import answer_as_dict
from bot.render.markdown import answer_as_markdown
from bot.render.terminal import show_answer
from rules.findings import Answer
from tests.bot.render.answers import answers

slow_draws = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def mrkdwn(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            yield node
        for value in node.values():
            yield from mrkdwn(value)
    elif isinstance(node, list):
        for item in node:
            yield from mrkdwn(item)


@given(answers())
@slow_draws
def test_slack_blocks_stay_within_slacks_limits(answer: Answer) -> None:
    message = answer_as_blocks(answer, "en")
    assert message["text"].strip()
    assert len(message["text"]) <= 4000
    assert 1 <= len(message["blocks"]) <= 50
    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < 40_000
    for block in message["blocks"]:
        if block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3000
        if block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
            assert all(1 <= len(element["text"]) <= 2000 for element in block["elements"])


@given(answers())
@slow_draws
def test_nothing_in_slack_text_becomes_a_mention_or_a_link(answer: Answer) -> None:
    message = answer_as_blocks(answer, "ja")
    for element in mrkdwn(message["blocks"]):
        assert element["verbatim"] is True
    for text in [message["text"], *(element["text"] for element in mrkdwn(message["blocks"]))]:
        assert not re.search(r"[<>]", text)
        assert not re.search(r"[\u202a-\u202e\u200b-\u200f\u2066-\u2069\x1b]", text)


@given(answers())
@slow_draws
def test_a_terminal_gets_no_escape_sequences_from_data(answer: Answer) -> None:
    out = io.StringIO()
    show_answer(answer, "en", Console(file=out, width=100, force_terminal=False))
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()


@given(answers())
@slow_draws
def test_markdown_holds_no_html_of_others(answer: Answer) -> None:
    text = answer_as_markdown(answer, "en")
    outside_code = re.sub(r"(?<!\\)(`+)[\s\S]*?\1", "", text)
    assert not re.search(r"(?<!\\)<[a-zA-Z!@]", outside_code)


@given(answers())
@slow_draws
def test_json_can_be_read_back(answer: Answer) -> None:
    found = json.loads(json.dumps(answer_as_dict(answer, "en")))
    assert set(found) >= {"question", "findings", "gaps", "asks"}
