"""What could not be checked, in Japanese."""

from __future__ import annotations

import pytest

from bot.collect.gaps import gap_of_kind, gap_of_want
from bot.render.gaps import said, translated
from rules.observations import Gap


def test_a_want_and_why_it_was_not_met() -> None:
    gap = gap_of_want({"what": "log", "pod": "shop/web-0", "container": "web"}, "no log of it was recorded")
    assert said(gap, "ja") == ("shop/web-0, container web のログ", "ログが記録されていません")
    assert said(gap, "en") == (gap.what, gap.why)


def test_a_kind_that_was_not_recorded() -> None:
    what, why = said(gap_of_kind("pod", "shop", "shop/pods.json was not recorded"), "ja")
    assert "shop" in what and "objects" not in what
    assert why == "shop/pods.json が記録されていません"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 further Pods that are not well", "他に正常でない Pod 3 個"),
        (
            "not permitted (403): the role lacks list on secrets, jobs",
            "権限がありません（403）。ロールに secrets, jobs の list がありません",
        ),
        ("a reason of which nobody has thought", "a reason of which nobody has thought"),
    ],
)
def test_places_keep_their_words(text: str, expected: str) -> None:
    assert translated(text, "ja") == expected
    assert translated(text, "fr") == text


def test_a_hostile_text_is_translated_in_no_time() -> None:
    assert said(Gap("the " * 5000, "of " * 5000), "ja")[1].startswith("of ")
