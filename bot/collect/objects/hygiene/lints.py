"""The lints found so far: a bounded number of each check, and how many more there were."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from bot.collect.objects.resources import WORKLOADS
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import namespaced
from rules.kinds import Source, declared_attributes
from rules.observations import Gap

MAX_OF_A_CHECK: Final = 40
"""Objects named for one check: nobody mends more at a time, and the rest is counted."""
SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of the cluster's own parts, which are as their makers ship them."""
FACT_WORDS: Final = {"persistentvolumeclaim": "claim", "persistentvolume": "volume", "resourcequota": "quota"}
"""API kinds that facts call by another word."""
_WHERE: Final = frozenset(declared_attributes("lint"))


class Found(NamedTuple):
    """What a check found in one object."""

    check: str
    name: str
    value: str | None = None
    expected: str | None = None

    @property
    def shown(self) -> str:
        parts = [self.name, self.value or "", f"expected: {self.expected}" if self.expected else ""]
        return f"{self.check}: {', '.join(filter(None, parts))}"


class Lint(NamedTuple):
    """A finding of a check with the object that it is about."""

    kind: str
    namespace: str | None
    object_name: str
    found: Found

    @property
    def subject(self) -> str:
        return f"{self.kind} {namespaced(self.namespace, self.object_name)}"


class Lints:
    """Keeps the first of each check and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[Lint] = []
        self._objects: Counter[str] = Counter()
        self._last: dict[str, str] = {}
        self._left: Counter[str] = Counter()

    def add(self, kind: str, namespace: str | None, name: str, found: Found) -> None:
        """Several containers of one object count once."""
        if namespace in SYSTEM:
            return
        lint = Lint(kind, namespace, name, found)
        if self._last.get(found.check) != lint.subject:
            if self._objects[found.check] >= MAX_OF_A_CHECK:
                self._left[found.check] += 1
                self._last[found.check] = lint.subject
                return
            self._objects[found.check] += 1
            self._last[found.check] = lint.subject
        elif self._left[found.check]:
            return
        self._kept.append(lint)

    def tell(self, situation: Situation) -> None:
        for lint in self._kept:
            key = namespaced(lint.namespace, lint.object_name)
            about = {"namespace": lint.namespace} | ({"workload": lint.subject} if lint.kind in WORKLOADS else {})
            word = FACT_WORDS.get(lint.kind, lint.kind)
            if word in _WHERE:
                about[word] = key
            situation.fact(
                "lint",
                Source(lint.subject, lint.found.name, lint.found.shown),
                check=lint.found.check,
                name=lint.found.name,
                value=lint.found.value,
                expected=lint.found.expected,
                object=lint.subject,
                **about,
            )
        for check, count in sorted(self._left.items()):
            situation.out.gaps.append(
                Gap(f"{count} further objects with {check}", f"only {MAX_OF_A_CHECK} of each check are named")
            )
