"""Why, why not, and what if: read from the record of firings.

* why: the chain from a finding through rules and derived facts down to the raw lines;
* why not: for each rival, the condition that failed, and whether a fact spoke against it or is missing;
* what if: retract the cause's own facts, infer again, and say what would go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.compile import check
from rules.engine import Firing
from rules.expert import Expert, Reasoning
from rules.findings import Finding, Rival
from rules.kinds import Fact
from rules.observations import Observations
from rules.schema import Condition, Entry, Pattern, Route

CONTEXT_KINDS: Final = frozenset({"pod", "workload", "service", "cluster", "host"})
"""Facts that say what something is about. They stay when a cause is retracted, if it has others of its own."""
MAX_RIVALS: Final = 6
MAX_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class Link:
    """A fact in the chain. `rule` and `premises` say how it was derived; empty for what was observed."""

    fact: Fact
    rule: str = ""
    premises: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    finding: Finding
    chain: tuple[Link, ...]
    rivals: tuple[Rival, ...]
    vanish: tuple[Finding, ...]
    """Findings that would not stand, or would have no cause left, without this one."""


async def explain(expert: Expert, observations: Observations, reasoning: Reasoning, finding: Finding) -> Explanation:
    return Explanation(
        finding,
        tuple(chain(reasoning, finding)),
        tuple(rivals(expert.knowledge.entries, reasoning, finding)),
        tuple(await vanish(expert, observations, reasoning, finding)),
    )


def chain(reasoning: Reasoning, finding: Finding) -> list[Link]:
    """The facts that the finding rests on, each with how it was derived."""
    derived: dict[Fact, Firing] = {}
    for firing in reasoning.inference.firings:
        for concluded in firing.concluded:
            derived.setdefault(concluded, firing)

    def link(fact: Fact, depth: int) -> Link:
        firing = derived.get(fact)
        if firing is None or depth == 0:
            return Link(fact, _signature(fact))
        return Link(fact, firing.rule.entry.id, tuple(link(f, depth - 1) for f in firing.bound.values()))

    seen: dict[Fact, Link] = {}
    for firing in finding.firings:
        for fact in firing.bound.values():
            if fact not in seen:
                seen[fact] = link(fact, MAX_DEPTH)
    return list(seen.values())


def _signature(fact: Fact) -> str:
    return f"signature {fact['is']}" if fact.kind == "symptom" else ""


def rivals(entries: Sequence[Entry], reasoning: Reasoning, finding: Finding) -> list[Rival]:
    """Causes that could have stood in its place and were not concluded.

    Those that the entry names, share a condition or a tag with it, or would explain it.
    """
    concluded = {f.id for f in reasoning.findings}
    facts: dict[str, list[Fact]] = {}
    for fact in reasoning.inference.facts:
        facts.setdefault(fact.kind, []).append(fact)
    own = {test for route in finding.entry.routes for p in route.patterns for test in [(p.kind, frozenset(p.tests))]}
    considered: list[tuple[int, Rival]] = []
    for entry in entries:
        if not entry.is_finding or entry.id in concluded or entry.hygiene:
            continue
        named = entry.id in finding.entry.rivals
        nearest = max((_nearest(route, facts) for route in entry.routes), key=lambda n: n[0], default=None)
        if nearest is None:
            continue
        met, failing = nearest
        shares = any((p.kind, frozenset(p.tests)) in own for route in entry.routes for p in route.patterns)
        same_tag = bool(set(entry.tags) & set(finding.entry.tags)) and met > 0
        deeper = any(name in entry.explains for name in (finding.id, *finding.entry.tags))
        if failing is not None and (named or shares or same_tag or deeper):
            score = 3 * named + shares + deeper + met
            considered.append((-score, Rival(entry.id, entry.title, _why_not(failing, facts))))
    return [rival for _, rival in sorted(considered, key=lambda c: (c[0], c[1].id))[:MAX_RIVALS]]


def _nearest(route: Route, facts: Mapping[str, Sequence[Fact]]) -> tuple[int, Pattern | None]:
    """How many of the route's patterns some fact meets (joins apart), and the first that none does."""
    met = 0
    failing = None
    for pattern in route.patterns:
        if any(_meets(pattern, fact) for fact in facts.get(pattern.kind, ())):
            met += 1
        elif failing is None:
            failing = pattern
    return met, failing


def _meets(pattern: Pattern, fact: Fact) -> bool:
    return all(check(test, fact.attributes) for test in pattern.tests)


def _conditions(tests: Iterable[Condition]) -> str:
    return ", ".join(f"{t.attribute} {t.op} {_shown(t.value)}" for t in tests)


def _why_not(pattern: Pattern, facts: Mapping[str, Sequence[Fact]]) -> str:
    """The first unmet condition, with what was seen in its place, or that nothing of the kind is known."""
    if pattern.kind == "symptom":
        more = [t for t in pattern.tests if t.attribute not in ("is", "stale")]
        return "no text says so" + (f" ({_conditions(more)})" if more else "")
    wanted = _conditions(pattern.tests) or "any"
    candidates = facts.get(pattern.kind, ())
    if not candidates:
        return f"no {pattern.kind} fact is known ({wanted})"
    nearest = max(candidates, key=lambda f: sum(check(t, f.attributes) for t in pattern.tests))
    failed = next((t for t in pattern.tests if not check(t, nearest.attributes)), None)
    if failed is None:
        return f"no {pattern.kind} joins the others"
    seen = nearest.get(failed.attribute)
    if seen is None:
        return (
            f"{pattern.kind}.{failed.attribute} is not known (it would have to be {failed.op} {_shown(failed.value)})"
        )
    return f"{pattern.kind}.{failed.attribute} is {seen}, not {failed.op} {_shown(failed.value)}"


def _shown(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)


async def vanish(expert: Expert, observations: Observations, reasoning: Reasoning, finding: Finding) -> list[Finding]:
    """What would go with the cause: no longer derived, or explained by nothing that remains."""
    retracted = own_facts(finding)
    rest = await expert.reason(observations, without=retracted)
    left = {f.key for f in rest.findings}
    still_explained = {f.key for ranked in rest.ranked() for f in ranked.explains}
    under = [f for ranked in reasoning.ranked() if ranked.finding.key == finding.key for f in ranked.explains]
    gone = [f for f in reasoning.findings if f.key not in left and f.key != finding.key]
    gone += [f for f in under if f.key in left and f.key not in still_explained]
    return list({f.key: f for f in gone}.values())


def own_facts(finding: Finding) -> list[Fact]:
    """The facts to retract so that the cause is gone, without taking away what it is about."""
    bound: Iterable[Fact] = (f for firing in finding.firings for f in firing.bound.values())
    facts = list(dict.fromkeys(bound))
    own = [f for f in facts if f.kind not in CONTEXT_KINDS]
    return own or facts
