"""conversations.*, users.conversations"""

from __future__ import annotations

from typing import Any

from bot.workspace.app import BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.methods.call import Call, by_kind, method
from bot.workspace.state import SCOPE_FAMILY, Message, public

TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


@method("conversations.info", by_kind("read"))
def info(call: Call) -> dict[str, Any]:
    return {"channel": call.state.channel_json(call.channel())}


def _scopes_of_types(call: Call) -> list[str]:
    """The first right that is missing for the kinds that the call lists, else the first."""
    rights = [f"{SCOPE_FAMILY[kind]}:read" for kind in _kinds(call) if kind in SCOPE_FAMILY]
    missing = [right for right in rights if right not in call.state.app.scopes]
    return (missing or rights)[:1]


def _kinds(call: Call) -> list[Any]:
    types = str(call.args.get("types") or "public_channel").split(",")
    try:
        return [TYPES[name.strip()] for name in types]
    except KeyError:
        raise SlackError("invalid_types") from None


def _listed(call: Call, only_joined: bool) -> dict[str, Any]:
    kinds, without_archived = _kinds(call), call.flag("exclude_archived")
    shown = [
        call.state.channel_json(channel)
        for channel in call.state.channels.values()
        if channel.kind in kinds
        and not (channel.archived and without_archived)
        and (BOT_USER in channel.members or (channel.kind == "channel" and not only_joined))
    ]
    return call.page(shown, "channels")


@method("conversations.list", _scopes_of_types)
def list_(call: Call) -> dict[str, Any]:
    return _listed(call, only_joined=False)


@method("users.conversations", _scopes_of_types)
def of_user(call: Call) -> dict[str, Any]:
    return _listed(call, only_joined=True)


@method("conversations.members", by_kind("read"))
def members(call: Call) -> dict[str, Any]:
    paged = call.page([{"id": user} for user in sorted(call.channel().members)], "members")
    return {**paged, "members": [user["id"] for user in paged["members"]]}


def _between(call: Call, messages: list[Message]) -> list[Message]:
    """Those from `oldest` to `latest`, the ends only with `inclusive`."""
    oldest, latest = str(call.args.get("oldest") or "0"), str(call.args.get("latest") or "9999999999")
    try:
        low, high = float(oldest), float(latest)
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None
    if call.flag("inclusive"):
        return [m for m in messages if low <= float(m["ts"]) <= high]
    return [m for m in messages if low < float(m["ts"]) < high]


@method("conversations.history", by_kind("history"))
def history(call: Call) -> dict[str, Any]:
    channel = call.channel()
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    top = [m for m in channel.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype")]
    shown = [public(m) for m in reversed(_between(call, top))]
    paged = call.page(shown, "messages")
    return {**paged, "has_more": bool(paged["response_metadata"]["next_cursor"])}


@method("conversations.replies", by_kind("history"))
def replies(call: Call) -> dict[str, Any]:
    channel = call.channel()
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    ts = call.need("ts", "thread_not_found")
    if ts not in channel.messages:
        raise SlackError("thread_not_found")
    parent, *rest = channel.thread(channel.messages[ts].get("thread_ts", ts))
    paged = call.page([public(m) for m in [parent, *_between(call, rest)]], "messages")
    return {**paged, "has_more": bool(paged["response_metadata"]["next_cursor"])}


@method("conversations.join", ("channels:join",))
def join(call: Call) -> dict[str, Any]:
    channel = call.channel()
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    call.state.join(channel, BOT_USER)
    return {"channel": call.state.channel_json(channel)}


@method("conversations.open", ("im:write",))
def open_(call: Call) -> dict[str, Any]:
    users = call.need("users", "users_list_not_supplied").split(",")
    if len(users) != 1:
        raise SlackError("not_enough_users" if not users else "too_many_users")
    return {"channel": {"id": call.state.open_im(call.state.user(users[0]).id).id}}
