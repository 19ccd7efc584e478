"""The Web API's front door: tokens, scopes, arguments, ordered faults; then the method.

Facts: docs.slack.dev/apis/web-api. Every answer is HTTP 200 with `ok`, but 429 when called too fast.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Final

from aiohttp import web

from bot.workspace.errors import RateLimited, SlackError
from bot.workspace.faults import Faults
from bot.workspace.files import FileServer
from bot.workspace.methods import METHODS
from bot.workspace.methods.call import Call, Triggers
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import State

JSON_ARGUMENTS: Final = ("blocks", "files", "view")
KEPT: Final = 20_000


class WebApi:
    """`/api/METHOD`."""

    def __init__(
        self, state: State, files: FileServer, sockets: SocketMode, faults: Faults, triggers: Triggers, base_url: str
    ) -> None:
        self._state = state
        self._files = files
        self._sockets = sockets
        self._faults = faults
        self._triggers = triggers
        self._base_url = base_url
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=KEPT)
        """Every call: method and arguments without the token."""

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            args = await _arguments(request)
            token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")
            args.pop("token", None)
            self.calls.append((name, args))
            answer = {"ok": True, **self._call(name, token, args)}
        except SlackError as error:
            answer = error.as_response()
        except RateLimited as limit:
            answer = {"ok": False, "error": "ratelimited"}
            return web.json_response(answer, status=429, headers={"Retry-After": str(limit.retry_after)})
        granted = ",".join(sorted(self._state.app.scopes))
        return web.json_response(answer, headers={"X-OAuth-Scopes": granted})

    def _call(self, name: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        if not token:
            raise SlackError("not_authed")
        app = self._state.app
        if token not in (app.bot_token, app.app_token):
            raise SlackError("invalid_auth")
        if (token == app.app_token) != method.app_level:
            raise SlackError("not_allowed_token_type")
        self._faults.check(name, args)
        call = Call(self._state, self._files, self._sockets, self._triggers, self._base_url, args)
        if not method.app_level:
            scopes = method.scopes(call) if callable(method.scopes) else method.scopes
            if scopes and app.scopes.isdisjoint(scopes):
                raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(app.scopes)))
        return method.run(call)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """From query, JSON or form; lists and objects that came as JSON text are read. Raises SlackError."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        args |= body
    else:
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    for key in JSON_ARGUMENTS:
        if isinstance(args.get(key), str) and args[key]:
            try:
                args[key] = json.loads(args[key])
            except ValueError:
                raise SlackError("invalid_blocks_format" if key == "blocks" else "invalid_arguments") from None
    return args
