"""How much of what is known to fail the knowledge holds: the guide's rows and the catalogue of signals.

An entry claims a signal with `covers: [catalogue FILE/ID]` or a row with `covers: [guide G17]`. A claim on a text is
also tried out: a claiming entry must recognise the signal's own text, its placeholders filled, or, where that says too
little ("Forbidden"), what a person would paste of it (`seen`), which goes through the whole of an answer.

The lists called `peers-*` hold the checks of other tools: `what` each looks at, and `why` kdiag does not make it where
it does not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bot.questions import Question
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.kinds import Source
from rules.knowledge import BUILT_IN, Knowledge
from rules.observations import Passage
from rules.schema import Entry, Loader

SAMPLES: Final = (
    ("%d", "3"),
    ("%q", '"shop"'),
    ("%.2f", "1.50"),
    ("%t", "true"),
    ("%s", "shop"),
    ("%v", "shop"),
    ("%w", "shop"),
    ("%+v", "shop"),
    ("%#v", "shop"),
    ("%x", "1f"),
    ("...", "shop"),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One list: how many signals it has that must be known, which of them no entry claims, and which claims held."""

    name: str
    wanted: int
    """Its faults, and what it lists as `normal`: what must be known to be none."""
    missing: tuple[str, ...]
    tried: int
    unrecognised: tuple[str, ...]
    """Of the claims on texts that were tried out, those that did not hold."""
    unknown_claims: tuple[str, ...]
    noisy: tuple[str, ...]
    """Signals that are not faults although an entry claims and concludes something from them."""


Signals = Mapping[str, Mapping[str, Any]]
"""One list: a signal's id -> what it is."""


def load_lists(folder: Path = BUILT_IN / "coverage") -> dict[str, Signals]:
    """The lists of signals in `folder`, by name."""
    return {path.stem: yaml.load(path.read_text(encoding="utf-8"), Loader) for path in sorted(folder.glob("*.yaml"))}


async def measure(knowledge: Knowledge, lists: Mapping[str, Signals]) -> list[Coverage]:
    """The coverage of each list."""
    claims = claimed(knowledge)
    expert = Expert(knowledge)
    try:
        return [await _list(name, signals, claims[name], expert) for name, signals in lists.items()]
    finally:
        await expert.close()


def claimed(knowledge: Knowledge) -> Mapping[str, Mapping[str, list[Entry]]]:
    """list -> id -> the entries that claim it."""
    claims: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in knowledge.entries:
        for name in entry.covers:
            kind, _, rest = name.partition(" ")
            list_name, _, id_ = ("guide", "", rest) if kind == "guide" else rest.partition("/")
            claims[list_name][id_].append(entry)
    return claims


async def _list(name: str, signals: Signals, claims: Mapping[str, list[Entry]], expert: Expert) -> Coverage:
    wanted = [id_ for id_, signal in signals.items() if signal["fault"] is True or signal.get("normal")]
    missing = tuple(id_ for id_ in wanted if not any(_holds(e, signals[id_]) for e in claims.get(id_, ())))
    tried = 0
    unrecognised, noisy = [], []
    for id_, entries in claims.items():
        signal = signals.get(id_)
        if signal is None:
            continue
        if signal["fault"] is False and any(e.is_finding for e in entries):
            noisy.append(id_)
        if signal["fault"] is True and signal.get("text") and (signal.get("seen") or any(e.signs for e in entries)):
            tried += 1
            ids = {e.id for e in entries}
            if not _recognised(signal, ids, expert.knowledge) and not await _answered(signal, ids, expert):
                unrecognised.append(id_)
    unknown = tuple(id_ for id_ in claims if id_ not in signals)
    return Coverage(name, len(wanted), missing, tried, tuple(unrecognised), unknown, tuple(noisy))


def _holds(entry: Entry, signal: Mapping[str, Any]) -> bool:
    """Whether an entry says of a signal what it is: a fault, or a thing that looks like one."""
    return entry.normal if signal.get("normal") else entry.is_finding or bool(entry.signs)


def _recognised(signal: Mapping[str, Any], ids: set[str], knowledge: Knowledge) -> bool:
    reason = signal.get("reason")
    for text in variants(str(signal["text"])):
        passages = [
            Passage(text, {"via": via, **({"reason": reason} if reason else {})}, Source("signal"))
            for via in ("event", "paste", "journal", "log", "waiting", "terminated", "condition")
        ]
        if any(symptom["is"] in ids for symptom in knowledge.signatures.scan(passages)):
            return True
    return False


async def _answered(signal: Mapping[str, Any], ids: set[str], expert: Expert) -> bool:
    """Whether an answer to what a person would paste holds one of these entries."""
    text = signal.get("seen")
    if text is None:
        return False
    answer = (await consult(expert, PasteSource(text), Question("explain", text=text))).answer
    return any(finding.id in ids for finding in answer.findings)


def variants(text: str) -> Iterable[str]:
    """The texts that a signal stands for, with something plausible in place of each Go verb."""
    for verb, sample in SAMPLES:
        text = text.replace(verb, sample)
    text = re.sub(r"%[-+#0 ]?\d*\.?\d*[a-z]", "shop", text)
    yield text
    for part in re.split(r" / |; older: |; ", text):
        if len(part) > 8:
            yield part.strip()
