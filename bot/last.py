"""The last answer, kept so that `kdiag why ID` can say what was behind it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.kept import pack, unpack
from bot.questions import Question
from rules.errors import KdiagError
from rules.observations import Observations


def path() -> Path:
    folder = os.environ.get("XDG_STATE_HOME") or (Path.home() / ".local/state")
    return Path(folder) / "kdiag" / "last.json"


def save(question: Question, asked: str, observations: Observations) -> None:
    """Keep it; without a writable place, `why` is not available and nothing else suffers."""
    target = path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(pack(question, asked, observations))
        Path(file.name).replace(target)
    except OSError:
        return


def load() -> tuple[Question, str, Observations]:
    """The last question, its subject and its observations. KdiagError when there is none."""
    try:
        return unpack(path().read_bytes())
    except FileNotFoundError:
        raise KdiagError("there is no last answer yet: ask something first, such as `kdiag summary`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KdiagError(f"the last answer cannot be read ({error}): ask again") from error
