"""What the tests of the reader share: facts of a kind as plain dictionaries, and the passages' shape."""

from __future__ import annotations

from typing import Any

from bot.read import read
from rules.observations import Observations


def facts(text: str | Observations, kind: str) -> list[dict[str, Any]]:
    seen = read(text) if isinstance(text, str) else text
    return [dict(made.attributes) for made in seen.facts if made.kind == kind]


def one(text: str | Observations, kind: str) -> dict[str, Any]:
    found = facts(text, kind)
    assert len(found) == 1, found
    return found[0]


def relations(text: str) -> set[tuple[str, str, str]]:
    return {(relation.upper, relation.how, relation.lower) for relation in read(text).relations}


def abouts(text: str, part: str) -> list[dict[str, Any]]:
    """What the passages with that part of a text are about."""
    return [dict(passage.about) for passage in read(text).passages if part in passage.text]
