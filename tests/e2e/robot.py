"""A small Slack app on the real slack-bolt: enough to see that the workspace is Slack to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace

BUTTONS = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}, "value": "7"},
        {
            "type": "button",
            "action_id": "wipe",
            "style": "danger",
            "text": {"type": "plain_text", "text": "Wipe"},
            "confirm": {
                "title": {"type": "plain_text", "text": "Sure?"},
                "text": {"type": "mrkdwn", "text": "It is *gone* then"},
                "confirm": {"type": "plain_text", "text": "Wipe it"},
                "deny": {"type": "plain_text", "text": "Keep it"},
            },
        },
        {
            "type": "static_select",
            "action_id": "pick",
            "placeholder": {"type": "plain_text", "text": "Which one?"},
            "options": [
                {"text": {"type": "plain_text", "text": f"web-{n}"}, "value": f"shop/web-{n}"} for n in range(3)
            ],
        },
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Tell me"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What"},
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}


def build(ws: Workspace) -> AsyncApp:
    """The app; what it heard is in `app.heard`."""
    app = AsyncApp(
        client=AsyncWebClient(token=ws.app.bot_token, base_url=ws.api_url), signing_secret=ws.app.signing_secret
    )
    heard: list[tuple[str, Any]] = []
    app.heard = heard  # type: ignore[attr-defined]

    @app.command("/robot")
    async def command(ack: Any, command: Any, respond: Any, client: Any) -> None:
        heard.append(("command", command))
        match command["text"].split():
            case ["form"]:
                await ack()
                await client.views_open(trigger_id=command["trigger_id"], view=MODAL)
            case ["now"]:
                await ack(text="at once", response_type="in_channel")
            case ["flood"]:
                await ack()
                for n in range(6):
                    await respond(f"answer {n}")
            case ["buttons"]:
                await ack()
                section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Choose*"}}
                await client.chat_postMessage(channel=command["channel_id"], text="Choose", blocks=[section, BUTTONS])
            case _:
                await ack("looking")

    @app.event("app_mention")
    async def mention(event: Any, say: Any) -> None:
        heard.append(("mention", event))
        await say(text="hello", thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    async def message(event: Any, body: Any, client: Any) -> None:
        heard.append(("message", event))
        for file in event.get("files", ()):
            info = await client.files_info(file=file["id"])
            headers = {"Authorization": f"Bearer {ws.app.bot_token}"}
            async with aiohttp.ClientSession() as session:
                answer = await session.get(info["file"]["url_private_download"], headers=headers)
                heard.append(("file", await answer.read()))

    @app.event("file_shared")
    async def file_shared(event: Any) -> None:
        heard.append(("file_shared", event))

    @app.action("more")
    async def more(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        heard.append(("action", body))
        await respond(text="more it is", replace_original=True)

    @app.action("pick")
    async def pick(ack: Any, action: Any, client: Any, body: Any) -> None:
        await ack()
        chosen = action["selected_option"]["value"]
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"picked {chosen}")

    @app.action("wipe")
    async def wipe(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    @app.shortcut("look")
    async def look(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        words = shortcut["message"]["text"]
        await client.files_upload_v2(
            channel=shortcut["channel"]["id"],
            thread_ts=shortcut["message_ts"],
            filename="seen.txt",
            content=f"seen: {words}",
            initial_comment="what I saw",
        )

    @app.view("form")
    async def form(ack: Any, view: Any) -> None:
        words = view["state"]["values"]["what"]["words"]["value"]
        heard.append(("form", words))
        if words == "bad":
            await ack(response_action="errors", errors={"what": "not that"})
        else:
            await ack()

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": "At home"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    return app


@asynccontextmanager
async def over_socket(ws: Workspace) -> AsyncIterator[AsyncApp]:
    """The app, connected by Socket Mode."""
    app = build(ws)
    handler = AsyncSocketModeHandler(app, ws.app.app_token, ping_interval=1)
    await handler.connect_async()
    await ws.connected()
    try:
        yield app
    finally:
        await handler.close_async()


@asynccontextmanager
async def over_http(ws: Workspace) -> AsyncIterator[AsyncApp]:
    """The app behind a request URL, which checks signatures."""
    app = build(ws)

    async def handle(request: web.Request) -> web.Response:
        asked = AsyncBoltRequest(
            body=await request.text(),
            query=request.query_string,
            headers=dict(request.headers),  # type: ignore[arg-type]
        )
        answer = await app.async_dispatch(asked)
        headers = {name: ",".join(values) for name, values in answer.headers.items()}
        return web.Response(status=answer.status, text=answer.body, headers=headers)

    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        await ws.use_http(f"http://127.0.0.1:{port}/slack/events")
        yield app
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)
