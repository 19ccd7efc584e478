"""The scheduler's message about a Pod that fits nowhere, taken apart into one record a clause.

Pure, and apart from the readers, because the same message arrives in a paste, in an event, in a Pod's
`PodScheduled` condition and in a journal. All eras: `0/3 nodes are available: ...` (since 1.10), `No nodes are
available that match all of the following predicates:: ...` (1.5 to 1.9), `pod (web) failed to fit in any node` (1.2
to 1.5), `Failed for reason PodFitsResources and possibly others` (2015).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from rules.kinds import Scalar

MAX_CLAUSES: Final = 64
"""A message has one clause a reason; more than this is not a scheduler's message."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One reason: how many nodes (None where the message does not count), of how many, and why."""

    text: str
    because: str
    nodes: int | None = None
    of: int | None = None
    resource: str | None = None
    taint: str | None = None
    alone: bool = False
    """The message gives no other reason."""

    @property
    def every_node(self) -> bool | None:
        """Whether it alone excludes all nodes; None where the message does not count."""
        return None if self.nodes is None or not self.of else self.nodes >= self.of

    @property
    def attributes(self) -> dict[str, Scalar | None]:
        """What the fact `unschedulable` says of it."""
        return {
            "nodes": self.nodes,
            "of": self.of,
            "every_node": self.every_node,
            "clause": self.text,
            "because": self.because,
            "resource": self.resource,
            "taint": self.taint,
            "taint_key": self.taint.partition("=")[0] if self.taint else None,
            "alone": self.alone or None,
        }


_HEAD = re.compile(r"\b(\d{1,7})/(\d{1,7}) nodes are available:?\s*")
_OLD_HEAD = re.compile(
    r"No nodes are available that match all of the (?:following )?predicates:{1,2}\s*|fit failure summary on nodes ?: ?"
)
_NO_NODES = re.compile(r"no nodes available to schedule pods")
_FIT_2015 = re.compile(r"Failed for reason (\w{1,60}) and possibly others")
_FIT_NODE = re.compile(
    r"fit failure on node \(([^)\s]{1,253})\): ([^\n]{1,200}?)(?=\s*fit failure on node|\s*(?:\n|$))"
    r"|[Ff]ailed to find fit for pod, Node "
)
_NODE_REASON = re.compile(r"Node ([\w.-]{1,253}): (\w{1,60})")
_END = re.compile(
    r"\.{1,2}\s*(?:preemption:|no new claims|Preemption|,? ?preemption )|\bpreemption: |[\"']\s*(?:\w+[=:]|$)|\n\s*\n"
)
_NEXT = re.compile(r",\s+(?=\d{1,7}\s+(?!\())|(?<=\))\s*,\s*(?=[A-Z])")
_COUNTED = re.compile(r"(\d{1,7})\s+(.*)", re.DOTALL)
_COUNTED_AFTER = re.compile(r"(.*?) \((\d{1,7})\)$", re.DOTALL)
_TAINT = re.compile(r"\{\s*([^{}:]{1,300}?)\s*:\s*([^{}]{0,100}?)\s*\}")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]{1,200}\w)")
_BARE = re.compile(
    r"persistentvolumeclaims? \"[^\"\n]{1,300}\" (?:not found|is being deleted|bound to non-existent)[^\n]{0,300}"
    r"|pod has unbound (?:immediate )?PersistentVolumeClaims"
    r"|waiting for scheduling gates: [^\n]{1,300}|PersistentVolumeClaim is not bound: [^\n]{1,300}"
)

_BECAUSE: Final[tuple[tuple[str, str], ...]] = (
    ("insufficient ", "insufficient"),
    ("podfitsresources", "insufficient"),
    ("podexceedsfreecpu", "insufficient"),
    ("podexceedsfreememory", "insufficient"),
    ("capacityexceeded", "insufficient"),
    ("enough free storage", "insufficient"),
    ("too many pods", "too-many-pods"),
    ("node.kubernetes.io/not-ready", "not-ready"),
    ("node.kubernetes.io/unreachable", "not-ready"),
    ("node.alpha.kubernetes.io/notready", "not-ready"),
    ("node.kubernetes.io/unschedulable", "unschedulable"),
    ("taint", "taint"),
    ("were unschedulable", "unschedulable"),
    ("nodeunschedulable", "unschedulable"),
    ("not ready", "not-ready"),
    ("nodenotready", "not-ready"),
    ("unknown condition", "not-ready"),
    ("noderulescheck", "not-ready"),
    ("anti-affinity", "pod-anti-affinity"),
    ("pod affinity", "pod-affinity"),
    ("interpodaffinity", "pod-affinity"),
    ("topology spread", "topology-spread"),
    ("bound to non-existent", "claim-missing"),
    ("volume node affinity conflict", "volume-zone"),
    ("persistentvolume's node affinity", "volume-zone"),
    ("novolumezoneconflict", "volume-zone"),
    ("available volume zone", "volume-zone"),
    ("persistent volumes to bind", "volume-binding"),
    ("binding volumes", "volume-binding"),
    ("volumebinding", "volume-binding"),
    ("max volume count", "volume-limit"),
    ("maxebsvolumecount", "volume-limit"),
    ("maxgcepdvolumecount", "volume-limit"),
    ("unbound", "claim-unbound"),
    ("is not bound", "claim-unbound"),
    ("persistentvolumeclaim", "claim-missing"),
    ("free ports", "host-port"),
    ("podfitshostports", "host-port"),
    ("podfitsports", "host-port"),
    ("requested node name", "node-name"),
    ("requested hostname", "node-name"),
    ("hostname", "node-name"),
    ("node affinity/selector", "node-selector"),
    ("node selector", "node-selector"),
    ("matchnodeselector", "node-selector"),
    ("node affinity", "affinity"),
)
"""Part of a clause in lower case -> why; the first that occurs counts."""


def because(clause: str) -> str:
    """The word of `unschedulable.because` for a clause; `other` when it is none that is known.

    >>> because("node(s) didn't match pod anti-affinity rules")
    'pod-anti-affinity'
    """
    low = clause.lower()
    if "affinity/anti-affinity" in low:
        return "pod-affinity"
    return next((word for part, word in _BECAUSE if part in low), "other")


def _clause(text: str, nodes: int | None, of: int | None) -> Clause:
    text = " ".join(text.split()).rstrip(".,; ")
    why = because(text)
    resource = None
    taint = None
    if why == "insufficient":
        found = _INSUFFICIENT.search(text)
        if found:
            resource = found[1].lower() if found[1] in ("Memory", "CPU") else found[1]
        elif "FreeCPU" in text:
            resource = "cpu"
        elif "FreeMemory" in text:
            resource = "memory"
    if "taint" in text:
        named = _TAINT.search(text)
        if named:
            taint = f"{named[1]}={named[2]}" if named[2] else named[1]
    return Clause(text, why, nodes, of, resource, taint)


def _counted(body: str, of: int | None) -> list[Clause]:
    clauses = []
    for part in _NEXT.split(body, MAX_CLAUSES)[:MAX_CLAUSES]:
        part = part.strip().rstrip(".")
        if not part:
            continue
        before = _COUNTED.fullmatch(part)
        after = None if before else _COUNTED_AFTER.fullmatch(part)
        if before:
            clauses.append(_clause(before[2], int(before[1]), of))
        elif after:
            clauses.append(_clause(after[1], int(after[2]), of))
        else:
            clauses.append(_clause(part, None, of))
    return [clause for clause in clauses if clause.text]


def parse(message: str) -> list[Clause]:
    """The clauses of the first scheduler's message in `message`; [] when there is none. Preemption's part is dropped.

    >>> parse("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {gpu: yes}.")[1].taint
    'gpu=yes'
    """
    clauses = _parse(message)
    return [replace(clauses[0], alone=True)] if len(clauses) == 1 else clauses


def _parse(message: str) -> list[Clause]:
    message = message.replace("''", "'")  # as YAML writes a quote within quotes
    head = _HEAD.search(message)
    if head:
        body = message[head.end() : head.end() + 8192]
        end = _END.search(body)
        return _counted(body[: end.start()] if end else body, int(head[2]))
    head = _OLD_HEAD.search(message)
    if head:
        body = message[head.end() : head.end() + 8192]
        end = _END.search(body)
        return _counted(body[: end.start()] if end else body, None)
    reason = _FIT_2015.search(message)
    if reason:
        return [_clause(reason[1], None, None)]
    if _FIT_NODE.search(message):
        fits: dict[str, int] = {}
        for found in list(_FIT_NODE.finditer(message))[:4096]:
            if found[2]:
                fits[found[2].strip()] = fits.get(found[2].strip(), 0) + 1
        for found in list(_NODE_REASON.finditer(message))[:4096] if not fits else ():
            fits[found[2]] = fits.get(found[2], 0) + 1
        return [_clause(text, count, None) for text, count in fits.items()][:MAX_CLAUSES]
    if _NO_NODES.search(message):
        return [Clause("no nodes available to schedule pods", "other", 0, 0)]
    bare = _BARE.search(message)
    return [_clause(bare[0], None, None)] if bare else []
