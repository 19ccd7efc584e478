"""Observations as bytes, so that an answer given earlier can be explained.

Observations are kept, not conclusions: `why` infers again from the same facts, which is deterministic, and can
then leave some out. Secrets were masked when the facts were read.
"""

from __future__ import annotations

from typing import Any

import orjson

from bot.questions import Question
from rules.kinds import Fact, Source
from rules.observations import Gap, Observations, Passage, Relation


def pack(question: Question, asked: str, observations: Observations) -> bytes:
    """JSON of what an answer rests on."""
    return orjson.dumps(
        {
            "question": {"kind": question.kind, "name": question.name},
            "asked": asked,
            "facts": [[f.kind, dict(f.attributes), _source(f.source)] for f in observations.facts],
            "passages": [[p.text, dict(p.about), _source(p.source)] for p in observations.passages],
            "relations": [[r.upper, r.lower, r.how] for r in observations.relations],
            "gaps": [[g.what, g.why, g.command] for g in observations.gaps],
        }
    )


def unpack(data: bytes) -> tuple[Question, str, Observations]:
    """The question, its subject and its observations. ValueError, KeyError or TypeError when `data` is damaged."""
    kept: dict[str, Any] = orjson.loads(data)
    observations = Observations(
        facts=[Fact(kind, attributes, Source(*source)) for kind, attributes, source in kept["facts"]],
        passages=[Passage(text, about, Source(*source)) for text, about, source in kept["passages"]],
        relations=[Relation(*r) for r in kept["relations"]],
        gaps=[Gap(*g) for g in kept["gaps"]],
    )
    return Question(kept["question"]["kind"], kept["question"]["name"]), kept["asked"], observations


def _source(source: Source) -> list[str]:
    return [source.what, source.where, source.text]
