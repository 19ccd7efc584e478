"""What changed between two runs, and the picture."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

from PIL import Image

from bot.schedule.chart import HEIGHT, WIDTH, by_day, draw, in_words
from bot.schedule.summary import change, summary_message
from bot.store import Found, Health, Mute, Run
from rules.observations import Gap

A, B, C = (
    Found(f"{n:012x}", f"entry-{n}", f"pod shop/web-{n}", severity, {"en": f"Problem {n}"})
    for n, severity in enumerate(("critical", "warning", "info"))
)
GAP = Gap("logs of shop/web-0", "no access")


def run(*found: Found, gaps: frozenset[str] = frozenset()) -> Run:
    return Run("s1", 1.0, "posted", "C1", "1.1", found, gaps)


def test_by_fingerprint_what_is_new_still_there_and_healed() -> None:
    changed = change("prod", run(A, B), [B, C], [], [])
    assert (changed.new, changed.still, changed.healed, changed.unseen) == ((C,), (B,), (A,), ())


def test_the_first_run_has_only_news() -> None:
    assert change("prod", None, [A], [GAP], []).new == (A,)


def test_with_more_gaps_than_before_nothing_is_healed() -> None:
    assert change("prod", run(A), [], [GAP], []).unseen == (A,)
    assert change("prod", run(A, gaps=frozenset({GAP.what})), [], [GAP], []).healed == (A,)


def test_what_is_muted_is_neither_new_nor_healed() -> None:
    mute = Mute("", A.id, "", "U1", 9e9)
    assert change("prod", run(), [A, B], [], [mute]).here == (B,)
    assert change("prod", run(A), [], [], [mute]).healed == ()
    assert change("prod", run(), [A], [], [replace(mute, cluster="test")]).here == (A,)


def test_a_thousand_findings_fit_into_one_message() -> None:
    many = [
        replace(A, fingerprint=str(n), subject="pod shop/" + "x" * 300, title={"en": "y" * 400}) for n in range(1000)
    ]
    message = summary_message("prod", change("prod", run(*many[:500]), many[250:], [GAP] * 50, []), "en", diagnosis="1")
    assert len(message["blocks"]) <= 50 and len(message["text"]) <= 4000
    assert all(len(block["text"]["text"]) <= 3000 for block in message["blocks"] if block["type"] == "section")


def test_the_picture_shows_the_last_health_of_each_day() -> None:
    at = datetime(2025, 6, 10, 8, 0, tzinfo=UTC).timestamp()
    healths = [
        Health("prod", at, 9, 0, 0, 0),
        Health("prod", at + 3600, 2, 1, 0, 0),
        Health("prod", at - 86400, 0, 0, 0, 0),
    ]
    days = by_day(sorted(healths, key=lambda one: one.at), "UTC", date(2025, 6, 10))
    assert [day for day, health in days if health] == [date(2025, 6, 9), date(2025, 6, 10)]
    assert days[-1][1] == healths[1]
    assert in_words(days) == "2025-06-09: 0/0/0, 2025-06-10: 2/1/0"
    picture = Image.open(io.BytesIO(draw(days)))
    assert picture.size == (WIDTH, HEIGHT)
    colours = {colour for _, colour in picture.convert("RGB").getcolors(100_000) or ()}
    assert (0xC6, 0x28, 0x28) in colours and (0xF9, 0xA8, 0x25) in colours


def test_the_picture_takes_any_numbers() -> None:
    for number in (0, 1, 10**6):
        draw(by_day([Health("prod", 1_750_000_000.0, number, 0, 0, 0)], "Asia/Tokyo", date(2025, 6, 15)))
    draw(by_day([], "UTC", date(2025, 6, 15)))
