"""Reads whatever lands in a paste: kubectl's tables and descriptions, events, objects, logs, units, ports, etcd.

`read` is the one door. What is understood becomes facts, every line becomes part of exactly one passage for the
signatures, and what was left out is a gap. No text makes it raise.
"""

from __future__ import annotations

from datetime import datetime

from bot.read.reader import read_text
from rules.observations import Observations

__all__ = ["read"]


def read(text: str, *, source_name: str = "paste", now: datetime | None = None) -> Observations:
    """Facts, passages, relations and gaps of a text.

    `source_name` is what sources call it; `now` is the clock for instants written in it (ages need none).
    """
    return read_text(text, source_name, now)
