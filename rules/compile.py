"""Entries -> rulesets for durable_rules, within the bounds in which it is sound.

Two halves share the work. Local conditions (`phase: Pending`, `restarts: "> 3"`) are evaluated here, in Python,
into one tag for each distinct set of them; the engine compares tags and does the joins and the agenda. A fact
that earns no tag cannot take part in any rule and is not sent at all, so 50,000 healthy Pods cost nothing.

The bounds (measured on durable_rules 2.0.28) that decide how rules are spread over rulesets:

* 512 rules that compare one attribute by equality never finish loading: MAX_RULES stays far below;
* a fact that satisfies more than 64 different conditions is refused: MAX_TAGS_PER_KIND of one kind in a ruleset;
* 256 rules with the very same condition crash: MAX_RULES again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import re2

from rules.errors import KnowledgeError
from rules.kinds import Fact, Scalar
from rules.schema import Condition, Entry, Pattern, Route

MAX_RULES: Final = 150
MAX_TAGS_PER_KIND: Final = 50
MAX_PATTERNS: Final = 8

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Check = Callable[[Mapping[str, Scalar]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A route of an entry, by the name it has in the engine."""

    name: str
    entry: Entry
    route: Route


class Program:
    """All rules: what to send to the engine, and how to tag the facts for it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.rules: dict[str, Rule] = {}
        self.definitions: list[dict[str, Any]] = []
        self._tags: dict[tuple[str, frozenset[Condition]], str] = {}
        self._checks: dict[str, list[tuple[str, Check]]] = {}
        self._exact: dict[str, dict[str, dict[Scalar, list[tuple[str, Check]]]]] = {}
        self._joined: dict[str, set[str]] = {}
        self._rulesets_of_tag: dict[str, set[int]] = {}
        self._held: dict[str, set[str]] = {}
        """Kind -> the tags of it that the newest ruleset holds."""
        faults: list[str] = []
        for entry in entries:
            for number, route in enumerate(entry.routes):
                if len(route.patterns) > MAX_PATTERNS:
                    faults.append(f"{entry.file}:{entry.line}: {entry.id} joins more than {MAX_PATTERNS} facts")
                    continue
                self._place(Rule(f"{entry.id}/{number}", entry, route))
        if faults:
            raise KnowledgeError(faults)

    def _place(self, rule: Rule) -> None:
        tags = [(p.kind, self._tag(p)) for p in rule.route.patterns]
        number = self._ruleset_for(tags)
        self.rules[rule.name] = rule
        self.definitions[number][rule.name] = {
            "all": [
                {pattern.name: _condition(pattern, tag)}
                for pattern, (_, tag) in zip(rule.route.patterns, tags, strict=True)
            ]
        }
        for kind, tag in tags:
            self._rulesets_of_tag.setdefault(tag, set()).add(number)
            self._held.setdefault(kind, set()).add(tag)
        for pattern in rule.route.patterns:
            kinds = {p.name: p.kind for p in rule.route.patterns}
            for join in pattern.joins:
                self._joined.setdefault(pattern.kind, set()).add(join.attribute)
                self._joined.setdefault(kinds[join.other], set()).add(join.other_attribute)

    def _ruleset_for(self, tags: list[tuple[str, str]]) -> int:
        """The newest ruleset if the rule fits into it, else a new one."""
        if self.definitions and len(self.definitions[-1]) < MAX_RULES:
            wanted: dict[str, set[str]] = {}
            for kind, tag in tags:
                wanted.setdefault(kind, set()).add(tag)
            if all(len(self._held.get(kind, set()) | each) <= MAX_TAGS_PER_KIND for kind, each in wanted.items()):
                return len(self.definitions) - 1
        self.definitions.append({})
        self._held.clear()
        return len(self.definitions) - 1

    def _tag(self, pattern: Pattern) -> str:
        key = (pattern.kind, frozenset(pattern.tests))
        tag = self._tags.get(key)
        if tag is None:
            tag = self._tags[key] = f"t{len(self._tags)}"
            # most classes begin with an equality on a string: look those up instead of trying each
            first = next((t for t in pattern.tests if t.op == "==" and isinstance(t.value, str)), None)
            rest = _all_of([t for t in pattern.tests if t is not first])
            if first is None:
                self._checks.setdefault(pattern.kind, []).append((tag, rest))
            else:
                assert not isinstance(first.value, tuple)
                by_value = self._exact.setdefault(pattern.kind, {}).setdefault(first.attribute, {})
                by_value.setdefault(first.value, []).append((tag, rest))
        return tag

    def tags(self, fact: Fact) -> list[str]:
        """The tags this fact earns; none: it takes part in no rule."""
        attributes = fact.attributes
        earned = [tag for tag, check in self._checks.get(fact.kind, ()) if check(attributes)]
        for attribute, by_value in self._exact.get(fact.kind, {}).items():
            value = attributes.get(attribute)
            if value is not None:
                earned += [tag for tag, check in by_value.get(value, ()) if check(attributes)]
        return earned

    def messages(self, facts: Iterable[tuple[str, Fact]]) -> dict[str, list[dict[str, Any]]]:
        """What to send for these (id, fact): for each ruleset the messages it can use."""
        batches: dict[str, list[dict[str, Any]]] = {}
        for id_, fact in facts:
            tags = self.tags(fact)
            if not tags:
                continue
            joined = {a: _sane(fact.attributes[a]) for a in self._joined.get(fact.kind, ()) if a in fact.attributes}
            for number in {n for tag in tags for n in self._rulesets_of_tag[tag]}:
                here = {tag: 1 for tag in tags if number in self._rulesets_of_tag[tag]}
                # `a_` keeps attribute names apart from tags, `id` and `sid`
                message = {"id": id_, **here, **{f"a_{a}": v for a, v in joined.items()}}
                batches.setdefault(str(number), []).append(message)
        return batches


def _condition(pattern: Pattern, tag: str) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = [{tag: 1}]
    conditions += [{f"a_{j.attribute}": {j.other: f"a_{j.other_attribute}"}} for j in pattern.joins]
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _sane(value: Scalar) -> Scalar:
    """The engine refuses lone surrogates and numbers like 1e308; joins on those are of no use anyway."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > 2**53):
        return str(value)
    return value


def check(test: Condition, attributes: Mapping[str, Scalar]) -> bool:
    """Whether the attributes satisfy one condition. What is not known satisfies none but `!=`."""
    value = attributes.get(test.attribute)
    if test.op == "present":
        return value is not None
    if value is None:
        return test.op in ("!=", "!~")
    if test.op == "in":
        return isinstance(test.value, tuple) and value in test.value
    if test.op == "!=":
        return value != test.value
    if test.op in ("~", "!~"):
        found = re2.search(str(test.value), str(value)) is not None
        return found == (test.op == "~")
    return _COMPARE[test.op](value, test.value)


def _all_of(tests: Iterable[Condition]) -> Check:
    fixed = tuple(tests)
    return lambda attributes: all(check(test, attributes) for test in fixed)
