"""Which line of a log's end is taken for the reason."""

from __future__ import annotations

import pytest

from bot.collect.joins.logs import MAX_LINE, log_ends
from rules.kinds import Source
from rules.observations import Passage


def end_of(text: str, **about: str) -> list[str]:
    known = {"via": "log", "pod": "shop/web-0", "container": "web", **about}
    return [str(one["text"]) for one in log_ends([Passage(text, known, Source("log of pod shop/web-0"))])]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("starting\nworker count must be positive\n", "worker count must be positive"),
        ("starting\ncannot open ledger: locked\nbye\n\n", "cannot open ledger: locked"),
        ("Error: boom\n    at run (/app/a.js:3)\n    at main (/app/b.js:9)\n", "Error: boom"),
        ("x" * 1000, "x" * MAX_LINE),
    ],
)
def test_the_last_complaint_is_taken_else_the_last_line(text: str, line: str) -> None:
    assert end_of(text) == [line]


def test_a_text_that_is_no_containers_log_has_no_end() -> None:
    assert end_of("\n  \n") == []
    assert end_of("failed", via="journal") == []
