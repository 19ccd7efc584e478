"""The last answer, kept so that `kdiag why ID` can say what was behind it.

Observations are kept, not conclusions: `why` infers again from the same facts, which is deterministic, and can
then leave some out. Secrets were masked when the facts were read.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import orjson

from bot.questions import Question
from rules.errors import KdiagError
from rules.kinds import Fact, Source
from rules.observations import Gap, Observations, Passage, Relation


def path() -> Path:
    folder = os.environ.get("XDG_STATE_HOME") or (Path.home() / ".local/state")
    return Path(folder) / "kdiag" / "last.json"


def save(question: Question, asked: str, observations: Observations) -> None:
    """Keep it; without a writable place, `why` is not available and nothing else suffers."""
    data = {
        "question": {"kind": question.kind, "name": question.name},
        "asked": asked,
        "facts": [[f.kind, dict(f.attributes), _source(f.source)] for f in observations.facts],
        "passages": [[p.text, dict(p.about), _source(p.source)] for p in observations.passages],
        "relations": [[r.upper, r.lower, r.how] for r in observations.relations],
        "gaps": [[g.what, g.why, g.command] for g in observations.gaps],
    }
    target = path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(orjson.dumps(data))
        Path(file.name).replace(target)
    except OSError:
        return


def load() -> tuple[Question, str, Observations]:
    """The last question, its subject and its observations. KdiagError when there is none."""
    try:
        data: dict[str, Any] = orjson.loads(path().read_bytes())
        observations = Observations(
            facts=[Fact(kind, attributes, Source(*source)) for kind, attributes, source in data["facts"]],
            passages=[Passage(text, about, Source(*source)) for text, about, source in data["passages"]],
            relations=[Relation(*r) for r in data["relations"]],
            gaps=[Gap(*g) for g in data["gaps"]],
        )
        return Question(data["question"]["kind"], data["question"]["name"]), data["asked"], observations
    except FileNotFoundError:
        raise KdiagError("there is no last answer yet: ask something first, such as `kdiag summary`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KdiagError(f"the last answer cannot be read ({error}): ask again") from error


def _source(source: Source) -> list[str]:
    return [source.what, source.where, source.text]
