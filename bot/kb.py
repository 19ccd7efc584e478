"""The knowledge's own tests: each entry's examples go through the same reading, inference and ranking as a question."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.questions import Question
from bot.read import read
from bot.service import consult
from rules.expert import Expert
from rules.kinds import Fact, Source, fact
from rules.observations import Observations
from rules.schema import Entry, Example

EXAMPLE_CLOCK: Final = datetime(2025, 6, 10, 12, 0, tzinfo=UTC)
"""The clock of examples that carry no time of their own."""
MIN_EXAMPLES: Final = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One example that was run. `fault` is "" when it came out as it should."""

    entry: str
    example: str
    fault: str


def lint(entries: Iterable[Entry]) -> list[str]:
    """What loading does not refuse and a reviewer would: too few examples, no fix, one language only."""
    faults = []
    for entry in entries:
        at = f"{entry.file}:{entry.line}: {entry.id}"
        if entry.normal:
            if not entry.no_match:
                faults.append(f"{at}: a `normal` entry needs no_match examples")
            continue
        if len(entry.no_match) < MIN_EXAMPLES:
            faults.append(f"{at}: needs {MIN_EXAMPLES} near misses (no_match), has {len(entry.no_match)}")
        if len(entry.match) < MIN_EXAMPLES:
            faults.append(f"{at}: needs {MIN_EXAMPLES} matches, has {len(entry.match)}")
        if entry.is_finding and not entry.fix:
            faults.append(f"{at}: a finding needs a fix: what would a senior engineer do next?")
        for step in entry.fix:
            if step.risk == "destructive" and not step.note:
                faults.append(f"{at}: the destructive step {step.command!r} must say in its note what is lost")
        for command in (*(step.command for step in entry.fix), *entry.verify):
            if command.startswith(("kubectl -n ", "kubectl --namespace")):
                faults.append(f"{at}: {command!r}: the namespace goes to the end (`kubectl get pods -n ...`)")
        if entry.certainty < 0.6 and entry.is_finding and not entry.ask:
            faults.append(f"{at}: below 0.6 an entry needs `ask`, the question that would decide")
    return faults


async def run_examples(expert: Expert, entries: Iterable[Entry]) -> AsyncIterator[Result]:
    for entry in entries:
        for example in entry.match:
            yield Result(entry.id, f"match: {example.name}", await _match(expert, entry, example))
        for example in entry.no_match:
            yield Result(entry.id, f"no_match: {example.name}", await _no_match(expert, entry, example))


async def _match(expert: Expert, entry: Entry, example: Example) -> str:
    source = ExampleSource(example)
    if not entry.is_finding:
        reasoning = await expert.reason(await source.collect(source.question))
        fired = any(f.rule.entry.id == entry.id for f in reasoning.inference.firings)
        seen = any(f.kind == "symptom" and f["is"] == entry.id for f in reasoning.facts)
        return "" if fired or seen else "did not fire"
    answer = (await consult(expert, source, source.question, hygiene=entry.hygiene)).answer
    roots = [f for ranked in answer.roots for f in (ranked.finding, *ranked.siblings)]
    candidates = roots if example.root else answer.findings
    found = [f for f in candidates if f.id == entry.id]
    if not found:
        others = ", ".join(f"{f.id} ({f.subject})" for f in answer.findings[:5]) or "nothing"
        return f"not {'a root' if example.root else 'found'}; found: {others}"
    if example.subject and all(f.subject != example.subject for f in found):
        return f"subject is {found[0].subject!r}, not {example.subject!r}"
    return ""


async def _no_match(expert: Expert, entry: Entry, example: Example) -> str:
    source = ExampleSource(example)
    answer = (await consult(expert, source, source.question, hygiene=entry.hygiene)).answer
    if entry.normal:
        return f"found {answer.findings[0].id}" if answer.findings else ""
    if not entry.is_finding:
        reasoning = await expert.reason(await source.collect(source.question))
        return "fired" if any(f.rule.entry.id == entry.id for f in reasoning.inference.firings) else ""
    return "found" if any(f.id == entry.id for f in answer.findings) else ""


class ExampleSource:
    """An example as a source of facts: its text, objects and facts, and nothing more."""

    def __init__(self, example: Example) -> None:
        self._example = example
        kind, _, name = example.question.partition(" ")
        self.question = Question(kind, name) if example.question else Question("explain", text=example.text)

    async def collect(self, question: Question) -> Observations:
        observations = Observations()
        if self._example.text:
            observations.extend(read(self._example.text, now=EXAMPLE_CLOCK))
        if self._example.objects:
            from bot.collect.objects import project_objects

            objects: list[dict[str, Any]] = [dict(o) for o in self._example.objects]
            observations.extend(project_objects(objects, EXAMPLE_CLOCK))
        observations.facts += [_as_fact(record) for record in self._example.facts]
        return observations

    async def satisfy(self, want: Fact) -> Observations:
        return Observations()

    def asked(self, question: Question) -> str:
        return "" if question.kind in ("explain", "summary") else f"{question.kind} {question.name}"

    async def close(self) -> None:
        return None


def _as_fact(record: Any) -> Fact:
    attributes = {name: value for name, value in record.items() if name != "kind"}
    if "kind_is" in attributes:
        attributes["kind"] = attributes.pop("kind_is")
    if record["kind"] == "symptom":
        attributes.setdefault("via", "paste")
    return fact(record["kind"], Source("example"), **attributes)


def entries_in(entries: Iterable[Entry], chosen: Iterable[str], root: Path) -> list[Entry]:
    """The entries that `chosen` names: ids, files or folders (as typed, or below the knowledge folder)."""
    picked = []
    names = [name.removesuffix("/") for name in chosen]
    for entry in entries:
        relative = entry.file
        inside = relative.split("/", 1)[-1]
        for name in names:
            shown = str(Path(name))
            if entry.id == name or relative in (shown, f"{root.name}/{shown}") or inside == shown:
                picked.append(entry)
                break
            if relative.startswith(f"{shown}/") or inside.startswith(f"{shown}/") or shown.endswith(relative):
                picked.append(entry)
                break
    return picked
