"""YAML knowledge -> `Entry`, or a `KnowledgeError` that names file, line, field and the nearest right name.

The format is described for writers in `knowledge/README.md`. Everything that can be checked without running
an example is checked here; `kb lint` adds the checks that need all entries together.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from rules.errors import KnowledgeError
from rules.kinds import KINDS, PARTS, WHERE, Scalar
from rules.patterns import needed_words

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Safe):  # type: ignore[misc]  # the C class is untyped
    """Safe and fast, and refuses a key that stands twice in one mapping: one of the two would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                message = f"the key {key.value!r} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


SEVERITIES: Final = ("critical", "warning", "info")
RISKS: Final = ("read", "change", "destructive")
LANGUAGES: Final = ("en", "ja")
VIAS: Final = ("paste", "event", "waiting", "terminated", "condition", "log", "journal", "manifest", "command")
PROFILE: Final[Mapping[str, tuple[str, ...]]] = {
    "era": ("2015", "today"),
    "runtime": ("docker", "containerd", "cri-o"),
    "control_plane": ("units", "static-pods", "k3s", "rke2", "managed"),
    "platform": ("eks", "gke", "aks", "openshift", "k3s", "rke2", "kubeadm", "kind", "minikube", "none"),
    "cni": ("flannel", "calico", "cilium", "weave", "kindnet", "aws-cni", "azure-cni", "ovn", "none"),
}
"""What the steps of a fix may depend on (`only:`). The values are those of the `cluster` fact."""
KNOWN: Final = ("*",)
UNKNOWN: Final = ("-",)
"""What `only: {name.attribute: ...}` may say instead of values: the attribute is known, or it is not."""

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sign:
    """One text by which the entry's symptom is recognised."""

    patterns: tuple[str, ...]
    """RE2 patterns that must follow each other in one passage, at any distance."""
    via: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    unless: str = ""
    words: tuple[str, ...] = ()
    """Any text that matches holds one of these (lower case, single blanks). Empty: the patterns tell nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One local condition of a pattern: `attribute op value`."""

    attribute: str
    op: str  # ==, !=, <, <=, >, >=, ~, !~, in, present
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """`attribute` equals `other_attribute` of the pattern called `other`."""

    attribute: str
    other: str
    other_attribute: str


@dataclass(frozen=True, slots=True)
class Pattern:
    name: str
    kind: str
    tests: tuple[Condition, ...] = ()
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One way to reach the conclusion: all patterns must hold. Routes of one entry are independent."""

    patterns: tuple[Pattern, ...]
    certainty: float


@dataclass(frozen=True, slots=True)
class Step:
    command: str
    note: Text
    risk: str
    only: Mapping[str, tuple[str, ...]]
    """Which values a key of the cluster's profile, or `name.attribute` of a bound fact, may have."""


@dataclass(frozen=True, slots=True)
class Record:
    """A fact that a rule concludes or wants: attribute -> literal or `$name.attribute`."""

    kind: str
    attributes: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    text: str = ""
    facts: tuple[Mapping[str, Scalar], ...] = ()
    objects: tuple[Mapping[str, Any], ...] = ()
    question: str = ""
    subject: str = ""
    root: bool = True
    """A match must be a root finding; `root: false` lets it stand under another."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that an expert knows."""

    id: str
    file: str
    line: int
    title: Text = field(default_factory=dict)
    severity: str = "warning"
    certainty: float = 0.8
    general: bool = False
    hygiene: bool = False
    tags: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()
    routes: tuple[Route, ...] = ()
    subject: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    cause: Text = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    confirm: Text = field(default_factory=dict)
    refute: Text = field(default_factory=dict)
    rivals: tuple[str, ...] = ()
    ask: Text = field(default_factory=dict)
    stage: str = ""
    concludes: tuple[Record, ...] = ()
    wants: tuple[Record, ...] = ()
    fix: tuple[Step, ...] = ()
    verify: tuple[str, ...] = ()
    match: tuple[Example, ...] = ()
    no_match: tuple[Example, ...] = ()
    normal: bool = False

    @property
    def is_finding(self) -> bool:
        return bool(self.cause)


FIELDS: Final[Mapping[str, str]] = {
    "id": "kebab-case; says the cause; never renamed, since people and feedback refer to it",
    "title": "the cause in a few words, by language",
    "severity": "critical: something is down; warning: it is degraded or will be down; info: worth knowing",
    "certainty": "above 0 and at most 1: how often this is the cause where the signs or facts hold",
    "general": "true: names only a class of failure; anything more precise about the same takes its place",
    "hygiene": "true: nothing is broken; shown only when asked for",
    "tags": "classes of symptoms that it belongs to, from tags.yaml, for the `explains` of others",
    "covers": "rows of the guide and signals of the catalogue that it holds: `guide G51`, `catalogue FILE/SIGNAL`",
    "source": "where it is written: pages of documentation, or the guide",
    "signs": "texts by which it is recognised (see below)",
    "when": "facts that must hold together: a name for each, or a list of such mappings, each a way of its own",
    "subject": "what it is about, such as `pod {pod}`; of a list, the first whose words are all known",
    "explains": "ids and tags of what this cause accounts for, where the facts link the two",
    "cause": "what is wrong and why, in a sentence or two, by language; an entry with a cause is a finding",
    "evidence": "which of the facts in `when` are shown as the reason; all of them if left out",
    "confirm": "what one would see if it is so",
    "refute": "what one would see if it is not so",
    "rivals": "ids of other causes with the same signs",
    "ask": "the one question that decides between it and its rivals, with the command to run",
    "stage": "the stage of a Pod's life that it stops",
    "concludes": "facts to derive instead of, or beside, a finding",
    "wants": "facts to collect, since they would settle it",
    "fix": "steps: command, note by language, risk (read, change or destructive), only (for which clusters or facts)",
    "verify": "commands that show that it is over",
    "examples": "its tests: `match` and `no_match` (see below)",
    "normal": "true: a text that looks alarming and is not; it has only an id, a title, covers and no_match",
}
"""Every field of an entry, with what it is for. `docs/knowledge.md` is made of this."""
EXAMPLE_FIELDS: Final[Mapping[str, str]] = {
    "name": "what distinguishes it from the other examples",
    "text": "a pasted text",
    "facts": "records of facts: a kind and its attributes (`kind_is` for an attribute called kind)",
    "but": "changes to the facts: `{N.attribute: value}`, N counting them from 0; null takes the attribute away",
    "objects": "API objects, as `kubectl get -o yaml` prints them",
    "question": "what is asked, such as `pod shop/web-0`; default: explain",
    "subject": "the subject that the finding must have",
    "root": "false: the match may stand under another finding",
}
SIGN_FIELDS: Final[Mapping[str, str]] = {
    "text": "an RE2 pattern, or a list of them that must follow each other in one passage",
    "in": "where it may stand; anywhere if left out",
    "reason": "only in events or states with one of these reasons",
    "unless": "a pattern that must not stand in the same line",
}
STAGES: Final = (
    "accepted",
    "scheduled",
    "handed-to-kubelet",
    "sandbox",
    "image",
    "created",
    "started",
    "ready",
    "serving",
)


class _Fault(Exception):
    def __init__(self, path: Sequence[str | int], message: str) -> None:
        super().__init__(message)
        self.path = tuple(path)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the known word that is closest, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def read_file(path: Path, shown_as: str) -> list[Entry]:
    """The entries of one file (one YAML document each). All its faults are raised together."""
    return read_text(path.read_text(encoding="utf-8"), shown_as)


def read_text(text: str, shown_as: str) -> list[Entry]:
    faults: list[str] = []
    entries: list[Entry] = []
    try:
        documents = list(yaml.load_all(text, Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}" if mark else ""
        raise KnowledgeError([f"{shown_as}{at}: not valid YAML: {getattr(error, 'problem', error)}"]) from error
    starts = _document_lines(text)
    for number, document in enumerate(documents):
        if document is None:
            continue
        line = starts[min(number, len(starts) - 1)]
        try:
            entries.append(_entry(document, shown_as, line))
        except _Fault as fault:
            faults.append(f"{shown_as}:{_line_of(text, number, fault.path) or line}: {fault}")
    if faults:
        raise KnowledgeError(faults)
    return entries


def _document_lines(text: str) -> list[int]:
    lines = [1]
    for number, line in enumerate(text.splitlines(), 1):
        if line.rstrip() == "---" and number > 1:
            lines.append(number + 1)
    return lines


def _line_of(text: str, document: int, path: Sequence[str | int]) -> int | None:
    """The line of the node at `path`; found by composing again, which only a faulty file pays for."""
    nodes = list(yaml.compose_all(text, Loader))
    if document >= len(nodes):
        return None
    node: Any = nodes[document]
    line: int = node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _entry(data: object, file: str, line: int) -> Entry:
    if not isinstance(data, dict):
        raise _Fault([], "an entry is a mapping")
    for key in data:
        if key not in FIELDS:
            raise _Fault([str(key)], f"unknown field {key!r}{nearest(str(key), FIELDS)}")
    id_ = data.get("id")
    if not isinstance(id_, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
        raise _Fault(["id"], f"id must be kebab-case, not {id_!r}")
    certainty = data.get("certainty", 0.8)
    if not isinstance(certainty, int | float) or not 0 < certainty <= 1:
        raise _Fault(["certainty"], "certainty is a number above 0 and at most 1")
    signs = tuple(_sign(item, ["signs", n]) for n, item in enumerate(_list(data, "signs")))
    routes = tuple(_routes(data.get("when"), float(certainty), id_, bool(signs)))
    bound = {p.name: p.kind for r in routes for p in r.patterns}
    examples = data.get("examples") or {}
    if not isinstance(examples, dict) or set(examples) - {"match", "no_match"} - {
        k for k in examples if len(str(k)) <= 2
    }:
        raise _Fault(["examples"], "examples holds `match` and `no_match` (and one- or two-letter anchors)")
    entry = Entry(
        id=id_,
        file=file,
        line=line,
        title=_text(data, "title"),
        severity=_one_of(data, "severity", SEVERITIES, "warning"),
        certainty=float(certainty),
        general=bool(data.get("general", False)),
        hygiene=bool(data.get("hygiene", False)),
        tags=_strings(data, "tags"),
        covers=_strings(data, "covers"),
        source=_strings(data, "source"),
        signs=signs,
        routes=routes,
        subject=_strings(data, "subject"),
        explains=_strings(data, "explains"),
        cause=_text(data, "cause"),
        evidence=_strings(data, "evidence"),
        confirm=_text(data, "confirm"),
        refute=_text(data, "refute"),
        rivals=_strings(data, "rivals"),
        ask=_text(data, "ask"),
        stage=_one_of(data, "stage", STAGES, ""),
        concludes=tuple(_record(r, ["concludes", n], bound) for n, r in enumerate(_list(data, "concludes"))),
        wants=tuple(_record({"kind": "want", **r}, ["wants", n], bound) for n, r in enumerate(_list(data, "wants"))),
        fix=tuple(_step(s, ["fix", n], bound) for n, s in enumerate(_list(data, "fix"))),
        verify=_strings(data, "verify"),
        match=tuple(_example(e, ["examples", "match", n]) for n, e in enumerate(examples.get("match") or [])),
        no_match=tuple(_example(e, ["examples", "no_match", n]) for n, e in enumerate(examples.get("no_match") or [])),
        normal=bool(data.get("normal", False)),
    )
    _check_whole(entry, bound)
    return entry


def _check_whole(entry: Entry, bound: Mapping[str, str]) -> None:
    if entry.normal:
        if entry.cause or entry.routes or entry.signs:
            raise _Fault(["normal"], "a `normal` entry only says what must stay silent: no signs, when or cause")
        return
    if not entry.routes:
        raise _Fault(["when"], "an entry needs `signs`, `when` or both")
    if not entry.is_finding and not entry.concludes and not entry.wants and not entry.signs:
        raise _Fault(["cause"], "an entry concludes something: a `cause`, `concludes` or `wants`")
    if entry.is_finding:
        for name in ("title", "cause"):
            missing = [lang for lang in LANGUAGES if lang not in getattr(entry, name)]
            if missing:
                raise _Fault([name], f"{name} needs {' and '.join(missing)}")
        if not entry.subject:
            raise _Fault(["subject"], "a finding needs a subject, such as `pod {pod}`")
    for name in entry.evidence:
        if name not in bound:
            raise _Fault(["evidence"], f"evidence names {name!r}, which `when` does not bind{nearest(name, bound)}")


def _sign(data: object, path: list[str | int]) -> Sign:
    if isinstance(data, str):
        data = {"text": data}
    if not isinstance(data, dict) or set(data) - set(SIGN_FIELDS) or "text" not in data:
        raise _Fault(path, "a sign is a pattern, or a mapping of text, in, reason, unless")
    patterns = _strings(data, "text")
    for pattern in patterns:
        for name in re.findall(r"\(\?P<(\w+)>", pattern):
            if name not in PARTS and name not in WHERE:
                raise _Fault(path, f"unknown part {name!r}{nearest(name, [*PARTS, *WHERE])}")
    via = _strings(data, "in")
    for word in via:
        if word not in VIAS:
            raise _Fault([*path, "in"], f"unknown place {word!r}{nearest(word, VIAS)}")
    unless = data.get("unless", "")
    if isinstance(unless, list):
        unless = "|".join(f"(?:{u})" for u in unless)
    return Sign(patterns, via, _strings(data, "reason"), unless, needed_words(patterns))


def _routes(data: object, certainty: float, id_: str, has_signs: bool) -> Iterator[Route]:
    if data is None:
        if has_signs:
            own = Pattern("sign", "symptom", (Condition("is", "==", id_), Condition("stale", "!=", True)))
            yield Route((own,), certainty)
        return
    alternatives = data if isinstance(data, list) else [data]
    for number, alternative in enumerate(alternatives):
        path: list[str | int] = ["when", number] if isinstance(data, list) else ["when"]
        if not isinstance(alternative, dict) or not alternative:
            raise _Fault(path, "`when` is a mapping of names to patterns, or a list of such mappings")
        weight = certainty
        patterns: list[Pattern] = []
        for name, pattern in alternative.items():
            if name == "certainty":
                weight = float(pattern)
                continue
            patterns.append(_pattern(str(name), pattern, [*path, str(name)], {p.name: p.kind for p in patterns}, id_))
        yield Route(tuple(patterns), weight)


_OPERATORS = re.compile(r"(!=|>=|<=|>|<|!~|~)\s+(.*)", re.S)


def _pattern(name: str, data: object, path: list[str | int], earlier: Mapping[str, str], id_: str) -> Pattern:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise _Fault(path, f"pattern name {name!r} is lower case letters, digits and _")
    if not isinstance(data, dict) or "kind" not in data:
        raise _Fault(path, "a pattern is a mapping with a `kind`")
    if "not" in data or "absent" in data:
        raise _Fault(
            path,
            "negation is not sound in the engine: a fact derived later could make it true;"
            " absence is a fact a collector states (`exists: false`, `endpoints: 0`)",
        )
    kind = data["kind"]
    # `kind` is also an attribute of some facts: write it `kind_is` in a pattern.
    if kind not in KINDS:
        raise _Fault([*path, "kind"], f"unknown fact kind {kind!r}{nearest(str(kind), KINDS)}")
    attributes = KINDS[kind][1]
    tests: list[Condition] = []
    joins: list[Join] = []
    for key, value in data.items():
        if key == "kind":
            continue
        attribute = "kind" if key == "kind_is" else str(key)
        if attribute not in attributes:
            raise _Fault([*path, key], f"{kind} has no attribute {attribute!r}{nearest(attribute, attributes)}")
        if isinstance(value, str) and value.startswith("$"):
            other, _, other_attribute = value[1:].partition(".")
            other_attribute = other_attribute or attribute
            if other not in earlier:
                raise _Fault([*path, key], f"{value} refers to no earlier pattern{nearest(other, earlier)}")
            if other_attribute not in KINDS[earlier[other]][1]:
                raise _Fault(
                    [*path, key],
                    f"{earlier[other]} has no attribute {other_attribute!r}"
                    f"{nearest(other_attribute, KINDS[earlier[other]][1])}",
                )
            joins.append(Join(attribute, other, other_attribute))
        else:
            tests.append(_test(attribute, value, attributes[attribute][0], [*path, key]))
    if kind == "symptom" and not any(t.attribute == "is" for t in tests):
        tests.append(Condition("is", "==", id_))
    return Pattern(name, kind, tuple(tests), tuple(joins))


def _test(attribute: str, value: object, type_: type, path: list[str | int]) -> Condition:
    if value == "*":
        return Condition(attribute, "present", True)
    if isinstance(value, list):
        return Condition(attribute, "in", tuple(_typed(v, type_, path) for v in value))
    if isinstance(value, str) and (found := _OPERATORS.fullmatch(value)):
        op, rest = found.groups()
        if op in ("~", "!~"):
            return Condition(attribute, op, rest)
        if op == "!=" and rest.strip().startswith("["):
            raise _Fault(path, "write one value after !=")
        return Condition(attribute, op, _typed(yaml.safe_load(rest) if type_ is not str else rest, type_, path))
    return Condition(attribute, "==", _typed(value, type_, path))


def _typed(value: object, type_: type, path: list[str | int]) -> Scalar:
    if type_ is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type_ is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise _Fault(path, f"should be a {type_.__name__}, not {value!r}")
    assert isinstance(value, str | int | float | bool)
    return value


def _record(data: object, path: list[str | int], bound: Mapping[str, str]) -> Record:
    if not isinstance(data, dict) or data.get("kind") not in KINDS:
        raise _Fault(path, "names a fact `kind` and its attributes")
    kind = data["kind"]
    attributes: dict[str, Scalar] = {}
    for key, value in data.items():
        if key == "kind":
            continue
        attribute = "kind" if key == "kind_is" else key
        if attribute not in KINDS[kind][1]:
            raise _Fault([*path, key], f"{kind} has no attribute {key!r}{nearest(key, KINDS[kind][1])}")
        if isinstance(value, str) and value.startswith("$"):
            name, _, other = value[1:].partition(".")
            if name not in bound:
                raise _Fault([*path, key], f"{value} is not bound in `when`{nearest(name, bound)}")
            if (other or attribute) not in KINDS[bound[name]][1]:
                raise _Fault([*path, key], f"{bound[name]} has no attribute {(other or attribute)!r}")
            attributes[attribute] = f"${name}.{other or attribute}"
        else:
            attributes[attribute] = _typed(value, KINDS[kind][1][attribute][0], [*path, key])
    return Record(kind, attributes)


def _step(data: object, path: list[str | int], bound: Mapping[str, str]) -> Step:
    if isinstance(data, str):
        data = {"command": data}
    if not isinstance(data, dict) or set(data) - {"command", "note", "risk", "only"} or "command" not in data:
        raise _Fault(path, "a step is a command, or a mapping of command, note, risk, only")
    only: dict[str, tuple[str, ...]] = {}
    for key, value in (data.get("only") or {}).items():
        words = tuple(str(v) for v in (value if isinstance(value, list) else [value]))
        name, _, attribute = str(key).partition(".")
        if attribute and name in bound and attribute in KINDS[bound[name]][1]:
            only[key] = words
            continue
        if key not in PROFILE:
            raise _Fault([*path, "only"], f"steps may depend on {', '.join(PROFILE)} or `name.attribute`, not {key!r}")
        for word in words:
            if word not in PROFILE[key]:
                raise _Fault([*path, "only"], f"{key} is never {word!r}{nearest(word, PROFILE[key])}")
        only[key] = words
    return Step(str(data["command"]).strip(), _text(data, "note"), _one_of(data, "risk", RISKS, "read"), only)


def _example(data: object, path: list[str | int]) -> Example:
    if not isinstance(data, dict) or set(data) - set(EXAMPLE_FIELDS) or not isinstance(data.get("name"), str):
        raise _Fault(path, f"an example has a name and some of {', '.join(EXAMPLE_FIELDS)}")
    facts = [dict(f) for f in data.get("facts") or []]
    for target, value in (data.get("but") or {}).items():
        number, _, attribute = str(target).partition(".")
        if not number.isdigit() or int(number) >= len(facts) or not attribute:
            raise _Fault([*path, "but"], "`but` is {N.attribute: value}, N counting the facts from 0")
        if value is None:
            facts[int(number)].pop(attribute, None)
        else:
            facts[int(number)][attribute] = value
    for position, record in enumerate(facts):
        kind = record.get("kind")
        if kind not in KINDS:
            raise _Fault([*path, "facts", position], f"unknown fact kind {kind!r}{nearest(str(kind), KINDS)}")
        for key in record:
            attribute = "kind" if key == "kind_is" else key
            if key != "kind" and attribute not in KINDS[kind][1]:
                near = nearest(attribute, KINDS[kind][1])
                raise _Fault([*path, "facts", position], f"{kind} has no attribute {attribute!r}{near}")
    return Example(
        name=data["name"],
        text=str(data.get("text") or ""),
        facts=tuple(facts),
        objects=tuple(data.get("objects") or ()),
        question=str(data.get("question") or ""),
        subject=str(data.get("subject") or ""),
        root=bool(data.get("root", True)),
    )


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _strings(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = _list(data, key)
    if not all(isinstance(v, str) for v in values):
        raise _Fault([key], f"{key} is a string or a list of strings")
    return tuple(values)


def _text(data: Mapping[str, Any], key: str) -> Text:
    value = data.get(key)
    if value is None:
        return {}
    if isinstance(value, str):
        return {"en": value.strip()}
    if (
        not isinstance(value, dict)
        or set(value) - set(LANGUAGES)
        or not all(isinstance(v, str) for v in value.values())
    ):
        raise _Fault([key], f"{key} is a text, or a mapping of {' and '.join(LANGUAGES)}")
    return {lang: text.strip() for lang, text in value.items()}


def _one_of(data: Mapping[str, Any], key: str, allowed: Sequence[str], default: str) -> str:
    value = data.get(key, default)
    if value not in allowed and value != default:
        raise _Fault([key], f"{key} is one of {', '.join(allowed)}, not {value!r}")
    return str(value)
