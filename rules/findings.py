"""What inference found out, in the shape that ranking, explanation and rendering share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.engine import Firing
from rules.errors import KdiagError
from rules.kinds import Fact
from rules.observations import Gap
from rules.schema import Entry, Text, nearest


@dataclass(frozen=True, slots=True)
class FixStep:
    command: str
    note: Text
    risk: str
    on: str = ""
    """The host to run it on; empty where one works, or where the host is not known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause on one subject, with its texts filled in."""

    entry: Entry
    subject: str
    certainty: float
    title: Text
    cause: Text
    evidence: tuple[Fact, ...]
    fix: tuple[FixStep, ...]
    verify: tuple[str, ...]
    confirm: Text
    refute: Text
    ask: Text
    unknown: tuple[str, ...]
    """Words of the commands that are not known and stand there as `<word>`."""
    firings: tuple[Firing, ...]

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def key(self) -> tuple[str, str]:
        return self.entry.id, self.subject

    def fingerprint(self, cluster: str = "") -> str:
        """The same for the same cause on the same subject in the same cluster, from day to day."""
        return hashlib.sha256(f"{cluster}\0{self.id}\0{self.subject}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A root finding and what it accounts for."""

    finding: Finding
    explains: tuple[Finding, ...]
    siblings: tuple[Finding, ...] = ()
    """The same cause on further subjects of the same kind (other Pods of the same Deployment)."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A cause that was considered and not concluded, and what is missing or against it."""

    id: str
    title: Text
    missing: str


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a Pod came, and the finding that stopped it."""

    reached: str
    stopped_by: str | None


@dataclass(frozen=True, slots=True)
class EtcdView:
    """What etcd holds at a path: the keys of a directory, or a value."""

    key: str
    directory: bool
    children: tuple[str, ...]
    value: str


@dataclass(slots=True)
class Answer:
    """The whole answer to one question."""

    question: Mapping[str, str]
    roots: list[Ranked] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    asks: list[Text] = field(default_factory=list)
    stage: Stage | None = None
    etcd: EtcdView | None = None
    cluster: str = ""
    facts: list[Fact] = field(default_factory=list)
    """All facts that were reasoned on, for `kdiag why`."""

    @property
    def findings(self) -> list[Finding]:
        return [f for ranked in self.roots for f in (ranked.finding, *ranked.siblings, *ranked.explains)]


def named(findings: Sequence[Finding], wanted: str) -> Finding | None:
    """The finding a person means; None if there are none at all. KdiagError names those there are."""
    if not findings:
        return None
    for finding in findings:
        if wanted in (finding.id, finding.fingerprint(), f"{finding.id}@{finding.subject}"):
            return finding
    known = ", ".join(dict.fromkeys(f.id for f in findings))
    raise KdiagError(
        f"the last answer has no finding {wanted!r}{nearest(wanted, [f.id for f in findings])}; it has: {known}"
    )
