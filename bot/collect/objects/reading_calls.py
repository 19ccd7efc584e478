"""From a Pod's spec to whom it calls: hosts in its commands and environment that can only be Services of the cluster.

A log says whom a Pod could not reach; what it waits for in silence stands only in the init container's command or in
a variable. Names are those of https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/: one bare
label is a Service of the Pod's own namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.collect.objects.records import Call
from bot.collect.objects.values import Json, mappings, sequence, text

MAX_CALLS: Final = 40
"""Hosts kept of one Pod."""
_LABEL: Final = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = rf"(?P<host>{_LABEL}(?:\.{_LABEL}(?:\.svc(?:\.[a-z0-9.-]{{1,200}})?)?)?)"
_URL: Final = re.compile(rf"[a-z][a-z0-9+.-]{{1,20}}://(?:[^@/\s\"']{{1,200}}@)?{_HOST}(?=[:/\"'\s?;,)]|$)")
_TOOL: Final = re.compile(
    rf"(?:\b(?:nslookup|getent (?:hosts|ahosts)|dig(?: \+\w+)*|host|nc(?: -[\w]+(?: \d+)?)*|telnet|"
    rf"pg_isready[^\n;|&]{{0,40}}? -h|mysqladmin[^\n;|&]{{0,60}}? -h|redis-cli[^\n;|&]{{0,40}}? -h|"
    rf"wait-for-it(?:\.sh)?|wait-for(?:\.sh)?)[ =]|/dev/tcp/){_HOST}(?=[:/\"'\s;)]|$)"
)
_QUALIFIED: Final = re.compile(rf"(?<![\w.-])(?P<host>{_LABEL}\.{_LABEL}\.svc(?:\.[a-z0-9.-]{{1,200}})?)(?![\w-])")
_WHOLE: Final = re.compile(rf"{_HOST}(?::\d{{1,5}})?$")
_VARIABLE: Final = re.compile(r"(?:^|_|^PG)(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|ENDPOINT|SERVICE|BROKERS?)$")
_NOT_SERVICES: Final = frozenset({"localhost", "host", "true", "false", "none", "kubernetes"})


def calls(spec: Json) -> tuple[Call, ...]:
    """The hosts that the containers of a Pod spec name; () where `hostAliases` may mean anything by a name."""
    if spec.get("hostAliases") or spec.get("hostNetwork") is True:
        return ()
    found: dict[Call, None] = {}
    for role in ("initContainers", "containers"):
        for container in mappings(spec.get(role)):
            for each in _of_container(container):
                found[each] = None
                if len(found) == MAX_CALLS:
                    return tuple(found)
    return tuple(found)


def _of_container(container: Json) -> Iterator[Call]:
    name = text(container.get("name")) or ""
    for key in ("command", "args"):
        for part in sequence(container.get(key)):
            for host in _hosts_in(str(part)[:4000]):
                yield Call(name, host, "command")
    for variable in mappings(container.get("env")):
        value = text(variable.get("value"))
        if not value or len(value) > 1000:
            continue
        whole = _WHOLE.fullmatch(value) if _VARIABLE.search(text(variable.get("name")) or "") else None
        for host in [whole["host"]] if whole else _hosts_in(value, (_URL, _QUALIFIED)):
            if host not in _NOT_SERVICES:
                yield Call(name, host, "variable")


def _hosts_in(value: str, patterns: tuple[re.Pattern[str], ...] = (_URL, _TOOL, _QUALIFIED)) -> Iterator[str]:
    for pattern in patterns:
        for found in pattern.finditer(value):
            if found["host"] not in _NOT_SERVICES:
                yield found["host"]
