"""One call of the Web API, and how a method is declared."""

from __future__ import annotations

import base64
import binascii
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.workspace.app import BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.files import FileServer
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import SCOPE_FAMILY, Channel, State

TRIGGER_SECONDS: Final = 3.0
PAGE: Final = 100


class Triggers:
    """trigger_ids: three seconds, one use."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._given: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def new(self, user: str) -> str:
        trigger = f"{next(self._numbers)}.{int(time.time())}.{BOT_USER.lower()}"
        self._given[trigger] = (user, time.monotonic())
        return trigger

    def use(self, trigger: str) -> str:
        """The user who acted. Raises SlackError."""
        if trigger in self._used:
            raise SlackError("exchanged_trigger_id")
        if trigger not in self._given:
            raise SlackError("invalid_trigger_id")
        user, given_at = self._given.pop(trigger)
        self._used.add(trigger)
        if time.monotonic() - given_at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        return user


@dataclass
class Call:
    """What a method gets."""

    state: State
    files: FileServer
    sockets: SocketMode
    triggers: Triggers
    base_url: str
    args: dict[str, Any]

    def need(self, key: str, error: str = "invalid_arguments") -> str:
        """An argument that must be there. Raises SlackError."""
        value = self.args.get(key)
        if value in (None, ""):
            raise SlackError(error, response_metadata={"messages": [f"[ERROR] missing required field: {key}"]})
        return str(value)

    def flag(self, key: str) -> bool:
        return str(self.args.get(key, "")).lower() in ("1", "true")

    def channel(self) -> Channel:
        """The channel of the call, as far as the bot may see it. Raises SlackError channel_not_found."""
        channel = self.state.channel(self.need("channel", "channel_not_found"))
        if channel.kind != "channel" and BOT_USER not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def page(self, items: Sequence[dict[str, Any]], key: str) -> dict[str, Any]:
        """One page of the items, and the cursor to the next."""
        try:
            start = int(base64.b64decode(str(self.args.get("cursor") or "") or b"MA==").decode())
            limit = int(self.args.get("limit") or PAGE)
        except (ValueError, binascii.Error):
            raise SlackError("invalid_cursor") from None
        if not 0 < limit <= 1000:
            raise SlackError("invalid_limit")
        end = start + limit
        cursor = base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
        return {key: list(items[start:end]), "response_metadata": {"next_cursor": cursor}}


Scopes = Sequence[str] | Callable[[Call], Sequence[str]]


@dataclass(frozen=True)
class Method:
    run: Callable[[Call], dict[str, Any]]
    scopes: Scopes
    """One of them is needed; or a function that says which, when it depends on the channel."""
    app_level: bool = False


METHODS: Final[dict[str, Method]] = {}


def method(
    name: str, scopes: Scopes = (), app_level: bool = False
) -> Callable[[Callable[[Call], dict[str, Any]]], Callable[[Call], dict[str, Any]]]:
    """Declare a method of the Web API."""

    def declare(run: Callable[[Call], dict[str, Any]]) -> Callable[[Call], dict[str, Any]]:
        METHODS[name] = Method(run, scopes, app_level)
        return run

    return declare


def by_kind(right: str) -> Callable[[Call], Sequence[str]]:
    """`channels:read`, `groups:read` or `im:read`: the right on the kind of channel that the call names."""

    def needed(call: Call) -> Sequence[str]:
        return (f"{SCOPE_FAMILY[call.channel().kind]}:{right}",)

    return needed
