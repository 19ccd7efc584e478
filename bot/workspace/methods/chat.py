"""chat.*, reactions.*"""

from __future__ import annotations

from typing import Any

from bot.workspace.app import BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.limits import POSTED_TEXT, UPDATED_TEXT, check_message
from bot.workspace.methods.call import Call, method
from bot.workspace.state import Channel, Message, public


def _open_channel(call: Call) -> Channel:
    """A channel that the bot may write to. Raises SlackError."""
    channel = call.channel()
    if channel.archived:
        raise SlackError("is_archived")
    if BOT_USER not in channel.members and "chat:write.public" not in call.state.app.scopes:
        raise SlackError("not_in_channel")
    return channel


def _content(call: Call) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks within the limits. Raises SlackError."""
    text, blocks = str(call.args.get("text") or ""), call.args.get("blocks") or []
    if call.args.get("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": call.args["markdown_text"]}]
    check_message(text, blocks)
    return text, call.state.named(blocks)


def check_thread(channel: Channel, thread_ts: str) -> None:
    """Raise SlackError unless `thread_ts` is a message of the channel that is no reply itself."""
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.get("thread_ts", thread_ts) != thread_ts:
        raise SlackError("cannot_reply_to_message")


@method("chat.postMessage", ("chat:write",))
def post_message(call: Call) -> dict[str, Any]:
    channel = _open_channel(call)
    text, blocks = _content(call)
    fields: dict[str, Any] = {"text": text[:POSTED_TEXT], "blocks": blocks, "_parse": call.args.get("parse", "client")}
    if call.args.get("thread_ts"):
        fields["thread_ts"] = str(call.args["thread_ts"])
        check_thread(channel, fields["thread_ts"])
        if call.flag("reply_broadcast"):
            fields["subtype"] = "thread_broadcast"
    if call.args.get("metadata"):
        fields["metadata"] = call.args["metadata"]
    message = call.state.post(channel, call.state.by_bot(**fields))
    return {"channel": channel.id, "ts": message["ts"], "message": public(message)}


@method("chat.postEphemeral", ("chat:write",))
def post_ephemeral(call: Call) -> dict[str, Any]:
    channel = _open_channel(call)
    user = call.state.user(call.need("user", "user_not_found"))
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(call)
    fields: dict[str, Any] = {"text": text, "blocks": blocks}
    if call.args.get("thread_ts"):
        fields["thread_ts"] = str(call.args["thread_ts"])
    message = call.state.post_ephemeral(channel, user.id, call.state.by_bot(**fields))
    return {"message_ts": message["ts"]}


def _own_message(call: Call, channel: Channel, refusal: str) -> Message:
    message = channel.messages.get(call.need("ts", "message_not_found"))
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if message["user"] != BOT_USER:
        raise SlackError(refusal)
    return message


@method("chat.update", ("chat:write",))
def update(call: Call) -> dict[str, Any]:
    channel = call.channel()
    message = _own_message(call, channel, "cant_update_message")
    if channel.archived:
        raise SlackError("is_archived")
    if len(str(call.args.get("text") or "").encode()) > UPDATED_TEXT:
        raise SlackError("msg_too_long")
    text, blocks = _content(call)
    fields: dict[str, Any] = {"text": text, "blocks": blocks, "_parse": call.args.get("parse", "client")}
    if not blocks:
        fields["edited"] = {"user": BOT_USER, "ts": call.state.new_ts()}
    call.state.change(channel, message, **fields)
    return {"channel": channel.id, "ts": message["ts"], "text": text, "message": public(message)}


@method("chat.delete", ("chat:write",))
def delete(call: Call) -> dict[str, Any]:
    channel = call.channel()
    message = _own_message(call, channel, "cant_delete_message")
    call.state.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.getPermalink")
def get_permalink(call: Call) -> dict[str, Any]:
    channel = call.channel()
    ts = call.need("message_ts", "message_not_found")
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"{call.base_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    thread = message.get("thread_ts", ts)
    if thread != ts:
        link += f"?thread_ts={thread}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


@method("reactions.add", ("reactions:write",))
def add_reaction(call: Call) -> dict[str, Any]:
    channel, name = call.channel(), call.need("name", "no_reaction_name")
    message = channel.messages.get(call.need("timestamp", "no_item_specified"))
    if message is None:
        raise SlackError("message_not_found")
    try:
        call.state.react(channel, message, BOT_USER, name)
    except ValueError:
        raise SlackError("already_reacted") from None
    return {}


@method("reactions.remove", ("reactions:write",))
def remove_reaction(call: Call) -> dict[str, Any]:
    channel, name = call.channel(), call.need("name", "no_reaction_name")
    message = channel.messages.get(call.need("timestamp", "no_item_specified"))
    if message is None:
        raise SlackError("message_not_found")
    reaction = next((r for r in message.get("reactions", ()) if r["name"] == name and BOT_USER in r["users"]), None)
    if reaction is None:
        raise SlackError("no_reaction")
    call.state.unreact(channel, message, BOT_USER, reaction)
    return {}
