"""Text for Slack's mrkdwn: made inert, cut to length. Everything from a cluster or a person goes through here.

Escaping `&<>` disarms mentions and links; `verbatim: true` on the text object (see `blocks`) keeps Slack from making
new ones out of plain `@here` or URLs.
"""

from __future__ import annotations

import re
from typing import Final

_INVISIBLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
ELLIPSIS: Final = "…"


def escape(text: str) -> str:
    """Inert in mrkdwn: control, zero-width and direction characters removed, `&<>` escaped, formatting kept literal."""
    clean = _INVISIBLE.sub("", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def prose(text: str) -> str:
    """A sentence of ours that quotes data in back-ticks: escaped, with stray formatting characters defused."""
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(escape(p) if p.startswith("`") else re.sub(r"([*_~])", "\u2060\\1", escape(p)) for p in parts)


def plain(text: str, limit: int) -> str:
    """For plain_text objects and preformatted rich text: no control characters, of bounded length."""
    return cut(_INVISIBLE.sub("", text), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; a cut is shown, and made at a line end where one is near."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    line_end = kept.rfind("\n")
    if line_end > limit * 2 // 3:
        kept = kept[:line_end]
    # never end inside an entity such as &amp;
    kept = re.sub(r"&[a-z]{0,3}$", "", kept)
    return kept + ELLIPSIS
