"""A small evaluator of the same rules, slow and obviously right, to hold the engine against.

Like durable_rules it binds different patterns to different facts: one Pod is never both of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import permutations

from rules.compile import Program, Rule, check
from rules.kinds import Fact

Conclude = Callable[[Rule, Mapping[str, Fact]], tuple[Fact, ...]]


def closure(program: Program, facts: Iterable[Fact], conclude: Conclude) -> set[Fact]:
    """All facts that follow, by trying every combination until nothing new comes."""
    known = set(facts)
    while True:
        new: set[Fact] = set()
        for rule in program.rules.values():
            for combination in permutations(known, len(rule.route.patterns)):
                bound = {p.name: fact for p, fact in zip(rule.route.patterns, combination, strict=True)}
                if _holds(rule, bound):
                    new |= set(conclude(rule, bound)) - known
        if not new:
            return known
        known |= new


def _holds(rule: Rule, bound: Mapping[str, Fact]) -> bool:
    for pattern in rule.route.patterns:
        fact = bound[pattern.name]
        if fact.kind != pattern.kind or not all(check(test, fact.attributes) for test in pattern.tests):
            return False
        for join in pattern.joins:
            mine, other = fact.get(join.attribute), bound[join.other].get(join.other_attribute)
            if mine is None or other is None or mine != other:
                return False
    return True
