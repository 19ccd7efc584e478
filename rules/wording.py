"""What is added to a cause's own sentence: where it was seen, and what follows from it.

Both are facts of this consultation, not of the entry: the object (unless the sentence names it already) and the
findings that are folded under the cause. Only links that the causal graph holds are put into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rules.kinds import Fact
from rules.schema import Text

SHOWN_CONSEQUENCES: Final = 2
ELSEWHERE: Final = frozenset({"room"})
"""Facts about a Pod whose node is not the one that the Pod is on."""
_SEEN: Final = {"en": "It concerns {where}.", "ja": "対象は {where} です。"}
_PART: Final = {
    "container": {"en": "container {}", "ja": "コンテナー {}"},
    "node": {"en": "on node {}", "ja": "ノード {}"},
    "workload": {"en": "of {}", "ja": "{} に属する"},
}
_THEREFORE: Final = {"en": "Therefore: {what}.", "ja": "その結果: {what}。"}
_MORE: Final = {"en": "and {n} more", "ja": "ほか {n} 件"}


def placed(cause: Text, subject: str, known: Iterable[Fact]) -> Text:
    """The cause with the object it was found on, where its sentence does not name that."""
    facts = [one for one in known if one.kind not in ELSEWHERE]
    parts = {name: _first(facts, name) for name in ("container", "workload", "node")}
    result = {}
    for lang, text in cause.items():
        named = _names(text, subject)
        where = [] if named else [subject]
        for name, value in parts.items():
            if value and subject.startswith("pod ") and not _names(text, value) and not _names(subject, value):
                where += [subject] if named and not where else []
                where.append(_PART[name].get(lang, _PART[name]["en"]).format(value))
        result[lang] = f"{text} {_SEEN.get(lang, _SEEN['en']).format(where=', '.join(where))}" if where else text
    return result


def with_consequences(cause: Text, consequences: Sequence[tuple[Text, str]]) -> Text:
    """The cause with what follows from it: (title, subject) of the findings folded under it, the nearest first.

    What several objects have in common is said once, with the first of them.
    """
    if not consequences:
        return cause
    result = {}
    for lang, text in cause.items():
        alike: dict[str, list[str]] = {}
        for title, subject in consequences:
            alike.setdefault(title.get(lang) or title.get("en", ""), []).append(subject)
        more = _MORE.get(lang, _MORE["en"])
        shown = []
        for words, subjects in list(alike.items())[:SHOWN_CONSEQUENCES]:
            where = [] if _names(words, subjects[0]) else [subjects[0]]
            where += [more.format(n=len(subjects) - 1)] if len(subjects) > 1 else []
            shown.append(f"{words} ({' '.join(where)})" if where else words)
        left = sum(len(subjects) for subjects in list(alike.values())[SHOWN_CONSEQUENCES:])
        if left:
            shown.append(more.format(n=left))
        result[lang] = f"{text} {_THEREFORE.get(lang, _THEREFORE['en']).format(what='; '.join(shown))}"
    return result


def _names(text: str, subject: str) -> bool:
    """Whether the text has the subject's bare name in it."""
    bare = subject.rsplit(" ", 1)[-1].rsplit("/", 1)[-1]
    return bare in text


def _first(facts: Iterable[Fact], attribute: str) -> str | None:
    for fact in facts:
        value = fact.get(attribute)
        if isinstance(value, str):
            return value
    return None
