"""Braces in knowledge -> words: `{pod}` in a command, `{killed.memory_limit}` in a sentence.

Values come from clusters and chats, so in commands they are quoted for a shell, apart from lines of a file, which are
to be copied as they are. What is not known stays as `<name>` and is reported, so that the answer can ask for it; a part
in double square brackets that needs an unknown word disappears with it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.kinds import Fact, Scalar

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\}")
_OPTIONAL: Final = re.compile(r"\[\[(.*?)\]\]", re.S)
_NAMESPACE_OPTION: Final = re.compile(r" ?(-n|--namespace[= ]) ?\{namespace\}")
_SAFE: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
_HASH: Final = r"(?=[0-9]*[a-z])[bcdfghjklmnpqrstvwxz2456789]{8,10}"
"""What a Deployment writes into its ReplicaSets' names; a CronJob's number has no letter."""
_OF_A_DEPLOYMENT: Final = re.compile(
    rf"(?:pod (?P<pod>\S+)-{_HASH}-[bcdfghjklmnpqrstvwxz2456789]{{5}}|replicaset (?P<replicaset>\S+)-{_HASH})"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

NAMED_AS_KIND: Final = ("workload", "object", "owner", "idle_workload", "top_user")
"""Words whose value names its kind too: `deployment shop/web`, in a command `deployment/web`."""
QUALIFIED: Final = frozenset(
    "pod service claim autoscaler disruption_budget ingress network_policy quota limit_range lease active_job".split()
)
"""Attributes that hold `namespace/name`; in a command the bare name."""
LINES_OF_A_FILE: Final = frozenset({"corrected"})
"""Attributes that hold lines to be put into a file: neither quoted nor joined."""


@dataclass(slots=True)
class Words:
    """What the words in braces mean for one finding."""

    bound: Mapping[str, Fact]
    nearby: Iterable[Fact] = ()
    """Facts about the same Pod or object, asked when no bound fact knows a word."""
    unknown: list[str] = field(default_factory=list)
    """Words that were needed and are not known, in order of first use."""

    def known(self, name: str, attribute: str | None) -> Scalar | None:
        if attribute is not None:
            one = self.bound.get(name)
            return one.get(attribute) if one is not None else None
        if name == "namespace":
            return self.namespace()
        if name == "owner":
            return self._attribute("workload") or self._as_subject("pod")
        if name == "registry":
            return self._attribute("registry") or self._registry_of_the_image()
        if name == "claim":
            return self._attribute("claim") or self._attribute("claim_name") or self._attribute("its_claim")
        return self._attribute(name)

    def _attribute(self, name: str) -> Scalar | None:
        for one in (*self.bound.values(), *self.nearby):
            value = one.get(name)
            if value is not None:
                return value
        return None

    def _registry_of_the_image(self) -> str | None:
        host, slash, _ = str(self._attribute("image") or "").partition("/")
        return host if slash and ("." in host or ":" in host or host == "localhost") else None

    def _to_change(self, name: str, value: Scalar | None) -> Scalar | None:
        """The Deployment, where the name of its Pod or ReplicaSet proves one: what is changed there would not last."""
        if name not in ("owner", "workload"):
            return value
        made = _OF_A_DEPLOYMENT.fullmatch(str(value if value is not None else self._as_subject("pod")))
        if made:
            return f"deployment {made['pod'] or made['replicaset']}"
        return None if name == "owner" and str(value).startswith("pod <") else value

    def _as_subject(self, kind: str) -> str | None:
        value = self._attribute(kind)
        return f"{kind} {value}" if value is not None else None

    def namespace(self) -> str | None:
        value = self._attribute("namespace")
        if value is not None:
            return str(value)
        for one in (*self.bound.values(), *self.nearby):
            for name, held in one.attributes.items():
                if name in QUALIFIED and isinstance(held, str) and "/" in held:
                    return held.split("/", 1)[0]
                if name in NAMED_AS_KIND and isinstance(held, str) and "/" in held:
                    return held.split(" ", 1)[-1].split("/", 1)[0]
        return None

    def prose(self, template: str) -> str:
        """The sentence with its words; an unknown one as `<name>` (not noted: only commands need it)."""
        return self._fill(template, lambda value, _word, _before: _CONTROL.sub(" ", str(value)), note=False)

    def command(self, template: str) -> str:
        """The command with its words, quoted for a shell; unknown ones are noted."""
        if self.namespace() is None:
            template = _NAMESPACE_OPTION.sub("", template)
        return self._fill(template, _for_shell, note=True)

    def subject(self, alternatives: Iterable[str]) -> str | None:
        """The first alternative whose words are all known."""
        for template in alternatives:
            if all(self.known(name, attribute) is not None for name, attribute in placeholders(template)):
                return self.prose(template)
        return None

    def _fill(self, template: str, show: Callable[[Scalar, tuple[str, str | None], str], str], *, note: bool) -> str:
        def optional(match: re.Match[str]) -> str:
            inner = match.group(1)
            wanted = placeholders(inner)
            if not wanted:
                return match.group(0)
            return inner if all(self.known(n, a) is not None for n, a in wanted) else ""

        template = _OPTIONAL.sub(optional, template).strip()  # now: the first of a file's lines may be indented
        out: list[str] = []
        position = 0
        for match in _PLACEHOLDER.finditer(template):
            out.append(template[position : match.start()])
            position = match.end()
            name, attribute = match.groups()
            value = self.known(name, attribute)
            if note and attribute is None:
                value = self._to_change(name, value)
            if value is None:
                word = "workload" if name == "owner" else attribute or name
                if note and word not in self.unknown:
                    self.unknown.append(word)
                out.append(f"<{word.replace('_', '-')}>")
            else:
                out.append(show(value, (name, attribute), "".join(out)))
        out.append(template[position:])
        return "".join(out)


def placeholders(template: str) -> list[tuple[str, str | None]]:
    """The (name, attribute) pairs that a template needs."""
    return [(m.group(1), m.group(2)) for m in _PLACEHOLDER.finditer(template)]


def _for_shell(value: Scalar, word: tuple[str, str | None], before: str) -> str:
    if (word[1] or word[0]) in LINES_OF_A_FILE:
        return _CONTROL_BUT_LINES.sub("", str(value))
    text = _CONTROL.sub("", str(value))
    name = word[1] or word[0]
    if name in NAMED_AS_KIND and " " in text:
        kind, full = text.split(" ", 1)
        text = f"{kind}/{full.split('/', 1)[-1]}"
    elif name in QUALIFIED or name == "node":
        text = text.split("/", 1)[-1]
    if _SAFE.fullmatch(text):
        return text
    if before.count("'") % 2:
        return text.replace("'", "'\\''")
    if before.count('"') % 2:
        return re.sub(r'(["\\$`])', r"\\\1", text)
    return shlex.quote(text)
