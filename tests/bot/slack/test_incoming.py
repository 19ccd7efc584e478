"""What comes from Slack is decoded, masked, and taken only from those it is meant for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.incoming import decode, from_event, text_of

BASE = {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "x"}


@pytest.mark.parametrize(
    ("raw", "typed"),
    [
        ("a &lt;none&gt; &amp;amp; b", "a <none> &amp; b"),
        ("<http://10.0.0.1:8080|10.0.0.1:8080> and <https://x.example.com>", "10.0.0.1:8080 and https://x.example.com"),
        ("<mailto:a@b.example.com|a@b.example.com>", "a@b.example.com"),
        ("<@U1|anna> <@UBOT> <!here> <!subteam^S1|@sre> <!date^1^{date}|today>", "@anna  @here @sre today"),
        ("in <#C1|ops>", "in <#C1|ops>"),
    ],
)
def test_text_is_decoded(raw: str, typed: str) -> None:
    assert decode(raw, "UBOT") == typed


@pytest.mark.parametrize(
    ("event", "taken"),
    [
        (BASE, True),
        ({**BASE, "subtype": "file_share", "files": [{"id": "F1"}]}, True),
        ({**BASE, "subtype": "thread_broadcast", "thread_ts": "1.0"}, True),
        ({**BASE, "subtype": "channel_join"}, False),
        ({**BASE, "subtype": "message_deleted"}, False),
        ({**BASE, "user": "UBOT"}, False),
        ({**BASE, "bot_id": "B1"}, False),
        ({**BASE, "bot_id": "BREAD"}, True),
        ({**BASE, "user": None}, False),
        ({"type": "message", "subtype": "message_changed", "channel": "C1", "message": {**BASE, "edited": {}}}, False),
        (
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "message": {**BASE, "edited": {"ts": "2"}},
            },
            True,
        ),
    ],
)
def test_only_what_people_and_named_bots_write_is_taken(event: dict[str, Any], taken: bool) -> None:
    assert (from_event(event, "UBOT", ["BREAD"]) is not None) is taken


def test_who_is_addressed() -> None:
    def addressed(**event: Any) -> bool:
        message = from_event({**BASE, **event}, "UBOT", [])
        assert message is not None
        return message.addressed

    assert not addressed()
    assert addressed(text="<@UBOT> help")
    assert addressed(channel="D1")
    assert addressed(channel_type="im")
    assert addressed(type="app_mention")


def test_alerts_are_read_from_attachments_and_blocks() -> None:
    message = {
        "bot_id": "B1",
        "text": "",
        "attachments": [
            {"title": "t", "text": "a", "fields": [{"title": "f", "value": "v"}]},
            {"fallback": "only this"},
        ],
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "b &lt;x&gt;"}},
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "c"}]}],
            },
        ],
    }
    assert text_of(message).split("\n") == ["t", "a", "f", "v", "only this", "b <x>", "c"]


def test_secrets_are_masked_at_the_door() -> None:
    assert "hunter2hunter2" not in text_of(
        {"text": "postgres://app:<mailto:hunter2hunter2@db.shop|hunter2hunter2@db.shop>/x"}
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*BASE, "message", "blocks", "files", "attachments", "subtype", "edited"]), inner
        )
    ),
    max_leaves=20,
)


@given(
    st.dictionaries(st.sampled_from([*BASE, "message", "blocks", "files", "attachments", "subtype", "bot_id"]), JSON)
)
def test_no_payload_makes_it_raise(event: dict[str, Any]) -> None:
    from_event(event, "UBOT", [])
