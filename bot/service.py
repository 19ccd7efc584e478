"""The consultation: collect, infer, want more, stop. The only file that knows every stage.

A `Source` answers wants; whether it is a paste, a recording or a live cluster makes no difference here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import yaml

from bot.collect.derive import derive, relate
from bot.collect.redact import redact
from bot.etcd_view import view
from bot.questions import OBJECT_KINDS, Question
from rules.errors import KdiagError
from rules.expert import Expert, Reasoning
from rules.findings import Answer, Ranked, Stage
from rules.kinds import Fact
from rules.kinds import Source as FactSource
from rules.knowledge import BUILT_IN
from rules.observations import Gap, Observations, Passage
from rules.schema import Loader
from rules.stages import stage_of

MAX_ROUNDS: Final = 4
MAX_WANTS: Final = 60
"""Wants met in one round; the rest becomes one gap."""
BUDGET_S: Final = 20.0


class Source(Protocol):
    """Where facts come from. Raises KdiagError only when the question itself cannot be answered."""

    async def collect(self, question: Question) -> Observations: ...

    async def satisfy(self, want: Fact) -> Observations: ...

    def asked(self, question: Question) -> str:
        """The subject of the question once names are resolved (`pod shop/web-0`), or "" for all."""
        ...

    async def close(self) -> None:
        """Lets go of connections. A source answers one question; `consult` closes it."""
        ...


@dataclass(frozen=True, slots=True)
class Consultation:
    """An answer with what led to it, kept for `why` and for what-if."""

    question: Question
    asked: str
    observations: Observations
    reasoning: Reasoning
    answer: Answer


Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """The progress of a consultation that nobody watches."""
    return


async def consult(
    expert: Expert,
    source: Source,
    question: Question,
    *,
    budget_s: float = BUDGET_S,
    hygiene: bool = False,
    progress: Progress = silent,
) -> Consultation:
    """Ask, collect what the rules want, and answer within the budget with what is known by then."""
    try:
        return await _consult(expert, source, question, time.monotonic() + budget_s, hygiene, progress)
    finally:
        await source.close()


async def _consult(
    expert: Expert, source: Source, question: Question, deadline: float, hygiene: bool, progress: Progress
) -> Consultation:
    progress("collect")
    # A cluster takes its time to answer: meanwhile the engine starts.
    starting = asyncio.create_task(expert.start())
    try:
        observations = _joined(_masked(await source.collect(question)))
    finally:
        await asyncio.gather(starting, return_exceptions=True)  # a fault of its start shows when it infers
    met: set[Fact] = set()
    progress("infer")
    reasoning = await expert.reason(observations)
    for _ in range(MAX_ROUNDS):
        # what would settle a fault's cause is of no use to an answer that shows none
        wants = [w for w in reasoning.wants if w not in met] if question.kind != "lint" else []
        if not wants:
            break
        met |= set(wants)
        if len(wants) > MAX_WANTS:
            left = len(wants) - MAX_WANTS
            observations.gaps.append(Gap(f"{left} further logs and details", f"only {MAX_WANTS} are read in one round"))
        progress("want " + ", ".join(sorted({str(w.get("what")) for w in wants})))
        brought = await _meet(source, wants[:MAX_WANTS], deadline)
        if not brought.facts and not brought.passages:
            observations.gaps += brought.gaps
            break
        observations.extend(_masked(brought))
        observations = _joined(observations)
        progress("infer")
        reasoning = await expert.reason(observations)
    return Consultation(
        question,
        source.asked(question),
        observations,
        reasoning,
        _answer(source, question, observations, reasoning, hygiene),
    )


def _masked(observations: Observations) -> Observations:
    """With the secrets masked in all text. Done once, when a source hands it over."""
    observations.facts = [_masked_fact(one) for one in observations.facts]
    observations.passages = [
        Passage(redact(one.text), one.about, _masked_source(one.source)) for one in observations.passages
    ]
    return observations


def _joined(observations: Observations) -> Observations:
    """With what several observations say together (a host without the port that its role demands)."""
    observations.facts += derive(observations)
    observations.relations += relate(observations)
    return observations


def _masked_fact(fact: Fact) -> Fact:
    masked = _masked_source(fact.source)
    return fact if masked is fact.source else Fact(fact.kind, fact.attributes, masked)


def _masked_source(source: FactSource) -> FactSource:
    text = redact(source.text)
    return source if text == source.text else FactSource(source.what, source.where, text)


async def _meet(source: Source, wants: list[Fact], deadline: float) -> Observations:
    brought = Observations()

    async def one(want: Fact) -> Observations:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                return await source.satisfy(want)
        except TimeoutError:
            about = " ".join(str(v) for k, v in want.attributes.items() if k != "previous")
            return Observations(gaps=[Gap(about, "there was no time left for it")])

    for result in await asyncio.gather(*(one(want) for want in wants)):
        brought.extend(result)
    return brought


def _answer(
    source: Source, question: Question, observations: Observations, reasoning: Reasoning, hygiene: bool
) -> Answer:
    asked = source.asked(question)
    roots = reasoning.ranked(
        asked=asked, one_text=question.kind == "explain", hygiene=hygiene, faults=question.kind != "lint"
    )
    label = question.label()
    if asked and question.kind in OBJECT_KINDS:
        label = {"kind": question.kind, "name": asked.split(" ", 1)[1]}
    answer = Answer(question=label, roots=roots, gaps=list(dict.fromkeys(observations.gaps)), facts=reasoning.facts)
    if question.kind == "etcd":
        answer.etcd = view(question.name, reasoning.facts, observations.gaps)
    pods = [one for one in reasoning.facts if one.kind == "pod"]
    if question.kind == "pod" or (question.kind == "explain" and len(pods) == 1):
        subject = asked or f"pod {pods[0]['pod']}" if pods else asked
        answer.stage = stage_of(subject.removeprefix("pod "), reasoning.facts, roots) if subject else None
    answer.asks = _asks(question, roots, observations)
    return answer


def _asks(question: Question, roots: list[Ranked], observations: Observations) -> list[Mapping[str, str]]:
    phrases = _phrases()
    asks: list[Mapping[str, str]] = []
    if question.kind == "explain" and not roots and not _recognised(observations):
        asks.append(phrases["not-recognised"])
    for ranked in roots[:1]:
        if ranked.finding.ask:
            asks.append(ranked.finding.ask)
        commands = phrases["unknown-word-commands"]
        for word in ranked.finding.unknown:
            command = commands.get(word, commands["default"])
            asks.append(
                {
                    lang: text.replace("{word}", word.replace("_", "-")).replace("{command}", command)
                    for lang, text in phrases["unknown-word"].items()
                }
            )
    return asks


def _recognised(observations: Observations) -> bool:
    """The text held something that kdiag can read, so silence means that nothing in it is wrong."""
    return any(one.kind not in ("paste", "symptom") for one in observations.facts)


_PHRASES: dict[str, dict[str, str]] = {}


def _phrases() -> dict[str, dict[str, str]]:
    if not _PHRASES:
        _PHRASES.update(yaml.load((BUILT_IN / "phrases.yaml").read_text(encoding="utf-8"), Loader))
    return _PHRASES


__all__ = ["Consultation", "KdiagError", "Source", "Stage", "consult"]
