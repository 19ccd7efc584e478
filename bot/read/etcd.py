"""Reads what etcdctl prints of both API versions: directory listings, health, status, members."""

from __future__ import annotations

import re
from typing import Final

from bot.read.commands import is_command
from bot.read.draft import PASTE, Draft
from bot.read.etcd_values import note_key

_PATH = re.compile(r"\s*(/[\w.@:-]{1,253}(?:/[\w.@:-]{1,253}){0,12}(?:\.\.\.)?/?)\s*$")
_HEALTH = re.compile(r"\s*(?:(https?://)?([\w.\[\]-]{1,253}:\d{1,5})) is (healthy|unhealthy): (.*)$")
_MEMBER_HEALTH = re.compile(
    r"\s*member ([0-9a-f]{6,20}) is (healthy|unhealthy|unreachable)(?:: (?:got (?:un)?healthy result from (\S+)|"
    r"\[?(\S+?)\]? (?:is|are) all unreachable|(.*)))?"
)
_FAILED_CHECK = re.compile(r"\s*failed to check the health of member ([0-9a-f]{6,20}) on (\S+?): (.*)$")
_CLUSTER = re.compile(r"\s*cluster (?:is|may be) (healthy|unhealthy|degraded|unreachable|unavailable)")
_STATUS = re.compile(
    r"\s*(?:https?://)?([\w.\[\]-]{1,253}:\d{1,5}), ([0-9a-f]{6,20}), (\d[\w.+-]{2,30}), ([\d.]{1,12} [kKMGT]?B), "
    r"(true|false), "
)
_MEMBER = re.compile(r"\s*([0-9a-f]{6,20}), (started|unstarted), (\S*), (\S*), (\S*)")
_MEMBER_V2 = re.compile(
    r"\s*([0-9a-f]{6,20})(?:\[unstarted\])?: name=(\S*) peerURLs=(\S+) clientURLs=(\S*) isLeader=(true|false)"
)
_BOX = re.compile(r"\s*\+[-+]{5,}\+\s*$")
_ALARM = re.compile(r"\s*memberID:(\d{1,20}) alarm:(\w+)")
_UNITS: Final = {"B": 1, "kB": 1000, "KB": 1000, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_REASONS: Final = (
    ("connection refused", "refused"), ("deadline exceeded", "timeout"), ("timed out", "timeout"), ("timeout",
    "timeout"),
    ("no leader", "no-leader"), ("x509", "tls"), ("tls", "tls"), ("certificate", "tls"),
)  # fmt: skip


def _reason(text: str) -> str:
    low = text.lower()
    return next((reason for part, reason in _REASONS if part in low), "unhealthy")


def size_bytes(text: str) -> int | None:
    """Bytes of `20 kB`, as etcdctl writes a database's size."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?) ?([kKMGT]?B)", text.strip())
    return int(float(found[1]) * _UNITS[found[2]]) if found else None


def read_etcd(draft: Draft, index: int) -> int | None:
    """Whatever etcdctl printed from this line on."""
    text = draft.lines[index].text
    if is_command(text):
        return None
    if text.lstrip()[:1] == "/":
        return _paths(draft, index)
    if _BOX.match(text):
        return _table(draft, index)
    end = index
    while end < len(draft.lines) and _line(draft, end):
        end += 1
    if end == index:
        return None
    draft.show("etcd", index)
    draft.mark(index, end, {"via": "paste", "unit": "etcd"})
    return end


def _line(draft: Draft, index: int) -> bool:
    text = draft.lines[index].text
    found = _HEALTH.match(text)
    if found:
        healthy = found[3] == "healthy"
        draft.add(
            "etcd_endpoint", index, endpoint=(found[1] or "") + found[2], host=draft.host, healthy=healthy,
            error=None if healthy else found[4], reason=None if healthy else _reason(found[4]),
        )  # fmt: skip
        return True
    found = _MEMBER_HEALTH.match(text)
    if found:
        healthy = found[2] == "healthy"
        draft.add(
            "etcd_endpoint", index, endpoint=found[3] or found[4], member=found[1], healthy=healthy,
            error=None if healthy else text.strip(),
            reason=None if healthy else "refused" if found[2] == "unreachable" else "unhealthy",
        )  # fmt: skip
        return True
    found = _FAILED_CHECK.match(text)
    if found:
        draft.add(
            "etcd_endpoint",
            index,
            endpoint=found[2],
            member=found[1],
            healthy=False,
            error=found[3],
            reason=_reason(found[3]),
        )
        return True
    if _CLUSTER.match(text):
        return True
    found = _STATUS.match(text)
    if found:
        draft.add(
            "etcd_endpoint", index, endpoint=found[1], member=found[2], version=found[3], db_bytes=size_bytes(found[4]),
            leader=found[5] == "true",
        )  # fmt: skip
        return True
    found = _MEMBER_V2.match(text)
    if found:
        draft.add(
            "etcd_endpoint", index, endpoint=found[4] or None, member=found[2] or found[1], leader=found[5] == "true"
        )
        return True
    found = _MEMBER.match(text)
    if found:
        name = found[3].rstrip(",")
        draft.add("etcd_endpoint", index, endpoint=found[5].rstrip(",") or None, member=name or found[1])
        started = found[2] == "started"
        draft.add(
            "etcd_member", index, member=found[1], name=name or None, started=started, peer=found[4].rstrip(",") or None
        )
        return True
    found = _ALARM.match(text)
    if found:
        draft.add("etcd_endpoint", index, member=found[1], alarm=found[2])
        return True
    return False


def _paths(draft: Draft, index: int) -> int | None:
    """A directory's entries below `etcdctl ls` (or `get --prefix --keys-only`)."""
    lines = draft.lines
    command = draft.command
    first = lines[index].text.strip()
    if command.tool != "etcdctl" and not first.startswith(("/registry", "/coreos.com", "/atomic.io", "/kubernetes.io")):
        return None
    end = index
    keys: list[str] = []
    while end < len(lines):
        found = _PATH.match(lines[end].text)
        if not found:
            break
        key = found[1]
        keys.append(key)
        if not key.endswith("..."):
            draft.add("etcd_key", end, key=key.rstrip("/"), exists=True)
            note_key(draft, end, key.rstrip("/"))
        end += 1
    if not keys:
        return None
    if command.tool == "etcdctl" and command.verb == "ls":
        directory = command.path or "/"
        draft.add("etcd_key", index, key=directory.rstrip("/") or "/", exists=True, dir=True, children=len(keys))
    draft.show("etcd", index)
    draft.mark(index, end, PASTE)
    return end


def _table(draft: Draft, index: int) -> int | None:
    """`endpoint status -w table`, `member list -w table`, `endpoint health -w table`."""
    lines = draft.lines
    end = index
    names: list[str] = []
    while end < len(lines):
        text = lines[end].text.strip()
        if _BOX.match(text):
            end += 1
            continue
        if not text.startswith("|"):
            break
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        if not names:
            names = cells
        else:
            _table_row(draft, end, dict(zip(names, cells, strict=False)))
        end += 1
    if not names or not ("ENDPOINT" in names or "PEER ADDRS" in names):
        return None
    draft.show("etcd", index)
    draft.mark(index, end, {"via": "paste", "unit": "etcd"})
    return end


def _table_row(draft: Draft, index: int, row: dict[str, str]) -> None:
    endpoint = row.get("ENDPOINT") or row.get("CLIENT ADDRS") or None
    error = row.get("ERROR") or row.get("ERRORS") or None
    health = row.get("HEALTH")
    leader = row.get("IS LEADER")
    alarm = re.search(r"alarm:(\w+)|\b(NOSPACE|CORRUPT)\b", error or "")
    draft.add(
        "etcd_endpoint", index, endpoint=endpoint, member=row.get("NAME") or row.get("ID") or None,
        version=row.get("VERSION") or None,
        db_bytes=size_bytes(row.get("DB SIZE", "")), leader=leader == "true" if leader in ("true", "false") else None,
        healthy=health == "true" if health in ("true", "false") else None, error=error,
        reason=_reason(error) if error and health == "false" else None, alarm=(alarm[1] or alarm[2]) if alarm else None,
    )  # fmt: skip
