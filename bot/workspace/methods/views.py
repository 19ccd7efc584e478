"""views.*"""

from __future__ import annotations

from typing import Any

from bot.workspace.app import APP_ID, BOT_ID
from bot.workspace.errors import SlackError
from bot.workspace.limits import check_view
from bot.workspace.methods.call import Call, method
from bot.workspace.state import TEAM_ID, Change, State, View, public


def new_view(state: State, view: dict[str, Any], user: str, id_: str | None = None) -> View:
    """The view as Slack keeps it; `_user` is the one who sees it."""
    id_ = id_ or state.new_id("V")
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        **view,
        "id": id_,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "blocks": state.named(view["blocks"]),
        "state": {"values": {}},
        "hash": state.new_id("h"),
        "root_view_id": id_,
        "previous_view_id": None,
        "_user": user,
    }


@method("views.publish")
def publish(call: Call) -> dict[str, Any]:
    view = call.args.get("view")
    check_view(view, ("home",))
    assert isinstance(view, dict)
    user = call.state.user(call.need("user_id", "user_not_found")).id
    before = call.state.homes.get(user)
    if call.args.get("hash") and before and call.args["hash"] != before["hash"]:
        raise SlackError("hash_conflict")
    if not call.state.app.home_tab:
        raise SlackError("not_enabled")
    made = new_view(call.state, view, user, before["id"] if before else None)
    call.state.homes[user] = made
    call.state.tell(Change("home", made, user=user))
    return {"view": public(made)}


@method("views.open")
def open_(call: Call) -> dict[str, Any]:
    view = call.args.get("view")
    check_view(view, ("modal",))
    assert isinstance(view, dict)
    user = call.triggers.use(call.need("trigger_id"))
    made = new_view(call.state, view, user)
    call.state.views[made["id"]] = made
    call.state.tell(Change("view", made, user=user))
    return {"view": public(made)}


@method("views.update")
def update(call: Call) -> dict[str, Any]:
    view = call.args.get("view")
    check_view(view, ("modal", "home"))
    assert isinstance(view, dict)
    state = call.state
    wanted = call.args.get("view_id"), call.args.get("external_id")
    shown = [*state.views.values(), *state.homes.values()]
    before = next((v for v in shown if v["id"] == wanted[0] or (wanted[1] and v["external_id"] == wanted[1])), None)
    if before is None:
        raise SlackError("not_found")
    if call.args.get("hash") and call.args["hash"] != before["hash"]:
        raise SlackError("hash_conflict")
    made = new_view(state, view, before["_user"], before["id"])
    kept = state.homes if made["type"] == "home" else state.views
    kept[made["_user"] if made["type"] == "home" else made["id"]] = made
    state.tell(Change("home" if made["type"] == "home" else "view", made, user=made["_user"]))
    return {"view": public(made)}
