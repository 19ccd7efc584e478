"""What people do in the workspace: write, edit, run commands, press buttons, open Home. The page and the tests do it
through these.

Payloads: docs.slack.dev/reference/interaction-payloads and docs.slack.dev/interactivity/implementing-slash-commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.workspace.app import APP_ID, BOT_USER
from bot.workspace.delivery import Delivery, Dispatcher
from bot.workspace.events import Events
from bot.workspace.files import file_json, mimetype
from bot.workspace.limits import check_view
from bot.workspace.methods.call import Triggers
from bot.workspace.methods.views import new_view
from bot.workspace.responses import Responses
from bot.workspace.state import TEAM_DOMAIN, TEAM_ID, Change, Channel, File, Message, State, View, public
from bot.workspace.text import rich_text, typed

SNIPPET_FROM: Final = 12_000
"""Characters from which pasted text is posted as a snippet instead."""
OTHER_BOT: Final = "B0ALERTS"
OTHER_USER: Final = "U0ALERTS"


class Actions:
    """Each method takes channels by id or name and people by id or name."""

    def __init__(
        self,
        state: State,
        dispatcher: Dispatcher,
        events: Events,
        responses: Responses,
        triggers: Triggers,
        base_url: str,
    ) -> None:
        self.state = state
        self.dispatcher = dispatcher
        self._events = events
        self.responses = responses
        self._triggers = triggers
        self._base_url = base_url

    # Messages

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        files: Mapping[str, str | bytes] | None = None,
    ) -> Message:
        """Post what the user typed, with files by name. Text too long for a message becomes a snippet."""
        where, who = self.state.channel(channel), self.state.user(user).id
        if where.archived or who not in where.members:
            raise PermissionError(f"{user} cannot write to {channel}")
        shared = [self._share(where, who, name, content, "hosted") for name, content in (files or {}).items()]
        if len(text) > SNIPPET_FROM:
            shared.append(self._share(where, who, "Untitled.txt", text, "snippet"))
            text = ""
        message: Message = {
            "user": who,
            "text": typed(text, self.state),
            "blocks": rich_text(text, self.state),
            "client_msg_id": self.state.new_id("m"),
            "_typed": text,
        }
        if thread_ts is not None:
            message["thread_ts"] = thread_ts
        if shared:
            message |= {"subtype": "file_share", "upload": True}
            message["files"] = [file_json(file, self._base_url) for file in shared]
        return self.state.post(where, message)

    def _share(self, channel: Channel, user: str, name: str, content: str | bytes, mode: str) -> File:
        data = content.encode() if isinstance(content, str) else content
        mode = "snippet" if mode == "hosted" and mimetype(name).startswith("text/") else mode
        file = File(self.state.new_id("F"), name, name, data, user, mode, [channel.id])
        self.state.files[file.id] = file
        return file

    def edit(self, channel: str, user: str, ts: str, text: str) -> Message:
        """Change a message of the user's own."""
        where, message = self._own(channel, user, ts)
        edited = {"user": message["user"], "ts": self.state.new_ts()}
        blocks = rich_text(text, self.state)
        self.state.change(where, message, text=typed(text, self.state), blocks=blocks, edited=edited, _typed=text)
        return message

    def delete(self, channel: str, user: str, ts: str) -> None:
        """Delete a message of the user's own."""
        self.state.delete(*self._own(channel, user, ts))

    def _own(self, channel: str, user: str, ts: str) -> tuple[Channel, Message]:
        where = self.state.channel(channel)
        message = where.messages[ts]
        if message["user"] != self.state.user(user).id:
            raise PermissionError(f"{ts} is not a message of {user}")
        return where, message

    def alert(
        self,
        channel: str,
        text: str = "",
        blocks: Sequence[Mapping[str, Any]] = (),
        attachments: Sequence[Mapping[str, Any]] = (),
    ) -> Message:
        """Post what another app's bot says: an alert, for example."""
        message = {
            "user": OTHER_USER,
            "bot_id": OTHER_BOT,
            "app_id": "A0ALERTS",
            "subtype": "bot_message",
            "text": text,
        }
        shown = {"blocks": list(blocks), "attachments": list(attachments), "username": "alerts"}
        return self.state.post(self.state.channel(channel), message | shown)

    def react(self, channel: str, user: str, ts: str, name: str) -> None:
        where = self.state.channel(channel)
        self.state.react(where, where.messages[ts], self.state.user(user).id, name)

    def invite(self, channel: str, user: str = BOT_USER) -> None:
        """Add someone, the bot unless said otherwise, to the channel."""
        self.state.join(self.state.channel(channel), self.state.user(user).id)

    # Commands and interactions

    def _who(self, user: str) -> dict[str, str]:
        found = self.state.user(user)
        return {"id": found.id, "username": found.name, "name": found.name, "team_id": TEAM_ID}

    def _common(self, kind: str, user: str) -> dict[str, Any]:
        who = self._who(user)
        return {
            "type": kind,
            "token": self.state.app.verification_token,
            "api_app_id": APP_ID,
            "user": who,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._triggers.new(who["id"]),
        }

    def _place(self, channel: Channel) -> dict[str, str]:
        return {"id": channel.id, "name": channel.name or "directmessage"}

    async def command(self, channel: str, user: str, line: str) -> Delivery:
        """Run a slash command, such as `/kdiag pod web-0`. Raises LookupError when no app has it."""
        where, who = self.state.channel(channel), self.state.user(user)
        name, _, text = line.strip().partition(" ")
        known = self.state.app.command(name)
        if known is None:
            raise LookupError(f"{name} is not a valid command")
        text = text.strip()
        payload = {
            "token": self.state.app.verification_token,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": where.id,
            "channel_name": where.name or "directmessage",
            "user_id": who.id,
            "user_name": who.name,
            "command": name,
            "text": typed(text, self.state, labels=True) if known.should_escape else text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self.responses.new(where, who.id),
            "trigger_id": self._triggers.new(who.id),
        }
        delivery = await self.dispatcher.deliver("slash_commands", payload)
        if not delivery.acknowledged:
            timed_out = "timeout" in delivery.reasons[-1]
            self._slackbot(where, who.id, name, "operation_timeout" if timed_out else "dispatch_failed")
            return delivery
        if delivery.response.get("response_type") == "in_channel":
            self.state.post(where, {"user": who.id, "text": line, "_typed": line})
        if delivery.response.get("text") or delivery.response.get("blocks"):
            self.responses.answer(where, who.id, delivery.response)
        return delivery

    def _slackbot(self, channel: Channel, user: str, what: str, error: str) -> None:
        """Slack's own word to the user that the app did not answer."""
        text = f'{what} failed with the error "{error}"'
        self.state.post_ephemeral(channel, user, {"user": "USLACKBOT", "text": text, "blocks": []})

    async def click(
        self,
        channel: str,
        user: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
        block_id: str | None = None,
    ) -> Delivery:
        """Press the button, or choose the option with `value`, in a message.

        Raises LookupError when the message shows no such thing: nobody can press what is not there."""
        where = self.state.channel(channel)
        message = where.ephemerals.get(ts) or where.messages[ts]
        ephemeral = ts in where.ephemerals
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": where.id,
            "is_ephemeral": ephemeral,
        }
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        payload = {
            **self._common("block_actions", user),
            "container": container,
            "channel": self._place(where),
            **({} if ephemeral else {"message": public(message)}),  # Slack keeps ephemeral messages from the app
            "state": {"values": {}},
            "response_url": self.responses.new(where, self.state.user(user).id, message),
            "actions": [self._action(message, action_id, value, block_id)],
        }
        return await self._interact(payload, where, user)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        value: str | None = None,
        block_id: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Delivery:
        """The same in a modal or the Home tab; `values` are the inputs as they stand."""
        view = self._view(view_id)
        payload = {
            **self._common("block_actions", user),
            "container": {"type": "view", "view_id": view_id},
            "view": {**public(view), "state": {"values": dict(values or {})}},
            "actions": [self._action(view, action_id, value, block_id)],
        }
        return await self._interact(payload, None, user)

    def _view(self, view_id: str) -> View:
        for view in (*self.state.views.values(), *self.state.homes.values()):
            if view["id"] == view_id:
                return view
        raise LookupError(f"no view {view_id}")

    async def _interact(self, payload: dict[str, Any], channel: Channel | None, user: str) -> Delivery:
        delivery = await self.dispatcher.deliver("interactive", payload)
        if not delivery.acknowledged and channel is not None:
            self._slackbot(channel, self.state.user(user).id, self.state.app.name, "operation_timeout")
        return delivery

    def _action(
        self, holder: Mapping[str, Any], action_id: str, value: str | None, block_id: str | None
    ) -> dict[str, Any]:
        for block, element in _elements(holder.get("blocks", ())):
            if element["action_id"] != action_id or block_id not in (None, block["block_id"]):
                continue
            action = {
                "type": element["type"],
                "action_id": action_id,
                "block_id": block["block_id"],
                "action_ts": self.state.new_ts(),
            }
            if element["type"] == "button":
                if value is not None and element.get("value") != value:
                    continue
                shown = {key: element[key] for key in ("text", "value", "style") if key in element}
                return action | shown
            options = [*element.get("options", ())]
            for group in element.get("option_groups", ()):
                options += group["options"]
            if not options:
                return action | {"value": value}
            for option in options:
                if option["value"] == value:
                    return action | {"selected_option": option}
        raise LookupError(f"nothing to press: action {action_id}, value {value}")

    async def shortcut(self, channel: str, user: str, ts: str, callback_id: str) -> Delivery:
        """Choose a message shortcut in the message's menu."""
        where = self.state.channel(channel)
        message = where.messages[ts]
        payload = {
            **self._common("message_action", user),
            "callback_id": callback_id,
            "action_ts": self.state.new_ts(),
            "channel": self._place(where),
            "message_ts": ts,
            "message": public(message),
            "response_url": self.responses.new(where, self.state.user(user).id, message),
        }
        return await self._interact(payload, where, user)

    async def global_shortcut(self, user: str, callback_id: str) -> Delivery:
        payload = {**self._common("shortcut", user), "callback_id": callback_id, "action_ts": self.state.new_ts()}
        return await self._interact(payload, None, user)

    # Views

    def open_home(self, user: str) -> None:
        """Open the app's Home tab."""
        who = self.state.user(user).id
        home = self.state.homes.get(who)
        self._events.home_opened(who, public(home) if home else None)

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> Delivery:
        """Submit a modal; `values` is block_id -> action_id -> value object. What the app answers is done."""
        view = self.state.views[view_id]
        shown = {**public(view), "state": {"values": dict(values)}}
        payload = {**self._common("view_submission", user), "view": shown, "response_urls": []}
        delivery = await self.dispatcher.deliver("interactive", payload)
        answer = delivery.response
        if not delivery.acknowledged or answer.get("response_action") == "errors":
            return delivery
        if answer.get("response_action") in ("update", "push"):
            check_view(answer.get("view"), ("modal",))
            made = new_view(self.state, answer["view"], view["_user"], view_id)
            self.state.views[view_id] = made
            self.state.tell(Change("view", made, user=view["_user"]))
        else:
            self._close(view)
        return delivery

    async def close_view(self, user: str, view_id: str) -> None:
        """Close a modal; the app hears of it when it asked to."""
        view = self.state.views[view_id]
        self._close(view)
        if view.get("notify_on_close"):
            payload = {**self._common("view_closed", user), "view": public(view), "is_cleared": False}
            await self.dispatcher.deliver("interactive", payload)

    def _close(self, view: View) -> None:
        self.state.views.pop(view["id"], None)
        self.state.tell(Change("view_gone", view, user=view["_user"]))


def _elements(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Everything that can be pressed or chosen, with its block."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory") or {}, block.get("element") or {}):
            if "action_id" in element:
                yield block, element
