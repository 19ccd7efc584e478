"""Text -> symptom facts: hundreds of patterns over a text in one pass, in time linear in its length.

How it stays linear and fast: every pattern has fixed words that any match must contain. All those words go into
one RE2 Set, which runs once over the text; only the patterns whose words are there run themselves (RE2 too, so
linear). 2,000 patterns cost about as much as 20.

What a writer of patterns need not think of, because `translate` does:

* a blank matches any white space, line breaks included;
* a double quote also matches one behind backslashes, as JSON in JSON writes it;
* several patterns of one sign must follow each other in one passage, at any distance.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import re2

from rules.kinds import PARTS, WHERE, Fact, Scalar, Source, fact
from rules.observations import Passage
from rules.patterns import compile_pattern
from rules.schema import Entry, Sign

SEPARATOR: Final = "\n\x1e\n"
"""Stands between passages; no match may contain it."""
MAX_MATCHES: Final = 400
"""Matches of one pattern in one scan. More of the same says nothing new."""
MAX_SPAN: Final = 6_000
"""Bytes between the first and the last pattern of one sign."""


@dataclass(frozen=True)
class _Signature:
    id: str
    sign: Sign

    @cached_property
    def regexes(self) -> tuple[Any, ...]:
        """Compiled when the text first holds the words; most never are in one run of the command line."""
        return tuple(compile_pattern(pattern) for pattern in self.sign.patterns)

    @cached_property
    def unless(self) -> Any | None:
        return compile_pattern(self.sign.unless) if self.sign.unless else None


class SignatureSet:
    """All signs of all entries, ready to scan."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._signatures: list[_Signature] = []
        words: dict[str, list[int]] = {}
        self._always: list[int] = []
        for entry in entries:
            for sign in entry.signs:
                number = len(self._signatures)
                self._signatures.append(_Signature(entry.id, sign))
                if not sign.words:
                    self._always.append(number)
                for word in sign.words:
                    words.setdefault(word, []).append(number)
        self._owners = list(words.values())
        options = re2.Options()
        options.log_errors = False
        options.literal = True
        options.max_mem = 256 << 20
        self._words = re2.Set.SearchSet(options)
        for word in words:
            self._words.Add(word)
        if words:
            self._words.Compile()

    def __len__(self) -> int:
        return len(self._signatures)

    def scan(self, passages: Sequence[Passage]) -> list[Fact]:
        """The symptom facts in these passages, the same one once with how often it was seen (`times`)."""
        if not passages:
            return []
        texts = [p.text.replace("\x1e", " ") for p in passages]
        blob = SEPARATOR.join(texts)
        data = blob.encode("utf-8", "replace")
        starts: list[int] = []
        offset = 0
        for text in texts:
            starts.append(offset)
            offset += len(text.encode("utf-8", "replace")) + len(SEPARATOR)
        found: dict[tuple[Any, ...], tuple[Fact, int]] = {}
        places = {_place(passage) for passage in passages}
        for number in self._candidates(data):
            if not any(_belongs(self._signatures[number].sign, place) for place in places):
                continue  # a pattern for events of one reason costs nothing where there are none
            for symptom in self._matches(self._signatures[number], data, starts, passages):
                key = symptom.key()
                known = found.get(key)
                found[key] = (known[0], known[1] + 1) if known else (symptom, 1)
        return [_with_times(symptom, times) for symptom, times in found.values()]

    def _candidates(self, data: bytes) -> list[int]:
        collapsed = b" ".join(data.lower().split())
        candidates = set(self._always)
        if self._owners:
            for index in self._words.Match(collapsed) or ():
                candidates.update(self._owners[index])
        return sorted(candidates)

    def _matches(
        self, signature: _Signature, data: bytes, starts: Sequence[int], passages: Sequence[Passage]
    ) -> Iterator[Fact]:
        count = 0
        for match in signature.regexes[0].finditer(data):
            if count >= MAX_MATCHES:
                return
            begin, end = match.span()
            if begin == end or b"\x1e" in data[begin:end]:
                continue
            passage_number = bisect.bisect_right(starts, begin) - 1
            passage = passages[passage_number]
            if not _belongs(signature.sign, _place(passage)):
                continue
            limit = starts[passage_number + 1] - len(SEPARATOR) if passage_number + 1 < len(starts) else len(data)
            parts = _parts(match)
            for regex in signature.regexes[1:]:
                following = regex.search(data, end, min(limit, begin + MAX_SPAN))
                if following is None:
                    break
                end = following.end()
                parts |= _parts(following)
            else:
                line_start = max(data.rfind(b"\n", 0, begin) + 1, starts[passage_number])
                line_end = data.find(b"\n", end)
                line_end = limit if line_end < 0 else min(line_end, limit)
                line = data[line_start:line_end].decode("utf-8", "replace")
                if signature.unless is not None and signature.unless.search(line.encode("utf-8", "replace")):
                    continue
                count += 1
                line_number = data.count(b"\n", starts[passage_number], begin)
                yield _symptom(signature.id, passage, parts, line, line_number)


Place = tuple[Scalar | None, Scalar | None]
"""Where a passage stood (`via`), and the reason of the event or state that it is from."""


def _place(passage: Passage) -> Place:
    return passage.about.get("via"), passage.about.get("reason")


def _belongs(sign: Sign, place: Place) -> bool:
    via, reason = place
    return (not sign.via or via in sign.via) and (not sign.reasons or reason in sign.reasons)


def _parts(match: Any) -> dict[str, str]:
    parts = {}
    for name, value in match.groupdict().items():
        if value:
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            text = " ".join(text.split()).strip("\"'`\\,;")
            if text:
                parts[name] = text[:500]
    return parts


def _symptom(id_: str, passage: Passage, parts: dict[str, str], line: str, line_number: int) -> Fact:
    attributes: dict[str, Scalar] = {**passage.about}
    for name, value in parts.items():
        if name in WHERE and name in attributes:
            continue  # what the text is about is better known from where it stood
        if name in WHERE or name in PARTS:
            attributes[name] = value
    attributes["is"] = id_
    source = passage.source
    text = line.strip()[:1000]
    where = source.where
    if where.startswith("line ") and where[5:].isdigit():
        where = f"line {int(where[5:]) + line_number}"
    return fact("symptom", Source(source.what, where, text), **attributes)


def _with_times(symptom: Fact, times: int) -> Fact:
    if times == 1 or "times" in symptom.attributes:
        return symptom
    return Fact(symptom.kind, {**symptom.attributes, "times": times}, symptom.source)
