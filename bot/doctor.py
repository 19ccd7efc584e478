"""`kdiag doctor`: checks all that the bot needs, and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clusters import Clusters
from bot.config import Settings
from bot.questions import Question
from bot.slack.messages import web_client
from bot.slack.serve import Tokens
from bot.store import Store
from rules.errors import KdiagError

MANIFEST: Final = Path(__file__).parent / "slack" / "manifest.yaml"
APPS: Final = "https://api.slack.com/apps"
TIMEOUT_S: Final = 30.0
Outcome = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was seen, and how to mend it ("" when it is well)."""

    what: str
    outcome: Outcome
    seen: str
    mend: str = ""


async def examine(settings: Settings, clusters: Clusters, tokens: Tokens) -> AsyncIterator[Check]:
    """Every check, as it is done."""
    for slow in (_storage(settings), _slack(settings, tokens), _clusters(clusters)):
        async for check in slow:
            yield check


def needed_scopes() -> tuple[str, ...]:
    """Those of the manifest, which is the one list of them."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return tuple(manifest["oauth_config"]["scopes"]["bot"])


async def _storage(settings: Settings) -> AsyncIterator[Check]:
    try:
        store = Store(settings.storage)
    except KdiagError as error:
        yield Check("storage", "fault", str(error), "correct `storage:` in kdiag.yaml")
        return
    try:
        await store.start()
        await store.jobs.first_sight(f"doctor {store.replica}")
        yield Check("storage", "ok", f"{store.database.shown} can be written")
    except KdiagError as error:
        yield Check("storage", "fault", str(error), "make the path writable, or let the database accept the user")
    finally:
        await store.close()


async def _slack(settings: Settings, tokens: Tokens) -> AsyncIterator[Check]:
    http = bool(tokens.signing_secret) and not tokens.app
    try:
        tokens.check(http)
    except KdiagError as error:
        yield Check("tokens", "fault", str(error), f"{APPS}, your app; then set it in the environment")
        return
    for name, value, prefix in (("SLACK_BOT_TOKEN", tokens.bot, "xoxb-"), ("SLACK_APP_TOKEN", tokens.app, "xapp-")):
        if value and not value.startswith(prefix):
            yield Check(name, "warning", f"does not begin with {prefix}", "it may be another kind of token")
    client = web_client(tokens.bot, tokens.api_url)
    client.retry_handlers.clear()
    try:
        me = await client.auth_test()
    except (SlackClientError, OSError, TimeoutError) as error:
        yield Check(
            "SLACK_BOT_TOKEN",
            "fault",
            f"{client.base_url} says {_code(error)}",
            f"{APPS}, OAuth & Permissions: install the app to the workspace and copy its Bot User OAuth Token",
        )
        return
    yield Check("SLACK_BOT_TOKEN", "ok", f"{me.get('user')} in {me.get('team')}")
    async for check in _scopes(settings, {str(k).lower(): str(v) for k, v in me.headers.items()}):
        yield check
    if tokens.app:
        yield await _socket(client, tokens.app)
    else:
        yield Check("SLACK_SIGNING_SECRET", "ok", "set (HTTP mode); it is proven by the first request")
    async for check in _channels(client, settings):
        yield check


async def _scopes(settings: Settings, headers: dict[str, str]) -> AsyncIterator[Check]:
    granted = {one.strip() for one in headers.get("x-oauth-scopes", "").split(",") if one.strip()}
    if not granted:
        yield Check("scopes", "warning", "Slack does not say which are granted", "")
        return
    needed = set(needed_scopes())
    if any(grant.groups for grant in settings.chat.allow):
        needed.add("usergroups:read")
    missing = sorted(needed - granted)
    if missing:
        yield Check(
            "scopes",
            "fault",
            f"missing: {', '.join(missing)}",
            f"{APPS}, OAuth & Permissions, Bot Token Scopes: add them, then install the app again",
        )
    else:
        yield Check("scopes", "ok", ", ".join(sorted(needed)))
    more = sorted(granted - needed)
    if more:
        yield Check("scopes", "warning", f"more than needed: {', '.join(more)}", "take them away in the app's settings")


async def _socket(client: AsyncWebClient, token: str) -> Check:
    try:
        await client.apps_connections_open(app_token=token)
    except (SlackClientError, OSError, TimeoutError) as error:
        return Check(
            "SLACK_APP_TOKEN",
            "fault",
            f"Slack says {_code(error)}",
            f"{APPS}, Basic Information, App-Level Tokens: one with connections:write; Socket Mode has to be on",
        )
    return Check("SLACK_APP_TOKEN", "ok", "opens Socket Mode connections")


async def _channels(client: AsyncWebClient, settings: Settings) -> AsyncIterator[Check]:
    named = dict.fromkeys([*settings.chat.channels, *filter(None, [settings.chat.admin_channel])])
    for channel in named:
        if channel.startswith("#"):
            yield Check(f"channel {channel}", "warning", "a name, not an id", "write its id (C…): names change")
            continue
        try:
            await client.conversations_history(channel=channel, limit=1)
        except (SlackClientError, OSError, TimeoutError) as error:
            code = _code(error)
            invite = "invite it there: /invite @kdiag" if code == "not_in_channel" else "correct it in kdiag.yaml"
            yield Check(f"channel {channel}", "fault", f"Slack says {code}", invite)
        else:
            yield Check(f"channel {channel}", "ok", "can be read")
    if settings.chat.allow:
        yield Check("policy", "ok", f"{len(settings.chat.allow)} grants under chat.allow; nobody else may ask")
    else:
        yield Check(
            "policy",
            "warning",
            "everyone in the workspace may ask about every cluster and namespace",
            "name who may under chat.allow in kdiag.yaml",
        )


async def _clusters(clusters: Clusters) -> AsyncIterator[Check]:
    if not clusters.names:
        yield Check("clusters", "warning", "none: only pasted texts are answered", "name them in kdiag.yaml, or --dump")
    for name in clusters.names:
        yield await _cluster(name, lambda name=name: clusters.source(name))  # type: ignore[misc]


async def _cluster(name: str, source: Callable[[], Any]) -> Check:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            observations = await source().collect(Question("summary"))
    except KdiagError as error:
        return Check(f"cluster {name}", "fault", str(error), "correct it under clusters in kdiag.yaml")
    except TimeoutError:
        return Check(f"cluster {name}", "fault", f"no answer within {TIMEOUT_S:g} s", "is it reachable from here?")
    seen = f"{len(observations.facts)} facts"
    if not observations.gaps:
        return Check(f"cluster {name}", "ok", seen)
    shown = "; ".join(f"{gap.what}: {gap.why}" for gap in observations.gaps[:3])
    more = f" (and {len(observations.gaps) - 3} more)" if len(observations.gaps) > 3 else ""
    command = next((gap.command for gap in observations.gaps if gap.command), "")
    return Check(f"cluster {name}", "warning", f"{seen}; could not be checked: {shown}{more}", command)


def _code(error: BaseException) -> str:
    if isinstance(error, SlackApiError) and isinstance(error.response.data, dict):
        return str(error.response.get("error"))
    return str(error) or type(error).__name__
