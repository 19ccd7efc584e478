"""How containers' logs end: the line that most probably says why, for causes that no signature knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.collect.passing import COMPLAINT
from rules.kinds import Fact, Source, fact
from rules.observations import Passage

LAST_LINES: Final = 12
MAX_LINE: Final = 240
_FRAME: Final = re.compile(r"\s+(?:at |File \"|\^|~|\.\.\. )|\s*\.\.\. \d+ more")


def log_ends(passages: Iterable[Passage]) -> Iterator[Fact]:
    """One fact for each container's log: the last of its last lines that complains, else its very last one."""
    for passage in passages:
        pod, container = passage.about.get("pod"), passage.about.get("container")
        if passage.about.get("via") != "log" or not isinstance(pod, str) or not isinstance(container, str):
            continue
        lines = [each for each in passage.text[-8192:].splitlines() if each.strip()][-LAST_LINES:]
        said = [each for each in lines if not _FRAME.match(each)]
        complaints = [each for each in said if COMPLAINT.search(each)]
        if not said:
            continue
        line = (complaints or said)[-1].strip()[:MAX_LINE]
        yield fact("log_end", Source(passage.source.what, "its end", line), pod=pod, container=container, text=line)
