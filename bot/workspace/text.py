"""From what a person types to what Slack passes on: control characters escaped, links and mentions in angle brackets.

Facts: docs.slack.dev/messaging/formatting-message-text. Addresses become links inside code as well, as they do when
text is pasted into Slack's composer; names are mentions outside code only.
"""

from __future__ import annotations

import re
from typing import Final

from bot.workspace.state import State

_CODE: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_DOMAINS: Final = "com|org|net|io|dev|jp|co|app"
_TOKEN: Final = re.compile(
    r"(?P<url>https?://(?:(?!&[lg]t;)[^\s|`])+)"
    r"|(?P<mail>(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    rf"|(?P<domain>(?<![\w./@-])(?:[a-z0-9-]+\.)+(?:{_DOMAINS})(?![\w.-]*\w)(?:/(?:(?!&[lg]t;)[^\s|`])*)?)"
    r"|(?P<at>(?<![\w@])@[a-z0-9][\w.-]*)"
    r"|(?P<hash>(?<![\w#&])#[a-z0-9][\w-]*)",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?)'\""


def escape(text: str) -> str:
    """The three characters that mean something in Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str, state: State, labels: bool = False) -> str:
    """The text as Slack passes it on; `labels` for slash commands, where a mention carries the name too."""
    parts = _CODE.split(escape(text))
    return "".join(_link(part, state, labels, is_code=i % 2 == 1) for i, part in enumerate(parts))


def _link(text: str, state: State, labels: bool, is_code: bool) -> str:
    def replace(match: re.Match[str]) -> str:
        whole = match[0]
        kind = match.lastgroup
        if kind == "url":
            url = whole.rstrip(_TRAILING)
            return f"<{url}>{whole[len(url) :]}"
        if is_code:
            return whole
        if kind == "mail":
            return f"<mailto:{whole}|{whole}>"
        if kind == "domain":
            name = whole.rstrip(_TRAILING)
            return f"<http://{name}|{name}>{whole[len(name) :]}"
        return _mention(whole, state, labels)

    return _TOKEN.sub(replace, text)


def _mention(whole: str, state: State, labels: bool) -> str:
    name = whole[1:].rstrip(".-")
    rest = whole[1 + len(name) :]
    if whole[0] == "#":
        for channel in state.channels.values():
            if channel.name == name:
                return f"<#{channel.id}|{channel.name if labels else ''}>{rest}"
        return whole
    if name in ("here", "channel", "everyone"):
        return f"<!{name}>{rest}"
    for user in state.users.values():
        if user.name == name:
            return f"<@{user.id}{f'|{user.name}' if labels else ''}>{rest}"
    for group in state.groups.values():
        if group.handle == name:
            return f"<!subteam^{group.id}{f'|@{group.handle}' if labels else ''}>{rest}"
    return whole
