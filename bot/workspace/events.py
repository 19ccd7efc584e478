"""What happens in the workspace, as Events API payloads to the app.

An event goes out only when the app subscribed to it, has its scope, and its bot is a member of the channel.
"""

from __future__ import annotations

import time
from typing import Any, Final

from bot.workspace.app import APP_ID, BOT_USER
from bot.workspace.delivery import Dispatcher
from bot.workspace.state import TEAM_ID, Change, Channel, Message, State, View, public

MESSAGE_EVENTS: Final = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Events:
    """Listens to the state and starts deliveries."""

    def __init__(self, state: State, dispatcher: Dispatcher) -> None:
        self._state = state
        self._dispatcher = dispatcher
        state.listeners.append(self.heard)

    def heard(self, change: Change) -> None:
        channel = change.channel
        if channel is None or BOT_USER not in channel.members:
            return
        match change.kind:
            case "posted":
                self._posted(channel, change.item)
            case "changed":
                self._message(channel, subtype="message_changed", hidden=True, message=public(change.item))
            case "deleted":
                gone = public(change.previous or {})
                self._message(
                    channel, subtype="message_deleted", hidden=True, deleted_ts=gone["ts"], previous_message=gone
                )
            case "reaction":
                item = {"type": "message", "channel": channel.id, "ts": change.item["ts"]}
                self._send(
                    "reaction_added",
                    {
                        "user": change.user,
                        "reaction": change.item["name"],
                        "item_user": change.item["user"],
                        "item": item,
                    },
                )
            case "joined":
                self._send(
                    "member_joined_channel",
                    {"user": change.user, "channel": channel.id, "channel_type": channel.id[0], "team": TEAM_ID},
                )

    def _posted(self, channel: Channel, message: Message) -> None:
        shown = public(message)
        self._message(channel, **shown)
        if f"<@{BOT_USER}" in message.get("text", "") and message["user"] != BOT_USER and channel.kind != "im":
            wanted = ("user", "text", "ts", "thread_ts", "team", "blocks", "files", "client_msg_id")
            mention = {key: shown[key] for key in wanted if key in shown}
            self._send("app_mention", {**mention, "channel": channel.id, "event_ts": message["ts"]})
        for file in message.get("files", ()):
            shared = {
                "file_id": file["id"],
                "file": {"id": file["id"]},
                "user_id": message["user"],
                "channel_id": channel.id,
            }
            self._send("file_shared", shared)

    def _message(self, channel: Channel, **fields: Any) -> None:
        ts = fields.get("ts") or self._state.new_ts()
        event = {**fields, "type": "message", "ts": ts, "event_ts": ts}
        event |= {"channel": channel.id, "channel_type": channel.kind}
        self._send(MESSAGE_EVENTS[channel.kind], event)

    def home_opened(self, user_id: str, view: View | None) -> None:
        event: dict[str, Any] = {"user": user_id, "channel": self._state.open_im(user_id).id, "tab": "home"}
        if view is not None:
            event["view"] = view
        self._send("app_home_opened", event)

    def _send(self, subscription: str, event: dict[str, Any]) -> None:
        if not self._state.app.subscribes(subscription):
            return
        event = {"type": subscription, "event_ts": self._state.new_ts(), **event}
        payload = {
            "token": self._state.app.verification_token,
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._state.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": self._state.new_id("4-"),
        }
        self._dispatcher.start("events_api", payload)
