"""Texts of hosts and containers -> observations, the same for a recording and for a live cluster.

What a command printed on a host says about that host; what a container's log is about.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.collect.journal_runs import present
from bot.collect.passing import without_passing
from rules.kinds import Fact, Scalar, Source, declared_attributes, fact
from rules.observations import Observations, Passage

_PING: Final = re.compile(r"(\d{1,9}) packets transmitted, (\d{1,9}) (?:packets )?received[^\n]{0,100}")
_PING_HEAD: Final = re.compile(r"^PING \S{1,253} \(([0-9a-fA-F:.]{2,45})\)", re.MULTILINE)
Read = Callable[..., Observations]


def read_text(content: str, name: str, now: datetime | None) -> Observations:
    """What a text says, read by `bot.read`, which is loaded when the first text is there."""
    read: Read = importlib.import_module("bot.read").read
    return read(content, source_name=name, now=now)


def node_of_host(host: str, nodes: Mapping[str, str]) -> str | None:
    """The node (name -> address) that a host is: of the same name or address, or the same but for the domain."""
    if host in nodes:
        return host
    short = host.partition(".")[0]
    found = [name for name, address in nodes.items() if name.partition(".")[0] == short or address == host]
    return found[0] if len(found) == 1 else None


def host_text(
    content: str, host: str, node: str | None, name: str, now: datetime | None, journal_of: str | None = None
) -> Observations:
    """What a command printed on a host. `name` is what sources call it, `journal_of` the unit if it is its journal."""
    found = read_text(present(content) if journal_of else content, f"{host}:{name}", now)
    about: dict[str, Scalar] = {"host": host}
    if node:
        about["node"] = node
    if journal_of:
        about["unit"] = journal_of
    found.facts = [_with_host(each, about) for each in found.facts if each.kind != "paste"]
    found.passages = [
        replace(each, about=_with(each.about, about) | {"via": _via(each, journal_of is not None)})
        for each in found.passages
    ]
    return found


def _via(passage: Passage, journal: bool) -> Scalar:
    via = passage.about.get("via", "command")
    return ("journal" if journal else "command") if via == "paste" else via


def _with(known: Mapping[str, Scalar], about: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What a text of a host is about: that host, by its name here (a journal cuts it short), and the rest."""
    merged = {**about, **known}
    host = str(about["host"])
    if str(known.get("host", host)).partition(".")[0] == host.partition(".")[0]:
        merged["host"] = host
    return merged


def _with_host(found: Fact, about: Mapping[str, Scalar]) -> Fact:
    """A fact out of a host's text, with the host (and node, and unit) that its text did not name."""
    declared = declared_attributes(found.kind)
    named = {key: value for key, value in _with(found.attributes, about).items() if key in declared}
    return replace(found, attributes=named)


def ping_facts(content: str, host: str, node: str | None, file: str) -> list[Fact]:
    """Whether a host answers: the text is what `ping HOST` printed elsewhere."""
    sent = _PING.search(content)
    if sent is None:
        return []
    reached = int(sent[2]) > 0
    address = _PING_HEAD.search(content)
    found = address[1] if address else None
    source = Source(f"host {host}", file, sent[0])
    error = None if reached else "loss"
    return [
        fact("host", source, host=host, node=node, address=found, reachable=reached, reason=error),
        fact("reach", source, target=host, ok=reached, error=error),
    ]


# --- logs of containers ----------------------------------------------------------------------------------
def log_passage(content: str, pod: str, container: str | None, line: int, known: Fact | None) -> Passage:
    """A container's log for the signatures. `pod` is `namespace/name`, `known` the Pod's own fact."""
    about: dict[str, Scalar] = {
        "via": "log",
        "object": f"pod {pod}",
        "namespace": pod.rpartition("/")[0],
        "pod": pod,
    }
    if container:
        about["container"] = container
    for attribute in ("node", "workload"):
        value = known.get(attribute) if known else None
        if value is not None:
            about[attribute] = value
    name = f"log of pod {pod}" + (f", container {container}" if container else "")
    well = known is not None and known.get("ready") is True and not known.get("restarts")
    return Passage(without_passing(content) if well else content, about, Source(name, f"line {line}"))
