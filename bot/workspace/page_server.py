"""The page: its files, the workspace as one user sees it, live changes, and what the user does.

It is for people on this machine: requests from other sites' pages, or under another host name, are refused.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.workspace.actions import Actions
from bot.workspace.app import BOT_USER
from bot.workspace.errors import SlackError
from bot.workspace.files import mimetype
from bot.workspace.state import Change, Channel, State, User

FILES: Final = Path(str(importlib.resources.files("bot.workspace"))) / "page"
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SHOWN_IMAGES: Final = {"image/png", "image/jpeg", "image/gif", "image/webp"}
LIVE_QUEUE: Final = 10_000
KEEP_ALIVE: Final = 15.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Suggestion:
    """Something to try, offered on the page."""

    label: str
    text: str
    """What is sent: a slash command or a message. Nothing: the app's Home is opened."""
    channel: str = "ops"
    files: dict[str, str] = field(default_factory=dict)
    """Files that go with it, by name."""


class PageServer:
    """Mounted next to the Web API."""

    def __init__(self, actions: Actions, url: str, suggestions: Sequence[Suggestion]) -> None:
        self._actions = actions
        self._state: State = actions.state
        self._suggestions = suggestions
        port = url.rpartition(":")[2]
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._live: set[tuple[str, asyncio.Queue[str | None]]] = set()
        self._state.listeners.append(self._heard)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._guarded(self._index))
        router.add_get("/archives/{channel}/{message}", self._guarded(self._index))
        router.add_get("/page/{name}", self._guarded(self._file))
        router.add_get("/page-data/state", self._guarded(self._everything))
        router.add_get("/page-data/live", self._guarded(self._follow))
        router.add_get("/page-data/file/{file}", self._guarded(self._bytes))
        router.add_post("/page-data/do", self._guarded(self._do))
        router.add_post("/page-data/upload", self._guarded(self._upload))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            if request.host not in self._hosts or (origin and origin.removeprefix("http://") not in self._hosts):
                return web.Response(status=403, text="this page is for people on this machine")
            return await handler(request)

        return guarded

    async def _index(self, request: web.Request) -> web.Response:
        return self._static("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return self._static(request.match_info["name"])

    def _static(self, name: str) -> web.Response:
        if name not in {path.name for path in FILES.iterdir()}:
            return web.Response(status=404)
        kind = {"js": "text/javascript", "css": "text/css", "html": "text/html", "svg": "image/svg+xml"}
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        content_type = kind[name.rpartition(".")[2]]
        return web.Response(text=(FILES / name).read_text(), content_type=content_type, headers=headers)

    async def _bytes(self, request: web.Request) -> web.Response:
        file = self._state.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        kind = mimetype(file.name)
        shown = kind if kind in SHOWN_IMAGES else "text/plain"
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.content, content_type=shown, charset=None, headers=headers)

    # What the user sees

    def _channel(self, channel: Channel, user: str) -> dict[str, Any]:
        shown = self._state.channel_json(channel)
        ephemerals = [m for m in channel.ephemerals.values() if m["_to"] == user]
        return {
            **shown,
            "has_bot": BOT_USER in channel.members,
            "topic": channel.topic,
            "messages": [*channel.messages.values(), *ephemerals],
        }

    async def _everything(self, request: web.Request) -> web.Response:
        me = self._who(request)
        app = self._state.app
        return web.json_response(
            {
                "me": me.id,
                "bot": BOT_USER,
                "users": [self._state.user_json(user, True) for user in self._state.users.values()],
                "groups": [asdict(group) for group in self._state.groups.values()],
                "channels": [self._channel(c, me.id) for c in self._state.channels.values() if me.id in c.members],
                "home": self._state.homes.get(me.id),
                "views": [v for v in self._state.views.values() if v["_user"] == me.id],
                "app": {
                    "name": app.name,
                    "home_tab": app.home_tab,
                    "commands": [asdict(command) for command in app.commands],
                    "shortcuts": [asdict(shortcut) for shortcut in app.shortcuts],
                },
                "suggestions": [asdict(suggestion) for suggestion in self._suggestions],
            }
        )

    def _who(self, request: web.Request) -> User:
        """The user that the page acts for; the first one unless it says."""
        people = [user for user in self._state.users.values() if not user.is_bot]
        return next((user for user in people if user.id == request.query.get("user")), people[0])

    def _heard(self, change: Change) -> None:
        if not self._live:
            return
        told = {
            "kind": change.kind,
            "item": change.item,
            "channel": change.channel.id if change.channel else None,
            "user": change.user,
        }
        line = json.dumps(told)
        for user, queue in self._live:
            members = change.channel.members if change.channel else {change.user}
            private = change.kind in ("ephemeral", "ephemeral_gone", "home", "view", "view_gone")
            if user in members and (not private or change.user == user):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(line)

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one for each change that the user may see."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(LIVE_QUEUE)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        follower = (self._who(request).id, queue)
        self._live.add(follower)
        try:
            await response.write(b'retry: 1000\ndata: {"kind": "ready"}\n\n')
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        line = await queue.get()
                except TimeoutError:
                    await response.write(b":\n\n")
                    continue
                if line is None:
                    return response
                await response.write(f"data: {line}\n\n".encode())
        except ConnectionError:
            return response
        finally:
            self._live.discard(follower)

    def close(self) -> None:
        """Let the followers go."""
        for _, queue in self._live:
            if not queue.full():
                queue.put_nowait(None)

    # What the user does

    async def _do(self, request: web.Request) -> web.Response:
        """`{"do": name, ...arguments}`; `{"ok": false, "error": ...}` when it cannot be done."""
        try:
            asked: dict[str, Any] = await request.json()
            answer = await self._done(asked)
        except (LookupError, PermissionError, SlackError, ValueError, TypeError) as error:
            return web.json_response({"ok": False, "error": str(error)})
        return web.json_response({"ok": True, **answer})

    async def _done(self, a: dict[str, Any]) -> dict[str, Any]:
        do, actions = a["do"], self._actions
        if do == "say":
            return {"ts": actions.say(a["channel"], a["user"], a["text"], a.get("thread_ts"), a.get("files"))["ts"]}
        if do == "edit":
            actions.edit(a["channel"], a["user"], a["ts"], a["text"])
        elif do == "delete":
            actions.delete(a["channel"], a["user"], a["ts"])
        elif do == "home":
            actions.open_home(a["user"])
        elif do == "command":
            return {"acknowledged": (await actions.command(a["channel"], a["user"], a["text"])).acknowledged}
        elif do == "shortcut":
            done = await actions.shortcut(a["channel"], a["user"], a["ts"], a["callback_id"])
            return {"acknowledged": done.acknowledged}
        elif do == "click":
            pressed: dict[str, Any] = {"value": a.get("value"), "block_id": a["block_id"]}
            if a.get("view_id"):
                done = await actions.click_view(
                    a["user"], a["view_id"], a["action_id"], **pressed, values=a.get("values")
                )
            else:
                done = await actions.click(a["channel"], a["user"], a["ts"], a["action_id"], **pressed)
            return {"acknowledged": done.acknowledged}
        elif do == "submit":
            done = await actions.submit(a["user"], a["view_id"], a["values"])
            return {"acknowledged": done.acknowledged, "errors": done.response.get("errors", {})}
        elif do == "close":
            await actions.close_view(a["user"], a["view_id"])
        else:
            raise LookupError(f"nothing is called {do}")
        return {}

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        files: dict[str, str | bytes] = {
            part.filename: part.file.read() for part in form.getall("file", ()) if isinstance(part, web.FileField)
        }
        words = {key: str(form.get(key, "")) for key in ("channel", "user", "text", "thread_ts")}
        try:
            self._actions.say(words["channel"], words["user"], words["text"], words["thread_ts"] or None, files)
        except (LookupError, PermissionError, SlackError) as error:
            return web.json_response({"ok": False, "error": str(error)})
        return web.json_response({"ok": True})
