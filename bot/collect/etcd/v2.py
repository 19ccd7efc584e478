"""The v2 API: keys as a tree of directories, members, and who leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from bot.collect.etcd.client import EtcdClient
from bot.collect.http import HttpProblem
from bot.collect.objects.values import mapping, mappings, text
from bot.collect.redact import redact
from rules.kinds import Fact, Source, fact

MAX_VALUE: Final = 64 * 1024
MAX_KEYS: Final = 20_000
KEY_NOT_FOUND: Final = 100


async def read_keys(client: EtcdClient, path: str) -> list[Fact] | None:
    """`etcd_key` facts of a key, or of a directory with its entries; None where there is no such key.

    HttpProblem where the v2 API cannot be asked (an etcd of today has none unless it is switched on).
    """
    return await _read(client, path, recursive=False)


async def read_tree(client: EtcdClient, path: str) -> list[Fact] | None:
    """The same of a directory with everything below it."""
    return await _read(client, path, recursive=True)


async def _read(client: EtcdClient, path: str, *, recursive: bool) -> list[Fact] | None:
    key = "/" + path.strip("/")
    query = {"recursive": "true", "sorted": "true"} if recursive else {"sorted": "true"}
    try:
        found = await client.get("/v2/keys" + quote(key, safe="/"), query)
    except HttpProblem as problem:
        if problem.status == 404 and problem.said:
            return None
        raise
    node = mapping(mapping(found).get("node"))
    if not node:
        raise HttpProblem("the answer holds no key")
    return list(_facts(node, key, recursive))[:MAX_KEYS]


def _facts(node: Mapping[str, Any], key: str, whole: bool) -> Iterator[Fact]:
    """A node and what it holds. An entry that is a directory is only known to be one unless all of it was read."""
    source = Source("etcd", key)
    if node.get("dir") is not True:
        value = text(node.get("value"))
        yield fact(
            "etcd_key", source, key=key, exists=True, dir=False,
            value=redact(value[:MAX_VALUE]) if value else None,
        )  # fmt: skip
        return
    entries = mappings(node.get("nodes") or [])
    listed = "nodes" in node or whole or key == "/"
    yield fact("etcd_key", source, key=key, exists=True, dir=True, children=len(entries) if listed else None)
    for entry in entries:
        name = text(entry.get("key")) or ""
        yield from _facts(entry, name, whole)


async def endpoint_fact(client: EtcdClient) -> Fact:
    """The endpoint's health, version, name, and whether it leads, by the v2 API."""
    healthy, said = await _health(client)
    version = await _version(client)
    member, leader, has_leader = None, None, None
    try:
        stats = mapping(await client.get("/v2/stats/self"))
        member = text(stats.get("name"))
        leader = stats.get("state") in ("StateLeader", "leader")
        has_leader = bool(text(mapping(stats.get("leaderInfo")).get("leader")))
    except HttpProblem:
        pass  # statistics are missing where v2 is off; the health was told already
    no_leader = has_leader is False
    return fact(
        "etcd_endpoint",
        Source(f"etcd {client.endpoint}", "/health", said),
        endpoint=client.endpoint,
        healthy=healthy and not no_leader,
        error=None if healthy else said or "unhealthy",
        reason="no-leader" if no_leader else None if healthy else "unhealthy",
        version=version,
        member=member,
        leader=leader,
        has_leader=has_leader,
    )


async def _health(client: EtcdClient) -> tuple[bool, str]:
    try:
        found = mapping(await client.get("/health"))
    except HttpProblem as problem:
        if problem.status in (404,):  # 0.4 had none: then that it answers has to do
            return True, ""
        if problem.status:
            return False, problem.said or str(problem)
        raise
    said = text(found.get("reason")) or ""
    return found.get("health") in ("true", True), said


async def _version(client: EtcdClient) -> str | None:
    try:
        found = await client.get("/version")
    except HttpProblem:
        return None  # before 2.1 it is a line of text
    return text(mapping(found).get("etcdserver"))
