"""Gaps in the reader's language.

Collectors name what they could not learn, and why, in English; knowledge/gaps.yaml and knowledge/wants.yaml hold the
same words in others, with places for names, as gettext does. What has no translation stays English.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from pathlib import Path
from typing import Final

import yaml

from bot.collect.gaps import wants
from rules.observations import Gap

_PLACE: Final = re.compile(r"\{(\w{1,20})\}")
_ENGLISH: Final = "en"


def said(gap: Gap, lang: str) -> tuple[str, str]:
    """(what could not be learned, why) in a language."""
    return translated(gap.what, lang), translated(gap.why, lang)


@functools.lru_cache(maxsize=4096)
def translated(text: str, lang: str) -> str:
    """The English text in a language, if all of it is known there."""
    if lang == _ENGLISH:
        return text
    for pattern, words in _templates():
        found = pattern.fullmatch(text) if lang in words else None
        if found:
            return _PLACE.sub(lambda place, found=found: found[place[1]], words[lang])  # type: ignore[misc]
    return text


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Those with the most fixed words first, so that the most particular one counts."""
    path = Path(str(importlib.resources.files("knowledge"))) / "gaps.yaml"
    known = [*yaml.safe_load(path.read_text(encoding="utf-8")), *wants().values()]
    words = [{k: str(each[k]) for k in each if len(k) == 2} for each in known if _PLACE.sub("", each[_ENGLISH]).strip()]
    words.sort(key=lambda each: -len(_PLACE.sub("", each[_ENGLISH])))
    return [(_pattern(each[_ENGLISH]), each) for each in words]


def _pattern(template: str) -> re.Pattern[str]:
    """A template as a pattern in which every place is a named part; a place that comes again is the same text."""
    parts, seen, end = [], set(), 0
    for place in _PLACE.finditer(template):
        parts.append(re.escape(template[end : place.start()]))
        parts.append(f"(?P={place[1]})" if place[1] in seen else f"(?P<{place[1]}>.+?)")
        seen.add(place[1])
        end = place.end()
    return re.compile("".join([*parts, re.escape(template[end:])]), re.DOTALL)
