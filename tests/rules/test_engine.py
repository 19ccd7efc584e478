"""The engine: right (against the naive evaluator), and replaced when it hangs or dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.compile import Program, Rule
from rules.engine import Engine, conclude
from rules.errors import EngineError
from rules.kinds import Fact, fact
from rules.schema import Condition, Entry, Join, Pattern, Record, Route, read_text
from tests.rules.naive import closure

KINDS = ("pod", "node", "service")
ATTRIBUTES = {
    "pod": ("pod", "node", "phase"),
    "node": ("node", "reason", "zone"),
    "service": ("service", "type", "namespace"),
}
VALUES = st.sampled_from(["a", "b", "c"])


@st.composite
def programs(draw: st.DrawFn) -> list[Entry]:
    """Positive rules of one to three patterns with equality joins that conclude facts of the same kinds."""
    entries = []
    for number in range(draw(st.integers(1, 6))):
        patterns: list[Pattern] = []
        for position in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(KINDS))
            tests = tuple(
                Condition(attribute, draw(st.sampled_from(["==", "!="])), draw(VALUES))
                for attribute in ATTRIBUTES[kind]
                if draw(st.booleans())
            )
            joins: tuple[Join, ...] = ()
            if patterns and draw(st.booleans()):
                other = draw(st.sampled_from(patterns))
                joins = (
                    Join(
                        draw(st.sampled_from(ATTRIBUTES[kind])),
                        other.name,
                        draw(st.sampled_from(ATTRIBUTES[other.kind])),
                    ),
                )
            patterns.append(Pattern(f"p{position}", kind, tests, joins))
        source = draw(st.sampled_from(patterns))
        target = draw(st.sampled_from(KINDS))
        concluded = Record(
            target,
            {
                attribute: draw(VALUES) if draw(st.booleans()) else f"${source.name}.{ATTRIBUTES[source.kind][0]}"
                for attribute in ATTRIBUTES[target]
            },
        )
        entries.append(Entry(f"e{number}", "test", 1, routes=(Route(tuple(patterns), 0.9),), concludes=(concluded,)))
    return entries


@st.composite
def some_facts(draw: st.DrawFn) -> list[Fact]:
    made = []
    for _ in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(KINDS))
        made.append(fact(kind, **{a: draw(VALUES) for a in ATTRIBUTES[kind] if draw(st.booleans())}))
    return made


@given(programs(), some_facts())
@settings(max_examples=120, deadline=None)
def test_engine_concludes_what_a_naive_evaluator_concludes(entries: list[Entry], facts: list[Fact]) -> None:
    program = Program(entries)

    async def infer() -> set[Fact]:
        engine = Engine(program)
        try:
            return set((await engine.infer(facts, conclude)).facts)
        finally:
            await engine.close()

    assert asyncio.run(infer()) == closure(program, facts, conclude)


ENTRIES = read_text(
    """
id: node-down
title: {en: a, ja: a}
when: {n: {kind: node, ready: "!= True"}, p: {kind: pod, node: $n.node, phase: Pending}}
subject: node {n.node}
cause: {en: "{p.pod}", ja: "{p.pod}"}
---
id: consequence
title: {en: a, ja: a}
when: {f: {kind: finding, is: node-down}, p: {kind: pod, node: $f.node}}
subject: pod {p.pod}
cause: {en: a, ja: a}
""",
    "test",
)
FACTS = [fact("node", node="n1", ready="Unknown"), fact("pod", pod="shop/web-0", node="n1", phase="Pending")]


def _conclude(rule: Rule, bound: Mapping[str, Fact]) -> tuple[Fact, ...]:
    return conclude(rule, bound, str(bound["p"]["pod"]))


async def test_a_finding_can_be_built_on_another_finding() -> None:
    engine = Engine(Program(ENTRIES))
    inference = await engine.infer(FACTS, _conclude)
    await engine.close()
    assert [f.rule.entry.id for f in inference.firings] == ["node-down", "consequence"]


async def test_one_consultation_leaves_nothing_behind_for_the_next() -> None:
    engine = Engine(Program(ENTRIES))
    await engine.infer(FACTS, _conclude)
    inference = await engine.infer(FACTS[1:], _conclude)
    await engine.close()
    assert inference.firings == []


async def test_more_consultations_than_the_engine_has_contexts() -> None:
    engine = Engine(Program(ENTRIES))
    for _ in range(1100):  # it refuses the 1,025th context that was not deleted
        inference = await engine.infer(FACTS, _conclude)
    await engine.close()
    assert len(inference.firings) == 2


async def test_a_worker_that_died_is_replaced_and_the_next_question_is_answered() -> None:
    engine = Engine(Program(ENTRIES))
    await engine.start()
    assert engine.worker_pid is not None
    os.kill(engine.worker_pid, signal.SIGKILL)
    await asyncio.sleep(0.05)
    for attempt in range(2):
        try:
            inference = await engine.infer(FACTS, _conclude)
            break
        except EngineError:
            assert attempt == 0
    await engine.close()
    assert len(inference.firings) == 2


async def test_a_worker_that_hangs_costs_one_answer() -> None:
    engine = Engine(Program(ENTRIES), time_limit_s=0.3)
    await engine.start()
    assert engine.worker_pid is not None
    os.kill(engine.worker_pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match=r"within 0\.3 s"):
        await engine.infer(FACTS, _conclude)
    engine.time_limit_s = 20
    inference = await engine.infer(FACTS, _conclude)
    await engine.close()
    assert len(inference.firings) == 2


async def test_questions_asked_at_once_do_not_mix() -> None:
    engine = Engine(Program(ENTRIES))
    results = await asyncio.gather(
        *(
            engine.infer(
                [fact("node", node=f"n{i}", ready="False"), fact("pod", pod=f"p{i}", node=f"n{i}", phase="Pending")],
                _conclude,
            )
            for i in range(20)
        )
    )
    await engine.close()
    assert [str(r.firings[0].bound["p"]["pod"]) for r in results] == [f"p{i}" for i in range(20)]


async def test_strange_values_do_not_break_the_engine() -> None:
    engine = Engine(Program(ENTRIES))
    odd = ["\ud800", "'\"\\\n\x00", "x" * 100_000, "💥", "$m", "{}"]
    facts = [fact("node", node=value, ready="False") for value in odd]
    facts += [fact("pod", pod="a", node=value, phase="Pending") for value in odd]
    inference = await engine.infer(facts, _conclude)
    await engine.close()
    assert len([f for f in inference.firings if f.rule.entry.id == "node-down"]) == len(odd)
