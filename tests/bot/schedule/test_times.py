"""What people write becomes the right cron expression, and comes at the right moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule.times import Wish, next_after, parse
from rules.errors import UsageError


@pytest.mark.parametrize(
    ("words", "expression"),
    [
        ("09:00 weekdays", "0 9 * * 1-5"),
        ("weekdays at 9:30", "30 9 * * 1-5"),
        ("9am", "0 9 * * *"),
        ("12am daily", "0 0 * * *"),
        ("5:15pm mon,wed", "15 17 * * 1,3"),
        ("08:00 mon-fri", "0 8 * * 1-5"),
        ("08:00 every Monday", "0 8 * * 1"),
        ("07:00 sundays", "0 7 * * 0"),
        ("every 6h", "0 */6 * * *"),
        ("every 30 minutes", "*/30 * * * *"),
        ("hourly", "0 */1 * * *"),
        ("09:00 平日", "0 9 * * 1-5"),
        ("*/30 * * * *", "*/30 * * * *"),
        ("0 9 * * MON-FRI", "0 9 * * MON-FRI"),
        ("0 9 1 * *", "0 9 1 * *"),
    ],
)
def test_words_become_cron(words: str, expression: str) -> None:
    assert parse(words.split()).expression == expression


def test_channel_cluster_and_zone_may_stand_anywhere() -> None:
    for words in ("09:00 weekdays <#C123|ops> prod asia/tokyo", "prod <#C123> Asia/Tokyo 09:00 weekdays"):
        assert parse(words.split()) == Wish("0 9 * * 1-5", "Asia/Tokyo", "C123", "prod", "09:00 weekdays")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "when"),
        ("weekdays", "when"),
        ("25:00", "no time of day"),
        ("13pm", "no time of day"),
        ("every 7h", "divides"),
        ("every 1m", "divides"),
        ("every now", "For example"),
        ("* * * * *", "more often"),
        ("0 0 31 2 *", "no cron"),
        ("09:00 #ops", "cannot see"),
        ("09:00 Asia/Tokio", "Asia/Tokyo"),
        ("09:00 prod staging", "do not understand"),
    ],
)
def test_what_is_not_understood_is_said(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(words.split())


@given(st.lists(st.text(max_size=12), max_size=8))
def test_no_words_do_worse_than_a_usage_error(words: list[str]) -> None:
    try:
        wish = parse(words)
    except UsageError:
        return
    assert next_after(wish.expression, wish.zone or "UTC", 1_750_000_000.0) > 1_750_000_000.0


def test_the_clock_of_the_zone_counts_over_the_change_of_summer_time() -> None:
    zone = ZoneInfo("Europe/Oslo")
    before = datetime(2025, 3, 29, 10, 0, tzinfo=zone).timestamp()
    moment = datetime.fromtimestamp(next_after("0 9 * * *", "Europe/Oslo", before), zone)
    assert (moment.day, moment.hour) == (30, 9)
    night = datetime(2025, 10, 26, 0, 0, tzinfo=zone).timestamp()
    first = next_after("30 2 * * *", "Europe/Oslo", night)
    assert datetime.fromtimestamp(next_after("30 2 * * *", "Europe/Oslo", first), zone).day == 27
