"""A complaint that came once and was followed by ordinary lines is not told of a Pod that is well."""

from __future__ import annotations

import pytest

from bot.collect.passing import without_passing

ORDINARY = ["GET / 200", "GET / 200", "GET /health 200"]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["ERROR no database at 10.0.0.4:5432", *ORDINARY], False),
        (["ERROR no database at 10.0.0.4:5432", *ORDINARY[:2]], True),
        ([*ORDINARY, "ERROR no database at 10.0.0.4:5432"], True),
        (["ERROR no database at 10.0.0.4:5432", *ORDINARY, "ERROR no database at 10.0.0.9:5432", *ORDINARY], True),
        (["ERROR no database at 10.0.0.4:5432", "ERROR no cache", "ERROR no queue", "GET / 200"], True),
        (["ERROR no database at 10.0.0.4:5432", *["[INFO] A IN db. NOERROR"] * 3], False),
    ],
    ids=["went-on", "too-soon-to-tell", "its-last-word", "again", "others-follow", "noerror-is-none"],
)
def test_what_a_program_complained_of_once(lines: list[str], kept: bool) -> None:
    found = without_passing("\n".join(lines)).split("\n")
    assert ("ERROR no database at 10.0.0.4:5432" in found) is kept
    assert len(found) == len(lines)
