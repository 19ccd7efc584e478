"""What people type, as Slack passes it on; and what in a message is live."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.app import DEFAULT_MANIFEST, App
from bot.workspace.live import live_parts
from bot.workspace.state import State
from bot.workspace.text import rich_text, typed


@pytest.fixture
def state() -> State:
    made = State(App.from_manifest(DEFAULT_MANIFEST))
    made.add_user("anna")
    made.add_group("sre", ["anna"])
    made.add_channel("ops", ["anna"])
    return made


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("&lt;", "&amp;lt;"),
        ("see https://a.example/x?a=1&b=2.", "see <https://a.example/x?a=1&amp;b=2>."),
        ("(http://10.0.0.1:6443)", "(<http://10.0.0.1:6443>)"),
        ("<https://a.example>", "&lt;<https://a.example>&gt;"),
        ("pull k8s.gcr.io/pause:3.1", "pull <http://k8s.gcr.io/pause:3.1|k8s.gcr.io/pause:3.1>"),
        ("web-0.web.shop.svc.cluster.local", "web-0.web.shop.svc.cluster.local"),
        ("pods/web.yaml kubelet.service", "pods/web.yaml kubelet.service"),
        ("write to a@b.example.com", "write to <mailto:a@b.example.com|a@b.example.com>"),
        ("`Get https://10.0.0.1 a.example.com @anna`", "`Get <https://10.0.0.1> a.example.com @anna`"),
        ("@nobody #nowhere", "@nobody #nowhere"),
        ("@here", "<!here>"),
    ],
)
def test_typed(state: State, text: str, passed_on: str) -> None:
    assert typed(text, state) == passed_on


def test_mentions(state: State) -> None:
    anna, sre, ops = (next(reversed(kind.values())).id for kind in (state.users, state.groups, state.channels))
    assert typed("@anna, @sre in #ops", state) == f"<@{anna}>, <!subteam^{sre}> in <#{ops}|>"
    assert typed("@anna in #ops", state, labels=True) == f"<@{anna}|anna> in <#{ops}|ops>"


def test_rich_text(state: State) -> None:
    anna = next(reversed(state.users.values())).id
    (block,) = rich_text("@anna see `x` at https://a.example:\n```\nE0610 <failed>\n```", state)
    first, second = block["elements"]
    assert first["elements"] == [
        {"type": "user", "user_id": anna},
        {"type": "text", "text": " see "},
        {"type": "text", "text": "x", "style": {"code": True}},
        {"type": "text", "text": " at "},
        {"type": "link", "url": "https://a.example"},
        {"type": "text", "text": ":\n"},
    ]
    assert second["type"] == "rich_text_preformatted"
    assert second["elements"] == [{"type": "text", "text": "E0610 <failed>"}]
    assert rich_text("", state) == []


def section(text: str, verbatim: bool) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": verbatim}}]}


@pytest.mark.parametrize(
    ("message", "live"),
    [
        (section("&lt;!channel&gt; `x` <!date^1^{time}|12:00>", True), []),
        (section("<!channel> and <@U1>", True), ["!channel", "@U1"]),
        (section("<https://bad.example|https://good.example>", True), ["https://bad.example|https://good.example"]),
        (section("@here http://a.example", True), []),
        (section("@here http://a.example", False), ["http://a.example", "@here"]),
        ({"text": "http://a.example"}, ["http://a.example"]),
        ({"text": "http://a.example", "_parse": "none"}, []),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}}]}, []),
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "text", "text": "<!here> http://a"}]}]}, []),
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "link", "url": "http://a"}]}]}, ["link:http://a"]),
    ],
)
def test_live_parts(message: dict[str, Any], live: list[str]) -> None:
    assert live_parts(message) == live
