"""The workspace's people, channels, messages, files and views, and who is told when they change.

Messages and views are kept as the JSON that Slack speaks, since every reader of them (Web API, events, page) wants
just that. All of it is in memory and dies with the process.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.workspace.app import APP_ID, BOT_ID, BOT_USER, App
from bot.workspace.errors import SlackError

Message = dict[str, Any]
View = dict[str, Any]
Kind = Literal["channel", "group", "im"]

TEAM_ID: Final = "T0WORKSPACE"
TEAM_DOMAIN: Final = "workspace"
SCOPE_FAMILY: Final[dict[Kind, str]] = {"channel": "channels", "group": "groups", "im": "im"}


@dataclass
class User:
    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    tz: str = "Etc/UTC"
    is_bot: bool = False


@dataclass
class UserGroup:
    id: str
    handle: str
    users: list[str]


@dataclass
class Channel:
    id: str
    name: str
    kind: Kind = "channel"
    topic: str = ""
    members: set[str] = field(default_factory=set)
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    """By ts, oldest first; replies are among them."""
    replies: dict[str, list[str]] = field(default_factory=dict)
    """Their ts, by that of their thread, oldest first."""
    ephemerals: dict[str, Message] = field(default_factory=dict)
    """By ts. `_to` says who sees it."""

    def thread(self, ts: str) -> list[Message]:
        """The message, unless it was deleted, and its replies, oldest first."""
        return [self.messages[t] for t in (ts, *self.replies.get(ts, ())) if t in self.messages]


@dataclass
class File:
    id: str
    name: str
    title: str
    content: bytes
    user: str
    mode: str = "hosted"
    """`hosted`, or `snippet` for text that was pasted into one."""
    channels: list[str] = field(default_factory=list)
    created: int = field(default_factory=lambda: int(time.time()))


ChangeKind = Literal[
    "posted",
    "changed",
    "deleted",
    "ephemeral",
    "ephemeral_gone",
    "reaction",
    "unreaction",
    "joined",
    "channel",
    "home",
    "view",
    "view_gone",
]


@dataclass(frozen=True)
class Change:
    """Something happened. `item` is the message, view or reaction; `previous` what a changed message was before."""

    kind: ChangeKind
    item: dict[str, Any]
    channel: Channel | None = None
    previous: dict[str, Any] | None = None
    user: str = ""


class State:
    """Everything the workspace knows."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.bot = User(BOT_USER, app.bot_name, app.name, is_bot=True)
        self.users: dict[str, User] = {BOT_USER: self.bot}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        """Modals that are open, by id. `_user` says for whom."""
        self.homes: dict[str, View] = {}
        """Home tabs, by user."""
        self.listeners: list[Callable[[Change], None]] = []
        self._numbers = itertools.count(1)
        self._last_ts = 0

    # Making things

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """A message's time and name: microseconds, never the same twice."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(self, name: str, real_name: str = "", locale: str = "en-US", tz: str = "Etc/UTC") -> User:
        user = User(self.new_id("U"), name, real_name or name.title(), locale, tz)
        self.users[user.id] = user
        self.open_im(user.id)
        return user

    def add_group(self, handle: str, users: Iterable[str]) -> UserGroup:
        group = UserGroup(self.new_id("S"), handle, [self.user(u).id for u in users])
        self.groups[group.id] = group
        return group

    def add_channel(self, name: str, members: Iterable[str], private: bool = False, topic: str = "") -> Channel:
        kind: Kind = "group" if private else "channel"
        channel = Channel(self.new_id("C"), name, kind, topic, {self.user(m).id for m in members})
        self.channels[channel.id] = channel
        self.channel_changed(channel)
        return channel

    def channel_changed(self, channel: Channel) -> None:
        self.tell(Change("channel", {}, channel))

    def open_im(self, user_id: str) -> Channel:
        """The direct messages between the user and the bot."""
        for channel in self.channels.values():
            if channel.kind == "im" and user_id in channel.members:
                return channel
        channel = Channel(self.new_id("D"), "", "im", members={user_id, BOT_USER})
        self.channels[channel.id] = channel
        return channel

    # Finding things

    def user(self, ref: str) -> User:
        """By id, or by name with or without @. Raises SlackError user_not_found."""
        name = ref.removeprefix("@")
        found = self.users.get(ref) or next((u for u in self.users.values() if u.name == name), None)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def channel(self, ref: str) -> Channel:
        """By id, by name with or without #, or the direct messages with a user. Raises SlackError channel_not_found."""
        if ref in self.channels:
            return self.channels[ref]
        if ref.startswith("@") or (ref in self.users and ref != BOT_USER):
            try:
                return self.open_im(self.user(ref).id)
            except SlackError:
                raise SlackError("channel_not_found") from None
        name = ref.removeprefix("#")
        for channel in self.channels.values():
            if name and channel.name == name:
                return channel
        raise SlackError("channel_not_found")

    # Changing things

    def tell(self, change: Change) -> None:
        for listener in list(self.listeners):
            listener(change)

    def post(self, channel: Channel, message: Message) -> Message:
        """Give the message its ts and post it; a reply is counted at its parent."""
        message = {"type": "message", "team": TEAM_ID, **message, "ts": self.new_ts()}
        channel.messages[message["ts"]] = message
        if message.get("thread_ts"):
            channel.replies.setdefault(message["thread_ts"], []).append(message["ts"])
            self._count_replies(channel, message["thread_ts"])
        self.tell(Change("posted", message, channel))
        return message

    def _count_replies(self, channel: Channel, thread_ts: str) -> None:
        parent, replies = channel.messages.get(thread_ts), channel.replies[thread_ts]
        if parent is not None:
            parent |= {
                "thread_ts": thread_ts,
                "reply_count": len(replies),
                "latest_reply": (replies or [thread_ts])[-1],
            }

    def change(self, channel: Channel, message: Message, **fields: Any) -> None:
        previous = copy.deepcopy(message)
        message.update(fields)
        self.tell(Change("changed", message, channel, previous))

    def delete(self, channel: Channel, message: Message) -> None:
        """Delete the message. One with replies leaves a tombstone, which keeps its thread."""
        previous = copy.deepcopy(message)
        if message.get("reply_count"):
            for key in ("blocks", "files", "reactions"):
                message.pop(key, None)
            message.update(subtype="tombstone", text="This message was deleted.", user="USLACKBOT", hidden=True)
        else:
            del channel.messages[message["ts"]]
            thread_ts = message.get("thread_ts")
            if thread_ts and thread_ts != message["ts"]:
                channel.replies[thread_ts].remove(message["ts"])
                self._count_replies(channel, thread_ts)
        self.tell(Change("deleted", message, channel, previous))

    def post_ephemeral(self, channel: Channel, user_id: str, message: Message) -> Message:
        message = {"type": "message", "team": TEAM_ID, **message, "ts": self.new_ts(), "is_ephemeral": True}
        message["_to"] = user_id
        channel.ephemerals[message["ts"]] = message
        self.tell(Change("ephemeral", message, channel, user=user_id))
        return message

    def change_ephemeral(self, channel: Channel, message: Message, **fields: Any) -> None:
        message.update(fields)
        self.tell(Change("ephemeral", message, channel, user=message["_to"]))

    def delete_ephemeral(self, channel: Channel, message: Message) -> None:
        del channel.ephemerals[message["ts"]]
        self.tell(Change("ephemeral_gone", message, channel, user=message["_to"]))

    def react(self, channel: Channel, message: Message, user_id: str, name: str) -> None:
        """Raises ValueError when the user has reacted so already."""
        reactions = message.setdefault("reactions", [])
        reaction = next((r for r in reactions if r["name"] == name), None)
        if reaction is None:
            reaction = {"name": name, "users": [], "count": 0}
            reactions.append(reaction)
        if user_id in reaction["users"]:
            raise ValueError(name)
        reaction["users"].append(user_id)
        reaction["count"] += 1
        item = {"ts": message["ts"], "name": name, "user": message["user"]}
        self.tell(Change("reaction", item, channel, user=user_id))

    def unreact(self, channel: Channel, message: Message, user_id: str, reaction: dict[str, Any]) -> None:
        reaction["users"].remove(user_id)
        reaction["count"] -= 1
        if not reaction["users"]:
            message["reactions"].remove(reaction)
        item = {"ts": message["ts"], "name": reaction["name"], "user": message["user"]}
        self.tell(Change("unreaction", item, channel, user=user_id))

    def join(self, channel: Channel, user_id: str) -> None:
        if user_id not in channel.members:
            channel.members.add(user_id)
            self.tell(Change("joined", {}, channel, user=user_id))

    def named(self, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The blocks with the ids that Slack gives where the app gave none."""
        blocks = copy.deepcopy(blocks)
        for block in blocks:
            block.setdefault("block_id", self.new_id("b"))
            elements = [*block.get("elements", ()), block.get("accessory") or {}, block.get("element") or {}]
            for element in elements:
                if element.get("type") not in (None, "image", "mrkdwn", "plain_text") and block["type"] != "rich_text":
                    element.setdefault("action_id", self.new_id("a"))
        return blocks

    # As Slack's JSON

    def by_bot(self, **fields: Any) -> Message:
        """A message of the bot."""
        profile = {"id": BOT_ID, "app_id": APP_ID, "name": self.app.bot_name, "team_id": TEAM_ID, "deleted": False}
        return {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile, **fields}

    def user_json(self, user: User, with_locale: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": user.id,
            "team_id": TEAM_ID,
            "name": user.name,
            "real_name": user.real_name,
            "deleted": False,
            "is_bot": user.is_bot,
            "is_app_user": False,
            "is_admin": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "tz": user.tz,
            "profile": {"real_name": user.real_name, "display_name": user.name, "team": TEAM_ID},
        }
        if user.is_bot:
            shown["profile"] |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
        return shown | ({"locale": user.locale} if with_locale else {})

    def channel_json(self, channel: Channel) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": channel.id,
            "created": 1_700_000_000,
            "is_archived": channel.archived,
            "is_im": channel.kind == "im",
            "is_mpim": False,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_private": channel.kind != "channel",
            "is_member": BOT_USER in channel.members,
            "is_ext_shared": False,
            "context_team_id": TEAM_ID,
        }
        if channel.kind == "im":
            return shown | {"user": next(iter(channel.members - {BOT_USER}))}
        return shown | {
            "name": channel.name,
            "name_normalized": channel.name,
            "num_members": len(channel.members),
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def public(item: dict[str, Any]) -> dict[str, Any]:
    """A copy without what only the workspace knows (keys that begin with `_`)."""
    return {key: copy.deepcopy(value) for key, value in item.items() if not key.startswith("_")}
