"""Each limit of Block Kit: what just fits passes, one more is named with its place."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.errors import SlackError
from bot.workspace.limits import VIEW_BLOCKS, check_message, check_view, faults_of_blocks

Block = dict[str, Any]


def plain(length: int) -> Block:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Block:
    return {"type": "mrkdwn", "text": "x" * length}


def options(count: int, label: int = 1, value: int = 1) -> list[Block]:
    return [{"text": plain(label), "value": "v" * value} for _ in range(count)]


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain(1), **more}


def confirm(title: int = 1, text: int = 1, yes: int = 1) -> Block:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(1)}


LIMITS: list[tuple[str, Any, int, str]] = [
    # What is made, from a size; the greatest size; where one more is a fault
    ("section text", lambda n: {"type": "section", "text": mrkdwn(n)}, 3000, "/blocks/0/text/text"),
    ("a field", lambda n: {"type": "section", "fields": [mrkdwn(n)]}, 2000, "/blocks/0/fields/0/text"),
    ("fields", lambda n: {"type": "section", "fields": [mrkdwn(1)] * n}, 10, "/blocks/0/fields"),
    ("header", lambda n: {"type": "header", "text": plain(n)}, 150, "/blocks/0/text/text"),
    ("context", lambda n: {"type": "context", "elements": [mrkdwn(1)] * n}, 10, "/blocks/0/elements"),
    ("actions", lambda n: actions(*[button()] * n), 25, "/blocks/0/elements"),
    ("button text", lambda n: actions(button(text=plain(n))), 75, "/blocks/0/elements/0/text/text"),
    ("button value", lambda n: actions(button(value="v" * n)), 2000, "/blocks/0/elements/0/value"),
    ("button url", lambda n: actions(button(url="u" * n)), 3000, "/blocks/0/elements/0/url"),
    ("action_id", lambda n: actions(button(action_id="a" * n)), 255, "/blocks/0/elements/0/action_id"),
    ("block_id", lambda n: {"type": "divider", "block_id": "b" * n}, 255, "/blocks/0/block_id"),
    ("confirm title", lambda n: actions(button(confirm=confirm(title=n))), 100, "/confirm/title/text"),
    ("confirm text", lambda n: actions(button(confirm=confirm(text=n))), 300, "/confirm/text/text"),
    ("confirm yes", lambda n: actions(button(confirm=confirm(yes=n))), 30, "/confirm/confirm/text"),
    ("options", lambda n: actions({"type": "static_select", "options": options(n)}), 100, "/elements/0/options"),
    (
        "option label",
        lambda n: actions({"type": "static_select", "options": options(1, label=n)}),
        75,
        "/options/0/text/text",
    ),
    (
        "option value",
        lambda n: actions({"type": "static_select", "options": options(1, value=n)}),
        150,
        "/options/0/value",
    ),
    ("overflow", lambda n: actions({"type": "overflow", "options": options(n)}), 5, "/elements/0/options"),
    ("alt text", lambda n: {"type": "image", "image_url": "u", "alt_text": "a" * n}, 2000, "/blocks/0/alt_text"),
    ("markdown", lambda n: {"type": "markdown", "text": "m" * n}, 12_000, "/blocks/0/text"),
    ("rows", lambda n: {"type": "table", "rows": [[]] * n}, 100, "/blocks/0/rows"),
    ("cells", lambda n: {"type": "table", "rows": [[{}] * n]}, 20, "/blocks/0/rows/0"),
]


@pytest.mark.parametrize(("make", "most", "at"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_a_limit(make: Any, most: int, at: str) -> None:
    assert faults_of_blocks([make(most)], 50) == []
    faults = faults_of_blocks([make(most + 1)], 50)
    assert faults
    assert all(f"{at}]" in fault for fault in faults)


WRONG: list[tuple[str, Block, str]] = [
    ("a type that is not", {"type": "secton"}, "unsupported type: secton [json-pointer:/blocks/0/type]"),
    ("no text", {"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
    ("empty text", {"type": "section", "text": mrkdwn(0)}, "must be more than 0 characters"),
    ("mrkdwn in a header", {"type": "header", "text": mrkdwn(1)}, "unsupported type: mrkdwn"),
    ("a string for a text object", {"type": "section", "text": "x"}, "must be an object"),
    ("an image that says nothing", {"type": "image", "image_url": "u"}, "missing required field: alt_text"),
    ("a style that is not", actions(button(style="loud")), "must be one of: primary, danger"),
    ("no options", actions({"type": "static_select", "options": []}), "no less than 1 items allowed"),
    (
        "an empty element",
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]},
        "must be more than 0 characters",
    ),
    ("one name twice", actions(button(action_id="a"), button(action_id="a")), "`action_id` a already exists"),
]


@pytest.mark.parametrize(("block", "fault"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_said(block: Block, fault: str) -> None:
    with pytest.raises(SlackError) as raised:
        check_message("", [block])
    assert raised.value.code == "invalid_blocks"
    assert fault in raised.value.more["response_metadata"]["messages"][0]


def test_a_message_has_fifty_blocks() -> None:
    check_message("", [{"type": "divider"}] * 50)
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_message("", [{"type": "divider"}] * 51)


def test_a_message_is_too_long_although_each_block_fits() -> None:
    check_message("", [{"type": "section", "text": mrkdwn(3000)}] * 4)
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check_message("", [{"type": "section", "text": mrkdwn(3000)}] * 5)


def test_block_ids_are_unique() -> None:
    (fault,) = faults_of_blocks([{"type": "divider", "block_id": "b"}] * 2, 50)
    assert fault == "block_id already exists: b [json-pointer:/blocks/1/block_id]"


def test_a_message_says_something() -> None:
    with pytest.raises(SlackError, match="no_text"):
        check_message(" ", [])


def test_a_modal_has_a_short_title_and_a_home_has_a_hundred_blocks() -> None:
    modal = {"type": "modal", "title": plain(24), "blocks": []}
    check_view(modal, ("modal",))
    with pytest.raises(SlackError, match="invalid_arguments"):
        check_view({**modal, "title": plain(25)}, ("modal",))
    home = {"type": "home", "blocks": [{"type": "divider"}] * VIEW_BLOCKS}
    check_view(home, ("home",))
    with pytest.raises(SlackError, match="invalid_arguments"):
        check_view({**home, "blocks": [{"type": "divider"}] * (VIEW_BLOCKS + 1)}, ("home",))
