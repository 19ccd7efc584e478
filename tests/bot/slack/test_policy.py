"""Who may ask about what, with the SDK's real client against the workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.config.chat import Chat
from bot.slack.locale import Locales
from bot.slack.messages import web_client
from bot.slack.policy import Policy, namespace_of
from bot.workspace import Workspace


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


def policy(ws: Workspace, *allow: dict[str, list[str]]) -> Policy:
    return Policy(Chat.model_validate({"allow": list(allow)}), web_client(ws.app.bot_token, ws.api_url))


async def test_without_grants_everyone_may(ws: Workspace) -> None:
    assert await policy(ws).may("U1", "C1", "prod", None)


async def test_grants_by_person_channel_cluster_and_namespace(ws: Workspace) -> None:
    one = policy(
        ws,
        {"users": ["U1"]},
        {"channels": ["C1"], "clusters": ["test-*"]},
        {"users": ["U2"], "clusters": ["prod"], "namespaces": ["shop", "web-*"]},
    )
    assert await one.may("U1", "C9", "prod", None)
    assert await one.may("U9", "C1", "test-1", "x") and not await one.may("U9", "C1", "prod", "x")
    assert await one.may("U2", "C9", "prod", "web-1") and not await one.may("U2", "C9", "prod", "db")
    assert not await one.may("U2", "C9", "prod", None)
    assert not await one.may("U9", "C9", "prod", "shop")


async def test_user_groups_by_handle_and_by_id(ws: Workspace) -> None:
    group = next(iter(ws.state.groups.values()))
    anna, omar = ws.state.user("anna").id, ws.state.user("omar").id
    for name in (f"@{group.handle}", group.id):
        one = policy(ws, {"groups": [name]})
        assert await one.may(anna, "C1", "prod", None) and not await one.may(omar, "C1", "prod", None)
    assert not await policy(ws, {"groups": ["@nobody"]}).may(anna, "C1", "prod", None)


async def test_a_group_that_cannot_be_looked_up_is_nobody(ws: Workspace) -> None:
    ws.revoke_scope("usergroups:read")
    assert not await policy(ws, {"groups": ["@sre"]}).may(ws.state.user("anna").id, "C1", "prod", None)


def test_the_namespace_of_a_question() -> None:
    assert namespace_of("pod", "pod shop/web-0") == "shop"
    assert namespace_of("node", "node n1") is None
    assert namespace_of("etcd", "etcd /registry/x") is None


async def test_language_and_zone_are_looked_up_once(ws: Workspace) -> None:
    locales = Locales(web_client(ws.app.bot_token, ws.api_url))
    kenji = ws.state.user("kenji").id
    assert (await locales.of(kenji), await locales.zone(kenji), await locales.of(kenji)) == ("ja", "Asia/Tokyo", "ja")
    assert len(ws.calls("users.info")) == 1
    assert await locales.of("U404") == "en"
    assert await Locales(web_client(ws.app.bot_token, ws.api_url), "ja").of("U404") == "ja"
