"""What the collectors hand over: facts, texts still to be read by the signatures, relations and gaps.

Everything that comes from outside goes through `Observations`, whether it was a paste, a recording or a live
cluster, so that inference does not know the difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.kinds import Fact, Scalar, Source

_KIND_OF_WORD: Final = {
    "claim": "persistentvolumeclaim",
    "volume": "persistentvolume",
    "autoscaler": "horizontalpodautoscaler",
    "disruption_budget": "poddisruptionbudget",
    "quota": "resourcequota",
}
"""The vocabulary's short words for kinds, as they begin a subject -> the kind in lower case."""


def canonical(subject: str) -> str:
    """One spelling of a subject, so that what people, objects and knowledge call differently is the same thing.

    >>> canonical("claim shop/data")
    'persistentvolumeclaim shop/data'
    """
    word, blank, name = subject.partition(" ")
    return f"{_KIND_OF_WORD[word]} {name}" if blank and word in _KIND_OF_WORD else subject


@dataclass(frozen=True, slots=True)
class Passage:
    """A text for the signatures, with what it is about.

    `about` holds attributes of the fact kind `symptom` (at least `via`); they are copied to every symptom found
    in the text. `source` is where the text was read; its `where` may be a line number (`line 12`) of the first line.
    """

    text: str
    about: Mapping[str, Scalar]
    source: Source


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be learned, why, and the command by which a person can supply it."""

    what: str
    why: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """`lower` depends on `upper`, so a fault of `upper` can show as a fault of `lower`.

    Both are subjects (`node n1`, `pod shop/web-0`, `secret shop/db`); `how` is a verb for the reader: runs,
    owns, backs, is mounted by, is used by, limits.
    """

    upper: str
    lower: str
    how: str


class Topology:
    """Which subject depends on which. Answers whether a fault of one can reach another, and by which steps."""

    MAX_STEPS = 5
    """A chain longer than node, pod, replica set, deployment, autoscaler explains nothing to a reader."""

    def __init__(self, relations: Iterable[Relation] = ()) -> None:
        self._below: dict[str, dict[str, str]] = {}
        self._above: dict[str, dict[str, str]] = {}
        for relation in relations:
            self.add(relation)

    def add(self, relation: Relation) -> None:
        upper, lower = canonical(relation.upper), canonical(relation.lower)
        self._below.setdefault(upper, {})[lower] = relation.how
        self._above.setdefault(lower, {})[upper] = relation.how

    def above(self, subject: str) -> Mapping[str, str]:
        """What `subject` depends on directly, with how."""
        return self._above.get(canonical(subject), {})

    def below(self, subject: str) -> Mapping[str, str]:
        """What depends on `subject` directly, with how."""
        return self._below.get(canonical(subject), {})

    def path(self, upper: str, lower: str) -> list[Relation] | None:
        """The shortest chain of relations from `upper` down to `lower`; [] if they are the same, None if none."""
        upper, lower = canonical(upper), canonical(lower)
        if upper == lower:
            return []
        came_from: dict[str, Relation] = {}
        queue = deque([(lower, 0)])
        while queue:
            here, steps = queue.popleft()
            if steps == self.MAX_STEPS:
                continue
            for above, how in self._above.get(here, {}).items():
                if above in came_from or above == lower:
                    continue
                came_from[above] = Relation(above, here, how)
                if above == upper:
                    return self._walk(came_from, upper, lower)
                queue.append((above, steps + 1))
        return None

    @staticmethod
    def _walk(came_from: Mapping[str, Relation], upper: str, lower: str) -> list[Relation]:
        chain = []
        here = upper
        while here != lower:
            chain.append(came_from[here])
            here = came_from[here].lower
        return chain


@dataclass(slots=True)
class Observations:
    """What one collection brought. Several are merged with `extend`."""

    facts: list[Fact] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def extend(self, other: Observations) -> None:
        self.facts += other.facts
        self.passages += other.passages
        self.relations += other.relations
        self.gaps += other.gaps
