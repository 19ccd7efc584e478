"""What in a message is more than text to Slack: mentions that call people, and links.

For tests that hostile text stays inert. Facts: docs.slack.dev/messaging/formatting-message-text. In mrkdwn, what is in
angle brackets is live, and, unless the object is `verbatim`, bare addresses and @here are too. In rich text only the
elements made for it are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_ANGLE: Final = re.compile(r"<([@#!][^<>]*|(?:https?|mailto):[^<>]*)>")
_LINK: Final = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+")
_BROADCAST: Final = re.compile(r"(?<!\w)@(?:here|channel|everyone)\b")
_DATE: Final = "!date^"


def live_parts(message: Mapping[str, Any]) -> list[str]:
    """Every mention and link of the message, its text for notifications included; times are not counted."""
    text = str(message.get("text") or "")
    found = _angles(text)
    if message.get("_parse", "client") != "none" and not message.get("blocks"):
        found += _LINK.findall(text)
    return found + list(_of_blocks(message.get("blocks") or []))


def _angles(text: str) -> list[str]:
    return [inside for inside in _ANGLE.findall(text) if not inside.startswith(_DATE)]


def _of_blocks(item: object) -> Iterator[str]:
    if isinstance(item, Mapping):
        kind = item.get("type")
        if kind == "mrkdwn":
            yield from _angles(item["text"])
            if not item.get("verbatim"):
                yield from _LINK.findall(item["text"])
                yield from _BROADCAST.findall(item["text"])
        elif kind == "markdown":
            yield from _LINK.findall(item["text"])
        elif kind in ("link", "user", "usergroup", "broadcast", "channel"):
            yield f"{kind}:{next(v for k, v in item.items() if k != 'type')}"
        else:
            for value in item.values():
                yield from _of_blocks(value)
    elif isinstance(item, list):
        for value in item:
            yield from _of_blocks(value)
