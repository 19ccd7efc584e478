"""Commands are read as they were meant, and no words do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.grammar import Command, CommandError, looks_like_command, parse


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("pod web-0", "pod", "web-0"),
        ("pod web-0 -n shop", "pod", "shop/web-0"),
        ("pod -n=shop web-0", "pod", "shop/web-0"),
        ("pod shop/web-0 -n other", "pod", "shop/web-0"),
        ("po/web-0 --namespace shop", "pod", "shop/web-0"),
        ("POD web-0", "pod", "web-0"),
        ("svc cart", "service", "cart"),
        ("node n1 -n shop", "node", "n1"),
        ("minion n1", "node", "n1"),
        ("etcd /registry/minions", "etcd", "/registry/minions"),
        ("summary", "summary", ""),
        ("pod web\u2014x", "pod", "web--x"),
    ],
)
def test_a_question(line: str, kind: str, name: str) -> None:
    question = parse(line, "en").question
    assert (question.kind, question.name) == (kind, name)


def test_options() -> None:
    command = parse("summary --cluster prod —private --hygiene --lang ja", "en")
    assert command == Command("summary", cluster="prod", private=True, hygiene=True, lang="ja")
    assert parse("summary --public", "en").private is False
    assert parse("summary", "en").private is None


def test_texts_are_kept_as_they_are() -> None:
    assert parse("explain Error:  two  spaces --x\nline", "en").text == "Error:  two  spaces --x\nline"
    assert parse("check\nkind: Pod", "en").text == "kind: Pod"
    assert parse("schedule */30 * * * *", "en").words == ("*/30", "*", "*", "*", "*")
    assert parse("", "en").verb == "help"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sumary", "summary"),
        ("podz x", "pod"),
        ("pod", "NAME"),
        ("pod x --namspace y", "--namespace"),
        ("explain", "explain"),
    ],
)
def test_wrong_words_get_the_nearest_right_ones(line: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        parse(line, "en")


@given(st.text(max_size=200), st.sampled_from(["en", "ja"]))
def test_any_line_is_a_command_or_a_command_error_that_is_inert(line: str, lang: str) -> None:
    try:
        parse(line, lang)
    except CommandError as error:
        assert "<" not in str(error)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("summary", True),
        ("pod web-0 -n shop", True),
        ("schedule 09:00 weekdays <#C1|ops> prod UTC", True),
        ("pod web-0 does not start and I do not know why", False),
        ("job failed:\nError: x", False),
        ("hello", False),
        ("", False),
    ],
)
def test_a_mention_is_a_command_or_a_text(text: str, is_one: bool) -> None:
    assert looks_like_command(text) is is_one
