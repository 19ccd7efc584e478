"""What can be said after `/kdiag`, read without touching anything. Wrong words come with the nearest right ones."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Final

from bot.questions import OBJECT_KINDS, Question
from bot.render.mrkdwn import escape
from bot.slack.words import say

SHORT_NAMES: Final = {
    "po": "pod",
    "pods": "pod",
    "no": "node",
    "nodes": "node",
    "svc": "service",
    "services": "service",
    "deploy": "deployment",
    "deployments": "deployment",
    "replicationcontroller": "rc",
    "sts": "statefulset",
    "statefulsets": "statefulset",
    "ds": "daemonset",
    "daemonsets": "daemonset",
    "jobs": "job",
    "cj": "cronjob",
    "cronjobs": "cronjob",
    "persistentvolumeclaim": "pvc",
    "pvcs": "pvc",
    "ing": "ingress",
    "ingresses": "ingress",
    "horizontalpodautoscaler": "hpa",
    "health": "summary",
    "minion": "node",
    "?": "help",
}
"""kubectl's short names and plurals."""
NAMED: Final = (*OBJECT_KINDS, "host", "etcd")
TEXTS: Final = ("explain", "check")
VERBS: Final = (*NAMED, "summary", *TEXTS, "why", "schedule", "mute", "mutes", "unmute", "help", "version")
OPTIONS: Final = ("--cluster", "--context", "-n", "--namespace", "--private", "--public", "--hygiene", "--lang")
WITH_VALUE: Final = frozenset({"--cluster", "--context", "-n", "--namespace", "--lang"})


class CommandError(Exception):
    """Something is wrong with the words. The text, mrkdwn in the person's language, says what and what to try."""


@dataclass(frozen=True, slots=True)
class Command:
    verb: str
    words: tuple[str, ...] = ()
    text: str = ""
    """For explain and check: what is to be read."""
    cluster: str = ""
    namespace: str = ""
    lang: str = ""
    private: bool | None = None
    """None when the person did not say."""
    hygiene: bool = False

    @property
    def question(self) -> Question:
        """What is asked, for verbs that ask."""
        name = self.words[0] if self.words else ""
        if self.namespace and self.verb in OBJECT_KINDS and self.verb != "node" and "/" not in name:
            name = f"{self.namespace}/{name}"
        return Question(self.verb, name, self.text)


@dataclass(slots=True)
class _Options:
    values: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def looks_like_command(text: str) -> bool:
    """Whether a mention or direct message is a command rather than a paste: one short line with a known first word."""
    line = text.strip()
    first = line.split(maxsplit=1)[0].lower() if line else ""
    if "\n" in line or len(line) > 200:
        return False
    known = first in VERBS or first in SHORT_NAMES
    return known and (len(line.split()) <= 4 or first in ("schedule", "mute"))


def parse(line: str, lang: str) -> Command:
    """The command in a line. CommandError when it is none."""
    line = line.strip()
    if not line:
        return Command("help")
    first, _, rest = line.partition(" ") if "\n" not in line.split(" ", 1)[0] else line.partition("\n")
    word = first.strip().lower().removeprefix("/kdiag")
    kind, slash, named = word.partition("/")
    if slash and (kind in VERBS or kind in SHORT_NAMES) and named:
        word, rest = kind, f"{first.partition('/')[2]} {rest}"
    verb = SHORT_NAMES.get(word, word)
    if verb not in VERBS:
        raise CommandError(
            say("unknown-command", lang, word=_shown(first), hint=_hint(word, (*VERBS, *SHORT_NAMES), lang))
        )
    if verb in TEXTS:
        text = rest.strip()
        if not text:
            raise CommandError(say("name-missing", lang, word=verb))
        return Command(verb, text=text)
    if verb == "schedule":  # its words may begin with - or *
        return Command(verb, words=tuple(rest.split()))
    options = _options(rest, lang)
    if verb in NAMED and not options.words:
        raise CommandError(say("name-missing", lang, word=verb))
    private = True if "--private" in options.values else False if "--public" in options.values else None
    return Command(
        verb,
        tuple(options.words),
        cluster=options.values.get("--cluster", options.values.get("--context", "")),
        namespace=options.values.get("--namespace", options.values.get("-n", "")),
        lang=options.values.get("--lang", ""),
        private=private,
        hygiene="--hygiene" in options.values,
    )


def _options(rest: str, lang: str) -> _Options:
    found = _Options()
    waiting = ""
    for word in rest.replace("\u2014", "--").replace("\u2013", "--").split():  # phones make dashes of --
        if waiting:
            found.values[waiting] = word
            waiting = ""
        elif re.match(r"-{1,2}[a-zA-Z]", word):
            name, equals, value = word.partition("=")
            name = name if name.startswith("--") or len(name) == 2 else f"-{name}"
            if name not in OPTIONS:
                raise CommandError(
                    say(
                        "bad-option",
                        lang,
                        option=_shown(name),
                        hint=_hint(name, OPTIONS, lang),
                        options=" ".join(f"`{one}`" for one in OPTIONS),
                    )
                )
            if name in WITH_VALUE and not equals:
                waiting = name
            else:
                found.values[name] = value
        else:
            found.words.append(word)
    return found


def _shown(word: str) -> str:
    return escape(word[:60]).replace("`", "'")


def _hint(word: str, known: tuple[str, ...], lang: str) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return say("did-you-mean", lang, words=SHORT_NAMES.get(near[0], near[0])) if near else ""
