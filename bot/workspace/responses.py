"""response_url: five posts within thirty minutes, to where an interaction came from.

Facts: docs.slack.dev/interactivity/handling-user-interaction. An answer is ephemeral unless `in_channel`; it may
replace or delete the message whose button was pressed, ephemeral ones too.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.workspace.errors import SlackError
from bot.workspace.limits import check_message
from bot.workspace.state import Channel, Message, State

USES: Final = 5
SECONDS: Final = 30 * 60.0


@dataclass
class _Open:
    channel: Channel
    user: str
    original: Message | None
    until: float
    uses: int = USES


class Responses:
    """The response_urls that were given out."""

    def __init__(self, state: State, base_url: str) -> None:
        self._state = state
        self._base_url = base_url
        self._open: dict[str, _Open] = {}

    def new(self, channel: Channel, user: str, original: Message | None = None) -> str:
        """An address for answers to the user's interaction, perhaps with the message it began at."""
        key = secrets.token_urlsafe(12)
        self._open[key] = _Open(channel, user, original, time.monotonic() + SECONDS)
        return f"{self._base_url}/response/{key}"

    def expire_all(self) -> None:
        """As if thirty minutes had passed."""
        for given in self._open.values():
            given.until = 0

    async def handle(self, request: web.Request) -> web.Response:
        given = self._open.get(request.match_info["key"])
        if given is None or given.until < time.monotonic():
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if given.uses == 0:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        given.uses -= 1
        try:
            if request.content_type == "application/json":
                body = await request.json()
            else:
                body = json.loads(str((await request.post())["payload"]))
        except (ValueError, KeyError):
            return web.Response(status=400, text="invalid_payload")
        try:
            self.answer(given.channel, given.user, body, given.original)
        except SlackError as error:
            return web.json_response(error.as_response(), status=400)
        return web.Response(text="ok")

    def answer(self, channel: Channel, user: str, body: Mapping[str, Any], original: Message | None = None) -> None:
        """Do what an answer says. Raises SlackError when its message is not taken."""
        if original is not None and body.get("delete_original"):
            self._delete(channel, original)
            return
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        check_message(text, blocks)
        blocks = self._state.named(blocks)
        if original is not None and body.get("replace_original"):
            if original["ts"] in channel.ephemerals:
                self._state.change_ephemeral(channel, original, text=text, blocks=blocks)
            elif original["ts"] in channel.messages:
                self._state.change(channel, original, text=text, blocks=blocks)
            else:
                raise SlackError("message_not_found")
            return
        message = self._state.by_bot(text=text, blocks=blocks)
        if body.get("thread_ts"):
            message["thread_ts"] = body["thread_ts"]
        if body.get("response_type") == "in_channel":
            self._state.post(channel, message)
        else:
            self._state.post_ephemeral(channel, user, message)

    def _delete(self, channel: Channel, original: Message) -> None:
        if original["ts"] in channel.ephemerals:
            self._state.delete_ephemeral(channel, original)
        elif original["ts"] in channel.messages:
            self._state.delete(channel, original)
