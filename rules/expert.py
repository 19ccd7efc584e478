"""Observations in, an explained and ranked answer out: signatures, engine and ranking put together.

No collecting and no clock here; the loop that wants more is `bot.service`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.callers import callers
from rules.compile import Rule
from rules.engine import Engine, Inference, conclude
from rules.findings import Finding, Ranked
from rules.kinds import Fact
from rules.knowledge import Knowledge
from rules.observations import Observations, Topology
from rules.rank import Nearby, build, profile_of, rank, subject_of


@dataclass(slots=True)
class Reasoning:
    """What followed from the observations, before it is cut to the question."""

    facts: list[Fact]
    inference: Inference
    findings: list[Finding]
    topology: Topology
    profile: Mapping[str, str] = field(default_factory=dict)

    @property
    def wants(self) -> list[Fact]:
        return self.inference.wants

    def ranked(
        self, *, asked: str = "", one_text: bool = False, hygiene: bool = False, faults: bool = True
    ) -> list[Ranked]:
        """Root findings: faults and, when asked for, matters of hygiene; `faults=False`: these alone."""
        shown = [f for f in self.findings if (hygiene if f.entry.hygiene else faults)]
        return rank(shown, self.topology, asked=asked, one_text=one_text)


class Expert:
    """The knowledge at work. One engine process serves all consultations, one after the other."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.engine = Engine(knowledge.program)

    async def start(self) -> None:
        await self.engine.start()

    async def reason(self, observations: Observations, without: Iterable[Fact] = ()) -> Reasoning:
        """Everything that follows. `without`: facts to leave out, for what-if questions."""
        left_out = set(without)
        symptoms = self.knowledge.signatures.scan(observations.passages)
        facts = [f for f in dict.fromkeys([*observations.facts, *symptoms]) if f not in left_out]
        nearby = Nearby(facts)

        def on_firing(rule: Rule, bound: Mapping[str, Fact]) -> tuple[Fact, ...]:
            subject = subject_of(rule.entry, bound, nearby.to(bound.values())) if rule.entry.is_finding else ""
            return tuple(f for f in conclude(rule, bound, subject) if f not in left_out)

        inference = await self.engine.infer(facts, on_firing)
        profile = profile_of(facts)
        topology = Topology(
            [*observations.relations, *callers(facts, observations.relations, self.knowledge.resolving)]
        )
        return Reasoning(
            facts, inference, build(inference.firings, nearby, profile, self.knowledge.clients), topology, profile
        )

    async def close(self) -> None:
        await self.engine.close()
