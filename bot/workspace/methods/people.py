"""auth.test, apps.connections.open, users.*, usergroups.*, team.info, bots.info"""

from __future__ import annotations

from typing import Any

from bot.workspace.app import APP_ID, BOT_ID, BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.methods.call import Call, method
from bot.workspace.state import TEAM_DOMAIN, TEAM_ID


@method("auth.test")
def auth_test(call: Call) -> dict[str, Any]:
    return {
        "url": f"{call.base_url}/",
        "team": TEAM_DOMAIN,
        "user": call.state.bot.name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", app_level=True)
def connections_open(call: Call) -> dict[str, Any]:
    address = call.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link?ticket={call.sockets.new_ticket()}&app_id={APP_ID}"}


@method("users.info", ("users:read",))
def user_info(call: Call) -> dict[str, Any]:
    user = call.state.users.get(call.need("user", "user_not_found"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": call.state.user_json(user, call.flag("include_locale"))}


@method("users.list", ("users:read",))
def user_list(call: Call) -> dict[str, Any]:
    locale = call.flag("include_locale")
    return call.page([call.state.user_json(user, locale) for user in call.state.users.values()], "members")


@method("usergroups.list", ("usergroups:read",))
def group_list(call: Call) -> dict[str, Any]:
    shown = [
        {"id": g.id, "team_id": TEAM_ID, "handle": g.handle, "name": g.handle, "is_usergroup": True, "date_delete": 0}
        | ({"users": g.users} if call.flag("include_users") else {})
        for g in call.state.groups.values()
    ]
    return {"usergroups": shown}


@method("usergroups.users.list", ("usergroups:read",))
def group_users(call: Call) -> dict[str, Any]:
    group = call.state.groups.get(call.need("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": group.users}


@method("team.info", ("team:read",))
def team_info(call: Call) -> dict[str, Any]:
    return {"team": {"id": TEAM_ID, "name": TEAM_DOMAIN, "domain": TEAM_DOMAIN, "email_domain": ""}}


@method("bots.info", ("users:read",))
def bot_info(call: Call) -> dict[str, Any]:
    if call.args.get("bot", BOT_ID) != BOT_ID:
        raise SlackError("bot_not_found")
    return {"bot": {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER, "name": call.state.bot.name, "deleted": False}}
