"""The v3 API over its JSON gateway: status, alarms, members, and keys by prefix. Numbers come as strings."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from bot.collect.etcd.client import EtcdClient
from bot.collect.http import HttpProblem
from bot.collect.objects.values import mapping, mappings, text
from bot.collect.redact import redact
from rules.kinds import Fact, Source, fact

MAX_KEYS: Final = 2000
MAX_TREE: Final = 20_000
MAX_VALUE: Final = 64 * 1024
_QUOTA: Final = re.compile(r"^etcd_server_quota_backend_bytes\s+(\S{1,30})\s*$", re.MULTILINE)


def _b64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _after(prefix: str) -> str:
    """The first key after all that begin with a prefix, as range_end wants it."""
    raw = prefix.encode()
    return base64.b64encode(raw[:-1] + bytes([raw[-1] + 1])).decode()


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isdigit() else value if type(value) is int else None


async def endpoint_facts(client: EtcdClient) -> list[Fact]:
    """The endpoint by its status, and one more fact for each alarm that is raised."""
    status = mapping(await client.ask("/maintenance/status"))
    header = mapping(status.get("header"))
    member, leader = text(header.get("member_id")), text(status.get("leader"))
    has_leader = bool(leader) and leader != "0"
    errors = [each for each in status.get("errors") or [] if isinstance(each, str)]
    source = Source(f"etcd {client.endpoint}", "status", "; ".join(errors)[:500])
    size, used, quota = _number(status.get("dbSize")), _number(status.get("dbSizeInUse")), await _quota(client)
    common: dict[str, Any] = {
        "endpoint": client.endpoint,
        "version": text(status.get("version")),
        "member": f"{int(member):x}" if member and member.isdigit() else member,
        "leader": has_leader and leader == member,
        "has_leader": has_leader,
        "learner": status.get("isLearner") is True,
        "db_bytes": size,
        "quota_bytes": quota,
        "used_percent": size * 100 // quota if size is not None and quota else None,
        "reclaimable_percent": (size - used) * 100 // size if size and used is not None else None,
    }
    found = [
        fact(
            "etcd_endpoint", source, **common, healthy=has_leader and not errors,
            error="; ".join(errors)[:500] or None, reason=None if has_leader else "no-leader",
        )
    ]  # fmt: skip
    alarms = mapping(await client.ask("/maintenance/alarm", {"action": "GET"}))
    for each in mappings(alarms.get("alarms") or []):
        raised = text(each.get("alarm"))
        if raised and raised != "NONE" and text(each.get("memberID")) == member:
            alarm_source = Source(f"etcd {client.endpoint}", "alarm", raised)
            found[0] = fact("etcd_endpoint", alarm_source, **{**found[0].attributes, "healthy": False, "alarm": raised})
    return found


async def _quota(client: EtcdClient) -> int | None:
    """The database's quota, which only the metrics tell; they may be elsewhere or switched off."""
    try:
        found = _QUOTA.search(await client.text("/metrics"))
    except HttpProblem:
        return None
    try:
        return int(float(found[1])) if found else None
    except ValueError:
        return None


async def members(client: EtcdClient) -> tuple[list[Fact], list[str]]:
    """The members of its cluster, and their client URLs, so that those that nobody named are asked too."""
    facts: list[Fact] = []
    urls: list[str] = []
    for each in mappings(mapping(await client.ask("/cluster/member/list")).get("members") or []):
        member, name, peers = text(each.get("ID")) or "", text(each.get("name")), each.get("peerURLs")
        peer = str(peers[0]) if isinstance(peers, list) and peers else None
        facts.append(
            fact(
                "etcd_member", Source(f"etcd {client.endpoint}", "member list", f"{name or 'unstarted'} {peer}"),
                member=f"{int(member):x}" if member.isdigit() else member, name=name, started=bool(name),
                learner=each.get("isLearner") is True, peer=peer,
            )
        )  # fmt: skip
        clients = each.get("clientURLs")
        urls += [str(url) for url in clients[:1]] if isinstance(clients, list) else []
    return facts, urls


async def count(client: EtcdClient, prefix: str) -> int:
    """How many keys begin with a prefix."""
    question = {"key": _b64(prefix), "range_end": _after(prefix), "count_only": True}
    return _number(mapping(await client.ask("/kv/range", question)).get("count")) or 0


async def read_keys(client: EtcdClient, path: str) -> list[Fact] | None:
    """`etcd_key` facts of a key, or of what lies below it as if it were a directory; None where there is neither."""
    key = "/" + path.strip("/")
    single = mapping(await client.ask("/kv/range", {"key": _b64(key), "limit": "1"}))
    for each in mappings(single.get("kvs") or []):
        value = _shown(text(each.get("value")) or "")
        return [fact("etcd_key", Source("etcd", key), key=key, exists=True, dir=False, value=value or None)]
    prefix = key.rstrip("/") + "/"
    question = {"key": _b64(prefix), "range_end": _after(prefix), "keys_only": True, "limit": str(MAX_KEYS)}
    below = mapping(await client.ask("/kv/range", question))
    names = [_name(each) for each in mappings(below.get("kvs") or [])]
    if not names:
        return None
    children: dict[str, bool] = {}
    for name in names:
        first, deeper, _ = name[len(prefix) :].partition("/")
        children[first] = children.get(first, False) or bool(deeper)
    found = [fact("etcd_key", Source("etcd", key), key=key, exists=True, dir=True, children=len(children))]
    for child, is_dir in sorted(children.items()):
        full = prefix + child
        found.append(fact("etcd_key", Source("etcd", full), key=full, exists=True, dir=is_dir))
    return found


async def read_tree(client: EtcdClient, path: str) -> list[Fact] | None:
    """`etcd_key` facts of a path, as if it were a directory, and of all keys below it; None where there is none.

    As that member has it, so that it is told also while there is no leader. HttpProblem where there are too many
    keys to read: of a part nobody could say what is not there.
    """
    key = "/" + path.strip("/")
    prefix = key.rstrip("/") + "/"
    question = {"key": _b64(prefix), "range_end": _after(prefix), "limit": str(MAX_TREE), "serializable": True}
    below = mapping(await client.ask("/kv/range", question))
    if below.get("more") is True:
        raise HttpProblem(f"{key} has more than {MAX_TREE} keys")
    values = {_name(each): _shown(text(each.get("value")) or "") for each in mappings(below.get("kvs") or [])}
    if not values:
        return None
    children = len({name[len(prefix) :].partition("/")[0] for name in values})
    found = [fact("etcd_key", Source("etcd", key), key=key, exists=True, dir=True, children=children)]
    for name, value in values.items():
        found.append(fact("etcd_key", Source("etcd", name), key=name, exists=True, dir=False, value=value or None))
    return found


def _name(pair: Mapping[str, Any]) -> str:
    return base64.b64decode(text(pair.get("key")) or "").decode("utf-8", "replace")


def _shown(encoded: str) -> str:
    """A value as text; what the API server stores today is protobuf, of which only its length can be told."""
    raw = base64.b64decode(encoded)
    if raw.startswith(b"k8s\0"):
        return f"(protobuf, {len(raw)} bytes)"
    try:
        return redact(raw[:MAX_VALUE].decode("utf-8"))
    except UnicodeDecodeError:
        return f"(binary, {len(raw)} bytes)"
