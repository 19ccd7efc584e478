"""What people write in Slack, as plain text: entities, links and mentions decoded, the files that came with it.

Formats: docs.slack.dev/messaging/formatting-message-text; message subtypes: docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.collect.redact import redact

TAKEN_SUBTYPES: Final = frozenset({"", "file_share", "thread_broadcast", "bot_message"})
MAX_TEXT: Final = 4 << 20
MAX_NESTING: Final = 8
_TOKEN: Final = re.compile(r"<([^<>\n]{1,4000})>")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message of a person, or of a bot that kdiag is to read. `ts` names it; `thread_ts` is "" outside threads."""

    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str
    files: tuple[Mapping[str, Any], ...]
    addressed: bool
    """It is for kdiag: a mention, or a direct message."""
    edited: bool = False

    @property
    def root(self) -> str:
        """The thread it belongs to, or opens."""
        return self.thread_ts or self.ts


def from_event(event: Mapping[str, Any], bot_user: str, read_bots: Collection[str]) -> Incoming | None:
    """The message in an event of type message or app_mention; None for what is not meant for kdiag at all."""
    subtype = event.get("subtype") or ""
    if subtype == "message_changed":
        changed = event.get("message")
        if not isinstance(changed, Mapping) or not changed.get("edited"):
            return None  # an unfurl or a thread's reply count: nobody wrote anything
        return _incoming({**changed, "channel": event.get("channel")}, event, bot_user, read_bots, edited=True)
    return _incoming(event, event, bot_user, read_bots, edited=False)


def _incoming(
    message: Mapping[str, Any], event: Mapping[str, Any], bot_user: str, read_bots: Collection[str], *, edited: bool
) -> Incoming | None:
    if str(message.get("subtype") or "") not in TAKEN_SUBTYPES:
        return None
    author = message.get("user") or ""
    bot = str(message.get("bot_id") or "")
    if author == bot_user or (bot and bot not in read_bots):
        return None
    channel, ts = message.get("channel"), message.get("ts")
    if not (isinstance(channel, str) and isinstance(ts, str) and isinstance(author or bot, str) and (author or bot)):
        return None
    raw = message.get("text")
    mentioned = isinstance(raw, str) and f"<@{bot_user}" in raw
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    files = message.get("files")
    return Incoming(
        channel=channel,
        ts=ts,
        thread_ts=str(message.get("thread_ts") or "") if message.get("thread_ts") != ts else "",
        user=author or bot,
        text=text_of(message, bot_user),
        files=tuple(one for one in files if isinstance(one, Mapping))[:10] if isinstance(files, list) else (),
        addressed=mentioned or direct or event.get("type") == "app_mention",
        edited=edited,
    )


def text_of(message: Mapping[str, Any], bot_user: str = "") -> str:
    """All that a message says: its text, and what alerting bots put into attachments and blocks. Secrets are masked."""
    raw = message.get("text")
    text = decode(raw, bot_user) if isinstance(raw, str) else ""
    parts = [text]
    for attachment in _mappings(message.get("attachments")):
        said = [attachment.get(name) for name in ("pretext", "title", "text")]
        said += [one.get(name) for one in _mappings(attachment.get("fields")) for name in ("title", "value")]
        shown = [decode(one, bot_user) for one in said if isinstance(one, str) and one]
        fallback = attachment.get("fallback")
        if not shown and isinstance(fallback, str):
            shown = [decode(fallback, bot_user)]
        parts += shown
    if message.get("bot_id") or not text.strip():
        parts += [one for one in _block_texts(message.get("blocks"), bot_user, MAX_NESTING) if one not in text]
    return redact("\n".join(part for part in parts if part.strip())[:MAX_TEXT])


def decode(text: str, bot_user: str = "") -> str:
    """mrkdwn as it was typed."""

    def plain(found: re.Match[str]) -> str:
        body, _, label = found[1].partition("|")
        if body.startswith("@"):
            return "" if body[1:] == bot_user else f"@{label or body[1:]}"
        if body.startswith("#"):
            return found[0]  # its id is needed: commands name channels
        if body.startswith("!"):
            return label or f"@{body[1:]}"
        return label or body.removeprefix("mailto:")

    return _TOKEN.sub(plain, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _block_texts(node: object, bot_user: str, depth: int) -> list[str]:
    """The texts in blocks, in order. Text of rich_text is literal, of mrkdwn it is encoded."""
    if depth == 0:
        return []
    if isinstance(node, list):
        return [text for one in node[:200] for text in _block_texts(one, bot_user, depth - 1)]
    if not isinstance(node, Mapping):
        return []
    text = node.get("text")
    if isinstance(text, str):
        return [decode(text, bot_user) if node.get("type") == "mrkdwn" else text]
    return [one for name in ("text", "fields", "elements") for one in _block_texts(node.get(name), bot_user, depth - 1)]
