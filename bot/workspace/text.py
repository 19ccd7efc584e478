"""From what a person types to what Slack passes on: control characters escaped, links and mentions in angle brackets.

Facts: docs.slack.dev/messaging/formatting-message-text. Addresses become links inside code as well, as they do when
text is pasted into Slack's composer; names are mentions outside code only. Slack sends the same once more as rich text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.workspace.state import State

_FENCED: Final = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_DOMAINS: Final = "com|org|net|io|dev|jp|co|app"
_TOKEN: Final = re.compile(
    r"(?P<url>https?://[^\s<>|`]+)"
    r"|(?P<mail>(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    rf"|(?P<domain>(?<![\w./@-])(?:[a-z0-9-]+\.)+(?:{_DOMAINS})(?![\w.-]*\w)(?:/[^\s<>|`]*)?)"
    r"|(?P<at>(?<![\w@])@[a-z0-9][\w.-]*)"
    r"|(?P<hash>(?<![\w#&])#[a-z0-9][\w-]*)",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?)'\""


@dataclass(frozen=True)
class _Piece:
    """A stretch of text, or something live: a link's address, or a mention's id with what was typed."""

    kind: Literal["text", "link", "user", "usergroup", "channel", "broadcast"]
    value: str
    label: str = ""


def escape(text: str) -> str:
    """The three characters that mean something in Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str, state: State, labels: bool = False) -> str:
    """The text as Slack passes it on; `labels` for slash commands, where a mention carries the name too."""
    parts = _CODE.split(text)
    return "".join(
        _marked(piece, labels) for i, part in enumerate(parts) for piece in _pieces(part, state, is_code=i % 2 == 1)
    )


def rich_text(text: str, state: State) -> list[dict[str, Any]]:
    """The text as blocks, the way Slack adds them to what people write."""
    elements: list[dict[str, Any]] = []
    for i, part in enumerate(_FENCED.split(text)):
        if not part:
            continue
        if i % 2:
            pieces = [_element(piece) for piece in _pieces(part, state, is_code=True)]
            elements.append({"type": "rich_text_preformatted", "elements": pieces, "border": 0})
            continue
        spans: list[dict[str, Any]] = []
        for j, span in enumerate(_CODE.split(part)):
            if j % 2:
                spans += [{**_element(p), "style": {"code": True}} for p in _pieces(span[1:-1], state, is_code=True)]
            else:
                spans += [_element(piece) for piece in _pieces(span, state, is_code=False)]
        elements.append({"type": "rich_text_section", "elements": spans})
    return state.named([{"type": "rich_text", "elements": elements}]) if elements else []


def _pieces(text: str, state: State, is_code: bool) -> Iterator[_Piece]:
    at = 0
    for match in _TOKEN.finditer(text):
        whole, kind = match[0], match.lastgroup
        if is_code and kind != "url":
            continue
        if kind in ("at", "hash"):
            piece = _mention(whole, state)
        else:
            address = whole.rstrip(_TRAILING)
            scheme = {"url": "", "mail": "mailto:", "domain": "http://"}[kind or ""]
            piece = _Piece("link", scheme + address, address if scheme else "")
        if piece is None:
            continue
        length = len(piece.label or piece.value)
        if match.start() > at:
            yield _Piece("text", text[at : match.start()])
        yield piece
        at = match.start() + length
    if at < len(text):
        yield _Piece("text", text[at:])


def _mention(whole: str, state: State) -> _Piece | None:
    """What is mentioned, if anything has the name."""
    name = whole[1:].rstrip(".-")
    label = whole[0] + name
    if whole[0] == "#":
        found = next((c.id for c in state.channels.values() if c.name == name), None)
        return _Piece("channel", found, label) if found else None
    if name in ("here", "channel", "everyone"):
        return _Piece("broadcast", name, label)
    for user in state.users.values():
        if user.name == name:
            return _Piece("user", user.id, label)
    for group in state.groups.values():
        if group.handle == name:
            return _Piece("usergroup", group.id, label)
    return None


def _marked(piece: _Piece, labels: bool) -> str:
    value, label = escape(piece.value), escape(piece.label)
    name = f"|{label[1:]}" if labels else ""
    match piece.kind:
        case "text":
            return value
        case "link":
            return f"<{value}|{label}>" if label else f"<{value}>"
        case "user":
            return f"<@{value}{name}>"
        case "usergroup":
            return f"<!subteam^{value}{f'|{label}' if labels else ''}>"
        case "channel":
            return f"<#{value}{name or '|'}>"
        case "broadcast":
            return f"<!{value}>"


def _element(piece: _Piece) -> dict[str, Any]:
    match piece.kind:
        case "text":
            return {"type": "text", "text": piece.value}
        case "link":
            return {"type": "link", "url": piece.value} | ({"text": piece.label} if piece.label else {})
        case "broadcast":
            return {"type": "broadcast", "range": piece.value}
        case _:
            return {"type": piece.kind, f"{piece.kind}_id": piece.value}
