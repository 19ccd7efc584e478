"""The live source as a whole: what it does without SSH, without an API, and without time. No daemon is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.collect.kube.kinds import api_kinds
from bot.collect.live import LiveSource
from bot.config.clusters import Cluster
from bot.questions import Question
from rules.errors import KdiagError
from rules.kinds import Fact
from rules.observations import Observations

UNREACHABLE = {"address": "127.0.0.1", "port": 1}


def source(settings: dict[str, Any], budget_s: float = 5) -> LiveSource:
    return LiveSource(Cluster.model_validate(settings), api_kinds(), budget_s=budget_s, progress=lambda _: None)


@asynccontextmanager
async def closing(made: LiveSource) -> AsyncIterator[LiveSource]:
    try:
        yield made
    finally:
        await made.close()


def journal(host: str) -> Fact:
    return Fact("want", {"what": "journal", "unit": "kubelet", "host": host})


def managed() -> Observations:
    return Observations(facts=[Fact("cluster", {"platform": "eks"})])


async def test_a_managed_cluster_says_once_what_it_therefore_cannot_see() -> None:
    async with closing(source({"api": {"enabled": False}})) as live:
        live._learn_hosts(managed())
        first, second = await live.satisfy(journal("n1")), await live.satisfy(journal("n2"))
    assert ["managed" in gap.why for gap in first.gaps] == [True]
    assert second == Observations()


async def test_a_managed_cluster_with_hosts_in_the_inventory_is_asked() -> None:
    settings = {"api": {"enabled": False}, "hosts": {"n1": UNREACHABLE}, "ssh": {"agent": False}}
    async with closing(source(settings)) as live:
        live._learn_hosts(managed())
        found = await live.satisfy(journal("n1"))
    assert "refuses connections" in found.gaps[0].why


async def test_ssh_can_be_switched_off() -> None:
    settings = {"api": {"enabled": False}, "hosts": {"n1": UNREACHABLE}, "ssh": {"enabled": False}}
    async with closing(source(settings)) as live:
        found = await live.collect(Question("summary"))
    assert ["switched off" in gap.why for gap in found.gaps] == [True]


async def test_without_an_api_the_hosts_are_asked_for_any_object() -> None:
    settings = {
        "api": {"enabled": False},
        "hosts": {"m1": {**UNREACHABLE, "roles": ["master"]}},
        "ssh": {"agent": False},
    }
    async with closing(source(settings)) as live:
        found = await live.collect(Question("pod", "web-0"))
        assert live.asked(Question("pod", "web-0")) == "pod web-0"
    assert [(one["host"], one["role"]) for one in found.facts if one.kind == "host"] == [("m1", "master")]


async def test_a_host_that_is_not_known_names_the_nearest() -> None:
    settings = {"api": {"enabled": False}, "hosts": {"node1": UNREACHABLE}}
    async with closing(source(settings)) as live:
        with pytest.raises(KdiagError, match="did you mean 'node1'"):
            await live.collect(Question("host", "ndoe1"))


async def test_a_host_that_takes_more_than_all_the_time_is_a_gap() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    host = {"address": "127.0.0.1", "port": server.sockets[0].getsockname()[1]}
    settings = {"api": {"enabled": False}, "hosts": {"n1": host}, "ssh": {"connect_timeout_s": 60, "agent": False}}
    async with server, closing(source(settings, budget_s=0.5)) as live:
        found = await live.collect(Question("summary"))
    assert ["no time left" in gap.why for gap in found.gaps] == [True]


async def test_what_nobody_can_tell_is_a_gap_with_the_command_that_tells() -> None:
    async with closing(source({"api": {"enabled": False}})) as live:
        log = await live.satisfy(Fact("want", {"what": "log", "pod": "shop/web-0", "container": "web"}))
        key = await live.satisfy(Fact("want", {"what": "etcd", "key": "/registry"}))
    assert log.gaps[0].command.startswith("kubectl logs web-0")
    assert "etcd" in key.gaps[0].why
