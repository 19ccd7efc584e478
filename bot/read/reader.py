"""Goes through a text once, line by line, and lets the reader of each block take what it knows.

A line is shown to few readers: its first word decides. What none takes is prose, or a message that stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.read import cluster, rows, rows_2015
from bot.read.certificates import read_certificate
from bot.read.commands import read_command
from bot.read.containers import read_containers
from bot.read.describe import read_description
from bot.read.describe_objects import READERS, emit_node_condition
from bot.read.draft import PASTE, Draft
from bot.read.etcd import read_etcd
from bot.read.events import emit_timed_rows, read_events, retire_events
from bot.read.firewall import read_firewall
from bot.read.journal import log_about, read_log
from bot.read.machine import read_machine
from bot.read.manifests import check_manifests
from bot.read.normalize import normalize
from bot.read.objects import read_objects
from bot.read.sockets import read_sockets
from bot.read.systemd import read_systemd
from bot.read.tables import Row, read_table
from bot.read.words import UNKNOWN_NODE, UNKNOWN_POD
from bot.read.wrapping import unwrap
from rules.kinds import Fact, Source, fact
from rules.observations import Observations, Passage
from rules.scheduler_message import parse

BlockReader = Callable[[Draft, int], "int | None"]

_SCHEDULER: Final = (
    "nodes are available",
    "No nodes are available",
    "and possibly others",
    "nodes available to schedule",
    "find fit for pod",
    "fit failure on node",
    "fit failure summary on nodes",
)
_NODE_TYPES = re.compile(
    r"\s*(?:MemoryPressure|DiskPressure|PIDPressure|NetworkUnavailable|OutOfDisk|Ready)\s+(?:True|False|Unknown)\s+\S"
)
_NODE_TABLE = re.compile(r"\s*Type\s+Status\s+LastHeartbeatTime")


def _take_row(draft: Draft, index: int, row: Row, names: frozenset[str]) -> bool:
    return rows_2015.take_row(draft, index, row, names) or rows.take_row(draft, index, row, names)


def _read_table(draft: Draft, index: int) -> int | None:
    text = draft.lines[index].text
    if text.lstrip().startswith("TIME") and "REASON" in text:
        end = emit_timed_rows(draft, index)
        if end:
            return end
    return read_table(draft, index, _take_row)


def _read_description(draft: Draft, index: int) -> int | None:
    return read_description(draft, index, READERS)


def _read_node_conditions(draft: Draft, index: int) -> int | None:
    """A node's condition table whose description around it was not pasted."""
    end = index
    text = draft.lines[end].text
    if not _NODE_TABLE.match(text) and not _NODE_TYPES.match(text):
        return None
    node = UNKNOWN_NODE
    if draft.command.kind == "node" and draft.command.name:
        node = draft.command.name
    while end < len(draft.lines):
        text = draft.lines[end].text
        if emit_node_condition(draft, end, node):
            draft.mark(end, end + 1, {"via": "paste", "node": node})
        elif not (_NODE_TABLE.match(text) or text.strip().startswith("----")):
            break
        end += 1
    draft.show("describe-node", index)
    draft.mark(index, end, PASTE)
    return end


_BY_SHAPE: Final[tuple[BlockReader, ...]] = (
    read_command,
    read_events,
    read_log,
    _read_table,
    read_objects,
    _read_node_conditions,
    _read_description,
    read_systemd,
    read_sockets,
    read_containers,
    read_etcd,
    read_firewall,
    read_machine,
    read_certificate,
    rows.read_bare_rows,
)
"""In the order in which they are asked; those whose marks are surest come first."""


_OPENING_WORDS: Final = frozenset(
    "kubectl k oc sudo systemctl journalctl docker crictl etcdctl curl netstat ss iptables firewall nft kubeadm "
    "helm for NAME NAMESPACE POD "
    "CONTROLLER LAST LASTSEEN FIRSTSEEN FIRST TIME NODE HOST Normal Warning Type FirstSeen LastSeen Start Init "
    "Controlled Container Last "
    "QoS Service Restart Exit Pods Allocated System Failed Unit UNIT tcp udp LISTEN UNCONN Active Proto Netid State "
    "CONTAINER member "
    "cluster failed Chain table chain goroutine Ready OutOfDisk MemoryPressure DiskPressure PIDPressure "
    "NetworkUnavailable Loaded ip".split()
)
"""Words that a line of some block begins with. Any other plain word begins a sentence."""


def _is_prose(text: str) -> bool:
    """Whether a line is surely a sentence: most lines of most pastes are, and need not be shown to every reader."""
    words = text.split(None, 2)
    first = words[0]
    if len(words) < 3 or first in _OPENING_WORDS or not first.isalpha() or not first.isascii():
        return False
    return not (
        words[1][0].isdigit()
        or words[1].endswith(":")
        or "  " in text.strip()
        or "/" in words[1]
        or words[1][0] == "("
        or text[0] == " "
    )


def read_text(text: str, source_name: str, now: datetime | None) -> Observations:
    """Everything that a text says: see `bot.read.read`."""
    page = normalize(text)
    draft = Draft(page, source_name, now, lines=unwrap(page.lines))
    lines = draft.lines
    index = 0
    prose_at = -1
    while index < len(lines):
        stripped = lines[index].text
        if not stripped or stripped.isspace():
            index += 1
            continue
        if _is_prose(stripped):
            _note_line(draft, index)
            if prose_at < 0:
                prose_at = index
            index += 1
            continue
        for reader in _BY_SHAPE:
            end = reader(draft, index)
            if end is not None and end > index:
                index = end
                break
        else:
            _note_line(draft, index)
            if prose_at < 0:
                prose_at = index
            index += 1
    if prose_at >= 0:
        draft.show("prose", prose_at)
    _finish(draft)
    retire_events(draft)
    seen = draft.finish()
    seen.facts += _scheduling(seen.passages, draft.only_pod or UNKNOWN_POD)
    return seen


def _note_line(draft: Draft, index: int) -> None:
    """A line that no block takes: below `kubectl logs` it is the log's, else plain text."""
    about = log_about(draft)
    if (
        about is None
        and draft.command.tool
        and draft.command.verb in ("describe", "get")
        and draft.command.name
        and draft.command.kind == "pod"
    ):
        about = {"via": "paste", "pod": draft.qualify(draft.command.name)}
    draft.abouts[index] = about or PASTE


def _finish(draft: Draft) -> None:
    check_manifests(draft)
    whole = "\n".join([line.text for line in draft.lines])
    cluster.gather(draft, whole)
    count = draft.lines[-1].number if draft.lines else 0
    if whole.strip():
        draft.facts.append(fact("paste", Source(draft.source_name), lines=count))
        for what, index in draft.shows.items():
            draft.add("paste", index, shows=what)


def _scheduling(passages: list[Passage], unnamed: str) -> list[Fact]:
    """The clauses of every scheduler's message in the passages. `unnamed` is the Pod of those that name none."""
    found: list[Fact] = []
    for passage in passages:
        text = passage.text
        if not any(sign in text for sign in _SCHEDULER) and passage.about.get("reason") != "FailedScheduling":
            continue
        parts = text.split("\n") if text.count("are available") > 1 else [text]
        pod = passage.about.get("pod") or unnamed
        for part in dict.fromkeys(parts):
            for clause in parse(part):
                found.append(
                    fact(
                        "unschedulable",
                        passage.source,
                        pod=pod,
                        **{**clause.attributes, "clause": clause.text[:500]},
                    )
                )
    return list(dict.fromkeys(found))
