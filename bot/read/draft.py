"""What the readers write into: facts with their lines, and for every line what it is about.

A reader claims lines and says what they are about; the draft alone turns lines into passages, so that every line
ends up in exactly one. At the end names are joined: a bare name that is the name of one qualified object is it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.read.normalize import Line, Page
from bot.read.words import UNKNOWN_POD, qualified
from rules.kinds import Fact, Scalar, Source, fact
from rules.observations import Observations, Passage, Relation

About = Mapping[str, Scalar]

PASTE: Final[About] = {"via": "paste"}
COVERED: Final[About] = {}
"""Of lines whose texts stand in other passages already: those of a projected object."""

NAMESPACED: Final = (
    "pod", "service", "claim", "autoscaler", "disruption_budget", "ingress", "quota", "network_policy", "limit_range",
)  # fmt: skip
"""Attributes that hold `namespace/name`."""
KIND_AND_NAME: Final = ("workload", "object", "owner")
"""Attributes that hold `kind namespace/name`."""


@dataclass(slots=True)
class Command:
    """A command line seen behind a prompt, as far as it says what the following lines show."""

    text: str
    tool: str = ""
    verb: str = ""
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    all_namespaces: bool = False
    container: str | None = None
    unit: str | None = None
    units: tuple[str, ...] = ()
    path: str | None = None
    host: str | None = None
    arguments: tuple[str, ...] = ()


NO_COMMAND: Final = Command("")


@dataclass(slots=True)
class Draft:
    """The reading so far. Readers take `lines`, an index, and give back the index after what they understood."""

    page: Page
    source_name: str
    now: datetime | None
    lines: list[Line] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    extra: list[Passage] = field(default_factory=list)
    abouts: list[About | None] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    command: Command = field(default_factory=lambda: NO_COMMAND)
    host: str | None = None
    shows: dict[str, int] = field(default_factory=dict)
    manifests: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """First line and end of each manifest in the text, by its file."""
    cluster: dict[str, tuple[Scalar, int]] = field(default_factory=dict)
    status_unit: str | None = None
    only_pod: str | None = None
    slow_rows: int = 0
    look_ahead: int = 0
    to_load: int = 0

    def __post_init__(self) -> None:
        self.abouts = [None] * len(self.lines)
        self.look_ahead = 3 * len(self.lines) + 256
        size = sum([len(line.text) + 1 for line in self.lines])
        self.to_load = min(3 * size, size + 512 * 1024) + 4096

    @property
    def namespace(self) -> str | None:
        return None if self.command.all_namespaces else self.command.namespace

    def source(self, index: int) -> Source:
        line = self.lines[index]
        return Source(self.source_name, f"line {line.number}", line.raw.strip()[:2000])

    def add(self, kind: str, index: int, /, **attributes: Scalar | None) -> Fact:
        """A fact read at the line of that index."""
        made = fact(kind, self.source(index), **attributes)
        self.facts.append(made)
        return made

    def relate(self, upper: str, lower: str, how: str) -> None:
        self.relations.append(Relation(upper, lower, how))

    def mark(self, start: int, end: int, about: About) -> None:
        """These lines are about that; lines already marked keep theirs."""
        for index in range(start, end):
            if self.abouts[index] is None:
                self.abouts[index] = about

    def may_look(self, lines: int) -> bool:
        """Whether that many more lines may be looked at in vain. Keeps the whole reading linear, whatever the text."""
        self.look_ahead -= lines
        return self.look_ahead > 0

    def may_load(self, characters: int) -> bool:
        """Whether that much YAML may still be loaded: its parser is slow, and damaged text is tried in parts."""
        self.to_load -= characters
        return self.to_load > 0

    def show(self, what: str, index: int) -> None:
        """The paste shows a block of that sort."""
        self.shows.setdefault(what, index)

    def evidence(self, attribute: str, value: Scalar | None, index: int) -> None:
        """The text shows this about the cluster; the first that shows it is kept."""
        if value is not None and attribute not in self.cluster:
            self.cluster[attribute] = (value, index)

    def qualify(self, name: str, namespace: str | None = None) -> str:
        return qualified(namespace or self.namespace, name)

    # --- the end ----------------------------------------------------------------------------------------

    def finish(self) -> Observations:
        """The observations: facts and passages with joined names, in the order of the text."""
        passages = [*self._passages(), *self.extra]
        names = _Names(self.facts, passages)
        self.only_pod = names.only_pod
        if names.is_needed:
            self.facts = [names.in_fact(made) for made in self.facts]
            passages = [names.in_passage(passage) for passage in passages]
            self.relations = [
                Relation(names.in_subject(relation.upper), names.in_subject(relation.lower), relation.how)
                for relation in self.relations
            ]
        facts = list(dict.fromkeys(self.facts))
        relations = list(dict.fromkeys(self.relations))
        return Observations(facts, passages, relations, list(self.page.gaps))

    def _passages(self) -> list[Passage]:
        passages: list[Passage] = []
        about: About = PASTE
        texts: list[str] = []
        first = 0
        ended = True
        for index, line in enumerate(self.lines):
            here = self.abouts[index]
            if here is None:
                here = PASTE
            text = self.texts.get(index, line.text) if self.texts else line.text
            if not text or text.isspace():
                if texts:
                    texts.append("")
                continue
            if here is COVERED:
                ended = True
                continue
            if ended or (here is not about and here != about):
                self._close(passages, about, texts, first)
                about, texts, first = here, [], index
            ended = line.span > 1
            if "\\" in text:
                plain = unescape(text)
                if plain != text and plain.strip():
                    text = plain
            ended = ended or "\n" in text
            texts.append(text)
        self._close(passages, about, texts, first)
        return passages

    def _close(self, passages: list[Passage], about: About, texts: list[str], first: int) -> None:
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            passages.append(Passage("\n".join(texts), about, self.source(first)))


def unescape(text: str) -> str:
    r"""The text that was quoted inside another, at whatever depth: `\\\"x\\\"` -> `"x"`, `\n` -> a line end.

    >>> unescape('exec: \\\\\\"sh\\\\\\": not found\\\\nhint')
    'exec: "sh": not found\nhint'
    """
    parts = text.split("\\")
    if len(parts) == 1:
        return text
    out = [parts[0]]
    pending = False
    is_path = ":\\" in text
    for part in parts[1:]:
        if part == "":
            pending = True
            continue
        first = part[0]
        if first in "\"'/":
            out.append(part)
        elif first == "n" and not is_path:
            out.append("\n" + part[1:])
        elif first in "tr" and not is_path and (len(part) == 1 or not part[1].islower() or "\\n\\t" in text):
            out.append(" " + part[1:])
        elif part.startswith("u00") and part[:5] in ("u003c", "u003e", "u0026", "u0027", "u0022"):
            out.append({"c": "<", "e": ">", "6": "&", "7": "'", "2": '"'}[part[4]] + part[5:])
        else:
            out.append(("\\\\" if pending else "\\") + part)
        pending = False
    if pending or text.endswith("\\"):
        out.append("\\")
    return "".join(out)


_NAMES: Final = frozenset({*NAMESPACED, *KIND_AND_NAME, "host"})


class _Names:
    """Joins names within one paste: bare to qualified, `abc...` to the one it begins, `<pod>` to the only Pod."""

    def __init__(self, facts: list[Fact], passages: list[Passage]) -> None:
        self._full: dict[str, dict[str, set[str]]] = {}
        self._pods: set[str] = set()
        self._hosts: set[str] = set()
        bare = False
        records: list[Mapping[str, Scalar]] = [made.attributes for made in facts]
        records += [passage.about for passage in passages]
        for record in records:
            for attribute, value in record.items():
                if attribute not in _NAMES or not isinstance(value, str):
                    continue
                if attribute == "host":
                    self._hosts.add(value)
                elif attribute in KIND_AND_NAME:
                    kind, _, name = value.partition(" ")
                    bare = self._see(KIND_ATTRIBUTES.get(kind, kind), name) or bare
                else:
                    bare = self._see(attribute, value) or bare
        self.is_needed = bare and (bool(self._full) or UNKNOWN_POD in self._pods)
        named = {pod for pod in self._pods if pod != UNKNOWN_POD}
        whole = {pod for pod in named if "/" in pod or pod not in self._full.get("pod", {})}
        self._only_pod = next(iter(whole)) if len(whole) == 1 else None
        full_hosts = {host for host in self._hosts if "." in host}
        self._hosts_by_short: dict[str, str] = {}
        for host in self._hosts - full_hosts:
            long = [full for full in full_hosts if full.startswith(host + ".")]
            if len(long) == 1:
                self._hosts_by_short[host] = long[0]
        self.is_needed = self.is_needed or bool(self._hosts_by_short)
        self._whole_pods = sorted(pod for pod in whole if not pod.endswith("..."))

    def _see(self, attribute: str, value: str) -> bool:
        """Notes a name; True when it is bare, and so may have to be joined."""
        if attribute == "pod":
            self._pods.add(value)
        if "/" not in value:
            return True
        self._full.setdefault(attribute, {}).setdefault(value.partition("/")[2], set()).add(value)
        return False

    def _name(self, attribute: str, value: str) -> str:
        if "/" in value:
            return value
        if attribute == "pod":
            if value == UNKNOWN_POD:
                return self._only_pod or value
            if value.endswith("..."):
                begun = [pod for pod in self._whole_pods if pod.rpartition("/")[2].startswith(value[:-3])]
                return begun[0] if len(begun) == 1 else value
        same = self._full.get(attribute, {}).get(value, set())
        return next(iter(same)) if len(same) == 1 else value

    @property
    def only_pod(self) -> str | None:
        """The one Pod that the text names, if it names just one."""
        return self._only_pod

    def in_subject(self, subject: str) -> str:
        kind, _, name = subject.partition(" ")
        return f"{kind} {self._name(KIND_ATTRIBUTES.get(kind, kind), name)}"

    def _in_record(self, record: Mapping[str, Scalar]) -> dict[str, Scalar] | None:
        changed: dict[str, Scalar] = {}
        for attribute, value in record.items():
            if attribute not in _NAMES or not isinstance(value, str) or "/" in value:
                continue
            if attribute == "host":
                joined = self._hosts_by_short.get(value, value)
            elif attribute in KIND_AND_NAME:
                joined = self.in_subject(value)
            else:
                joined = self._name(attribute, value)
            if joined != value:
                changed[attribute] = joined
        return {**record, **changed} if changed else None

    def in_fact(self, made: Fact) -> Fact:
        attributes = self._in_record(made.attributes)
        if attributes is None:
            return made
        if made.kind in ("pod", "service", "claim", "workload", "ingress") and "namespace" not in attributes:
            name = attributes.get(made.kind)
            if isinstance(name, str) and "/" in name:
                attributes["namespace"] = name.partition("/")[0].rpartition(" ")[2]
        return Fact(made.kind, attributes, made.source)

    def in_passage(self, passage: Passage) -> Passage:
        about = self._in_record(passage.about)
        return Passage(passage.text, about, passage.source) if about else passage


KIND_ATTRIBUTES: Final = {
    "persistentvolumeclaim": "claim",
    "horizontalpodautoscaler": "autoscaler",
    "poddisruptionbudget": "disruption_budget",
    "resourcequota": "quota",
    "networkpolicy": "network_policy",
    "claim": "claim",
}
"""Kind in lower case -> the attribute that holds such a name, where they differ."""
