"""No condition of a join is decorative: each joined way of an entry needs every one of its facts.

A match example fires the way; then each fact that took part is taken away, one at a time. The way must not fire on the
rest, unless another fact of the example takes the place of the missing one. And if the entry is then still found by
another of its ways, just as surely, the joined way has told nothing that the simpler one did not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from bot.kb import ExampleSource
from rules.compile import Rule
from rules.engine import Firing
from rules.expert import Expert
from rules.findings import Finding
from rules.kinds import Fact
from rules.knowledge import load
from rules.schema import Entry

JOINED = [entry for entry in load().entries if any(len(route.patterns) > 1 for route in entry.routes)]


@dataclass(slots=True)
class Trial:
    """What became of one entry: faults, and which of its joined ways were seen to fire."""

    faults: list[str] = field(default_factory=list)
    fired: set[str] = field(default_factory=set)


async def try_entry(expert: Expert, entry: Entry) -> Trial:
    trial = Trial()
    for example in entry.match:
        source = ExampleSource(example)
        observations = await source.collect(source.question)
        whole = await expert.reason(observations)
        for firing in joined_firings(whole.inference.firings, entry):
            trial.fired.add(firing.rule.name)
            for role, fact in firing.bound.items():
                rest = {name: other for name, other in firing.bound.items() if name != role}
                poorer = await expert.reason(observations, without=[fact])
                at = f"{firing.rule.name}, example {example.name!r}, without {role} ({fact})"
                again = [f for f in joined_firings(poorer.inference.firings, entry) if is_same(f, firing.rule, rest)]
                if any(f.bound[role] == fact for f in again):
                    trial.faults.append(f"{at}: fires all the same")
                elif not again and is_as_sure(poorer.findings, whole.findings, firing):
                    trial.faults.append(f"{at}: decorative, another way of the entry is as sure")
    return trial


def joined_firings(firings: Iterable[Firing], entry: Entry) -> list[Firing]:
    return [f for f in firings if f.rule.entry.id == entry.id and len(f.rule.route.patterns) > 1]


def is_same(firing: Firing, rule: Rule, rest: Mapping[str, Fact]) -> bool:
    return firing.rule is rule and all(firing.bound[name] == fact for name, fact in rest.items())


def is_as_sure(poorer: Iterable[Finding], whole: Iterable[Finding], firing: Firing) -> bool:
    """Whether the finding that this firing led to is still there, no less certain."""
    before = next((f for f in whole if any(each is firing for each in f.firings)), None)
    if before is None:
        return False
    return any(f.key == before.key and f.certainty >= before.certainty for f in poorer)


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """Every joined entry tried, by one engine: starting it takes longer than the trials."""

    async def run() -> dict[str, Trial]:
        expert = Expert(load())
        try:
            return {entry.id: await try_entry(expert, entry) for entry in JOINED}
        finally:
            await expert.close()

    return asyncio.run(run())


@pytest.mark.parametrize("entry", JOINED, ids=lambda entry: entry.id)
def test_every_fact_of_a_join_is_needed(entry: Entry, trials: Mapping[str, Trial]) -> None:
    assert trials[entry.id].faults == []


@pytest.mark.parametrize("entry", JOINED, ids=lambda entry: entry.id)
def test_every_join_is_shown_by_an_example(entry: Entry, trials: Mapping[str, Trial]) -> None:
    joined = {f"{entry.id}/{number}" for number, route in enumerate(entry.routes) if len(route.patterns) > 1}
    assert joined - trials[entry.id].fired == set()
