"""Two things that only stand in plain text: settings in configuration files, and why a connection failed.

The block readers leave such lines as passages for the signatures; the joins need them as facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.collect.joins.components import Components
from rules.kinds import Fact, Source, fact
from rules.observations import Passage

_VARIABLE: Final = re.compile(r"\s*(?:export )?([A-Z][A-Z0-9_]{3,60})=[\"']?([^\"'\n]{1,500})[\"']?\s*$")
_FLAG: Final = re.compile(r"(?<![\w-])--?([a-z][a-z_-]{3,40})[= ][\"']?([^\s\"'-][^\s\"']{0,499})")
_OWNER: Final = (
    ("FLANNEL", "flanneld"),
    ("KUBE_PROXY", "kube-proxy"),
    ("KUBE_ETCD", "kube-apiserver"),
    ("ETCD_", "etcd"),
)
_FLAG_OWNER: Final = {
    "etcd_servers": "kube-apiserver",
    "etcd-servers": "kube-apiserver",
    "etcd_server": "kube-apiserver",
    "etcd-endpoints": "flanneld",
    "etcd-prefix": "flanneld",
    "etcd_prefix": "flanneld",
    "proxy-port-range": "kube-proxy",
    "proxy_port_range": "kube-proxy",
}
_CURL: Final = re.compile(
    r"curl: \((\d{1,2})\) (?:Failed (?:to )?connect to|connect to|Could not resolve host:) ?\[?([\w.:-]{1,253}?)\]?"
    r"(?:(?: port |:)(\d{1,5}))?(?:[;:, ]+(?:after \d+ ms: |failed: )?([A-Z][\w' ]{1,60}))?\s*$"
)
_ERRORS: Final = (
    ("refused", "refused"),
    ("no route", "no-route"),
    ("unreachable", "unreachable"),
    ("time", "timeout"),
    ("resolve", "unknown-host"),
)


def text_facts(passages: Iterable[Passage], components: Components) -> Iterator[Fact]:
    """Settings and failed connections in these passages, with the host that the text is from."""
    wanted = {key for keys in components.settings.values() for key in keys}
    for passage in passages:
        if "curl: (" not in passage.text and not any(key in passage.text for key in wanted):
            continue
        host = passage.about.get("host")
        for number, line in enumerate(passage.text.splitlines()):
            source = _source(passage, number, line)
            yield from _settings(line, str(host) if host else None, source, wanted)
            found = _reach(line, str(host) if host else None, source)
            if found is not None:
                yield found


def _source(passage: Passage, number: int, line: str) -> Source:
    where = passage.source.where
    if where.startswith("line ") and where[5:].isdigit():
        where = f"line {int(where[5:]) + number}"
    return Source(passage.source.what, where, line.strip()[:500])


def _settings(line: str, host: str | None, source: Source, wanted: set[str]) -> Iterator[Fact]:
    if line.lstrip().startswith("#"):
        return
    variable = _VARIABLE.match(line)
    if variable and variable[1] in wanted:
        unit = next((unit for start, unit in _OWNER if variable[1].startswith(start)), None)
        value = variable[2].strip()
        yield fact("setting", source, host=host, unit=unit, key=variable[1], value=value)
        return
    for key, value in _FLAG.findall(line):
        if key in wanted and key in _FLAG_OWNER:
            yield fact("setting", source, host=host, unit=_FLAG_OWNER[key], key=key, value=value)


def _reach(line: str, host: str | None, source: Source) -> Fact | None:
    if "curl: (" not in line:
        return None
    found = _CURL.search(line)
    if not found:
        return None
    code, target, port, said = found.groups()
    text = "resolve" if code == "6" else (said or "").lower()
    error = next((error for part, error in _ERRORS if part in text), "timeout" if code == "28" else None)
    number = int(port) if port else None
    return fact("reach", source, host=host, target=target, port=number, ok=False, error=error)
