"""The last gate before the database: whatever is stored has its secrets masked here, even if it was masked before."""

from __future__ import annotations

import secrets
from typing import Any

from bot.collect.redact import redact


def masked(value: Any) -> Any:
    """The value with every string in it masked and free of NUL, which PostgreSQL refuses."""
    if isinstance(value, str):
        return redact(value).replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {masked(key): masked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    return value


def new_id() -> str:
    """An opaque id that cannot be guessed: it is in button values that come back from Slack."""
    return secrets.token_hex(8)
