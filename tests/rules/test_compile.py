"""The bounds in which durable_rules is sound are kept, whatever the knowledge."""

from __future__ import annotations

from collections import defaultdict

from rules.compile import MAX_RULES, MAX_TAGS_PER_KIND, Program
from rules.engine import Engine, conclude
from rules.kinds import fact
from rules.schema import read_text

HEAD = "title: {en: a, ja: b}\ncause: {en: a, ja: b}\nsubject: x\n"


def many(count: int) -> Program:
    return Program(read_text("\n---\n".join(f"id: e{i}\nsigns: ['word{i}']\n{HEAD}" for i in range(count)), "k"))


def test_rules_are_spread_over_rulesets_within_the_bounds() -> None:
    program = many(1500)
    for definition in program.definitions:
        assert len(definition) <= MAX_RULES
        tags = {tag for rule in definition.values() for pattern in rule["all"] for tag in next(iter(pattern.values()))}
        assert len(tags) <= MAX_TAGS_PER_KIND


async def test_rules_of_every_ruleset_fire() -> None:
    program = many(700)
    engine = Engine(program)
    inference = await engine.infer(
        [fact("symptom", **{"is": f"e{i}", "via": "paste"}) for i in range(700)], lambda r, b: conclude(r, b, "x")
    )
    await engine.close()
    fired = defaultdict(int)
    for firing in inference.firings:
        fired[firing.rule.entry.id] += 1
    assert fired == {f"e{i}": 1 for i in range(700)}


def test_a_fact_that_no_rule_can_use_is_not_sent() -> None:
    program = many(3)
    assert program.messages([("f0", fact("pod", pod="shop/web-0", ready=True))]) == {}


def test_what_is_not_known_satisfies_only_inequality() -> None:
    program = Program(
        read_text(
            f"id: a\nwhen: {{p: {{kind: pod, phase: '!= Running'}}}}\n{HEAD}---\n"
            f"id: b\nwhen: {{p: {{kind: pod, phase: Pending}}}}\n{HEAD}",
            "k",
        )
    )
    assert len(program.tags(fact("pod", pod="x"))) == 1
    assert len(program.tags(fact("pod", pod="x", phase="Pending"))) == 2
    assert program.tags(fact("pod", pod="x", phase="Running")) == []
