"""Firings -> findings -> causal graph -> roots, most probable first.

A finding explains another when its entry says so (`explains`) and the facts link the two: the same subject, a chain of
relations (from the Pod whose own log says it, too), or one and the same text. Nothing is dropped: what is explained
is folded under its cause.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rules.engine import Firing
from rules.findings import Finding, FixStep, Ranked
from rules.inplace import feasible
from rules.kinds import Fact
from rules.observations import Topology, canonical
from rules.schema import KNOWN, PROFILE, SEVERITIES, UNKNOWN, Entry
from rules.template import Words
from rules.wording import placed, with_consequences

MAX_CERTAINTY = 0.99
"""Nothing that is read from the outside is beyond doubt."""
THE_TEXT = "the pasted text"
"""Subject of a finding when the text names no object."""
_HOST = re.compile(r"(?:host|node|(?:unit|port) \S+ on) (?P<name>\S+)")
"""The subject of a finding that is mended on a host."""
_WORD = re.compile(r"[\w-]+")

Profile = Mapping[str, str]
DEFAULT_PROFILE: Profile = {
    "era": "today",
    "runtime": "containerd",
    "control_plane": "static-pods",
    "platform": "none",
    "cni": "none",
}


def profile_of(facts: Iterable[Fact]) -> Profile:
    """What kind of cluster this is, as far as a `cluster` fact says so; else the defaults of today."""
    known: dict[str, str] = {}
    for one in facts:
        if one.kind == "cluster":
            known |= {k: str(one[k]) for k in PROFILE if one.get(k) is not None}
    if known.get("era") == "2015":
        known = {"runtime": "docker", "control_plane": "units", **known}
    return {**DEFAULT_PROFILE, **known}


def combine(certainties: Iterable[float]) -> float:
    """Certainty of a finding reached by independent routes: 1 - product(1 - c).

    >>> combine([0.5, 0.5])
    0.75
    """
    return 1 - math.prod(1 - c for c in certainties)


class Nearby:
    """Facts by the Pod or object they are about, so that a template can use what no bound fact knows."""

    KINDS = ("pod", "container", "workload", "node", "cluster")

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for one in facts:
            if one.kind in self.KINDS:
                key = "workload" if one.kind == "workload" else "node" if one.kind == "node" else "pod"
                value = one.get(key)
                if isinstance(value, str):
                    self._by[key, value].append(one)

    def to(self, bound: Iterable[Fact]) -> list[Fact]:
        near: list[Fact] = []
        for one in bound:
            for key in ("pod", "workload"):
                value = one.get(key)
                if isinstance(value, str):
                    found = self._by.get((key, value), [])
                    containers = [f for f in found if f.kind == "container"]
                    name = one.get("container")
                    # a word such as {image} may come from a container only if it is clear which one is meant
                    near += [f for f in found if f.kind != "container"]
                    near += [
                        f for f in containers if f.get("container") == name or (name is None and len(containers) == 1)
                    ]
        return near


def subject_of(entry: Entry, bound: Mapping[str, Fact], nearby: Sequence[Fact] = ()) -> str:
    return Words(bound, nearby).subject(entry.subject) or THE_TEXT


def build(
    firings: Sequence[Firing], nearby: Nearby, profile: Profile, clients: frozenset[str] = frozenset()
) -> list[Finding]:
    """One finding for each entry and subject, from all the firings that concluded it."""
    groups: dict[tuple[str, str], list[Firing]] = defaultdict(list)
    for firing in firings:
        for concluded in firing.concluded:
            if concluded.kind == "finding":
                groups[firing.rule.entry.id, str(concluded["subject"])].append(firing)
    return [_finding(subject, group, nearby, profile, clients) for (_, subject), group in groups.items()]


def _finding(
    subject: str, firings: Sequence[Firing], nearby: Nearby, profile: Profile, clients: frozenset[str]
) -> Finding:
    best = max(firings, key=lambda f: (f.rule.route.certainty, len(f.bound), _knows(f)))
    entry = best.rule.entry
    near = nearby.to(best.bound.values())
    words = Words(best.bound, near)
    by_route: dict[str, float] = {}
    for firing in firings:
        by_route[firing.rule.name] = firing.rule.route.certainty
    chosen = [best, *[f for f in firings if f is not best]]
    evidence: dict[str, Fact] = {}
    for firing in chosen[:8]:
        names = entry.evidence or tuple(firing.bound)
        for name in names:
            if name in firing.bound:
                one = firing.bound[name]
                evidence.setdefault(one.source.text or str(one), one)
    host = _HOST.fullmatch(subject)
    fix = tuple(
        FixStep(
            words.command(step.command),
            {k: words.prose(v) for k, v in step.note.items()},
            step.risk,
            host["name"] if host and clients.isdisjoint(_WORD.findall(step.command)) else "",
        )
        for step in entry.fix
        if all(_allows(allowed, key, profile, best.bound) for key, allowed in step.only.items())
    )
    fix = feasible(fix, near, words.namespace())
    verify = tuple(words.command(command) for command in entry.verify)
    unknown = tuple(
        word for word in words.unknown if any(f"<{word.replace('_', '-')}>" in c for c in _commands(fix, verify))
    )
    return Finding(
        entry=entry,
        subject=subject,
        certainty=min(round(combine(by_route.values()), 3), MAX_CERTAINTY),
        title={k: words.prose(v) for k, v in entry.title.items()},
        cause=placed({k: words.prose(v) for k, v in entry.cause.items()}, subject, (*best.bound.values(), *near)),
        evidence=tuple(evidence.values()),
        fix=fix,
        verify=verify,
        confirm={k: words.prose(v) for k, v in entry.confirm.items()},
        refute={k: words.prose(v) for k, v in entry.refute.items()},
        ask={k: words.prose(v) for k, v in entry.ask.items()},
        unknown=unknown,
        firings=tuple(firings),
    )


def _commands(fix: Iterable[FixStep], verify: Iterable[str]) -> list[str]:
    return [*(step.command for step in fix), *verify]


def _allows(allowed: tuple[str, ...], key: str, profile: Profile, bound: Mapping[str, Fact]) -> bool:
    """What is not known of a fact rules nothing out, unless the step asks for that."""
    if key in profile:
        return profile[key] in allowed
    name, _, attribute = key.partition(".")
    value = bound[name].get(attribute) if name in bound else None
    if allowed in (KNOWN, UNKNOWN):
        return (value is not None) == (allowed == KNOWN)
    return value is None or str(value) in allowed


def _knows(firing: Firing) -> int:
    return sum(len(fact.attributes) for fact in firing.bound.values())


class CausalGraph:
    """Which finding accounts for which."""

    def __init__(self, findings: Sequence[Finding], topology: Topology, *, one_text: bool) -> None:
        self._findings = findings
        self._topology = topology
        self._one_text = one_text
        self._below_cache: dict[str, frozenset[str]] = {}
        self._lines = [frozenset(_lines(f)) for f in findings]
        self.explained: dict[int, set[int]] = self._edges()
        self._break_cycles()

    def _edges(self) -> dict[int, set[int]]:
        by_name: dict[str, list[int]] = defaultdict(list)
        general: list[int] = []
        for number, finding in enumerate(self._findings):
            for name in (finding.id, *finding.entry.tags):
                by_name[name].append(number)
            if finding.entry.general:
                general.append(number)
        edges: dict[int, set[int]] = defaultdict(set)
        for upper, finding in enumerate(self._findings):
            named = {n for name in finding.entry.explains for n in by_name.get(name, ())}
            for lower in named:
                if lower != upper and self._linked(upper, lower):
                    edges[upper].add(lower)
            if not finding.entry.general:
                for lower in general:
                    if lower != upper and self._says_less(lower, upper):
                        edges[upper].add(lower)
        return edges

    def _linked(self, upper: int, lower: int) -> bool:
        a, b = canonical(self._findings[upper].subject), canonical(self._findings[lower].subject)
        if a == b or b in self._below(a) or self._lines[upper] & self._lines[lower]:
            return True
        speakers = _speakers(self._findings[upper])
        if speakers & _speakers(self._findings[lower]):
            return True
        if any(b == speaker or b in self._below(speaker) for speaker in speakers):
            return True
        # In one pasted text that names no second object of the kind, the text itself is the link. `systemctl status`
        # does not say on which host a unit is, the journal below it does.
        return self._one_text and (
            THE_TEXT in (a, b)
            or a.split(" ", 1)[0] != b.split(" ", 1)[0]
            or a.startswith(f"{b} on ")
            or b.startswith(f"{a} on ")
        )

    def _says_less(self, lower: int, upper: int) -> bool:
        if self._lines[upper] & self._lines[lower]:
            return True
        shared = set(self._findings[upper].entry.tags) & set(self._findings[lower].entry.tags)
        return bool(shared) and self._linked(upper, lower)

    def _below(self, subject: str) -> frozenset[str]:
        """All subjects that a fault of `subject` can reach."""
        known = self._below_cache.get(subject)
        if known is None:
            reached: set[str] = set()
            frontier = {subject}
            for _ in range(Topology.MAX_STEPS):
                frontier = {lower for here in frontier for lower in self._topology.below(here)} - reached
                reached |= frontier
            known = self._below_cache[subject] = frozenset(reached - {subject})
        return known

    def _break_cycles(self) -> None:
        """Two that explain each other: the more certain, or the less general one, is the cause."""
        for upper, lowers in self.explained.items():
            for lower in list(lowers):
                if upper in self.explained.get(lower, ()) and self._weight(upper) < self._weight(lower):
                    lowers.discard(lower)
                elif upper in self.explained.get(lower, ()):
                    self.explained[lower].discard(upper)

    def _weight(self, number: int) -> tuple[bool, float, int]:
        finding = self._findings[number]
        return not finding.entry.general, finding.certainty, -number

    def roots(self) -> list[tuple[int, list[int]]]:
        """Each root with everything below it, and for what a remaining longer cycle holds its weightiest member."""
        explained = {lower for lowers in self.explained.values() for lower in lowers}
        roots = [n for n in range(len(self._findings)) if n not in explained]
        covered: set[int] = set()
        result = []
        for root in roots:
            below = self._all_below(root)
            covered |= below | {root}
            result.append((root, sorted(below)))
        while left := [n for n in range(len(self._findings)) if n not in covered]:
            root = max(left, key=self._weight)
            below = self._all_below(root) - covered - {root}
            covered |= below | {root}
            result.append((root, sorted(below)))
        return result

    def _all_below(self, root: int) -> set[int]:
        below: set[int] = set()
        frontier = {root}
        while frontier:
            frontier = {n for here in frontier for n in self.explained.get(here, ())} - below - {root}
            below |= frontier
        return below


def _lines(finding: Finding) -> Iterable[tuple[str, str, str]]:
    for one in finding.evidence:
        if one.kind == "symptom" and one.source.text:
            yield one.source.what, one.source.where, one.source.text


def _speakers(finding: Finding) -> set[str]:
    """The Pods whose own logs say it: what they complain of concerns them, whatever it is about."""
    symptoms = (fact for fact in finding.evidence if fact.kind == "symptom" and fact.get("via") == "log")
    return {f"pod {fact['pod']}" for fact in symptoms if fact.get("pod") is not None}


def rank(findings: Sequence[Finding], topology: Topology, *, asked: str = "", one_text: bool = False) -> list[Ranked]:
    """Roots first, most probable first, each with what it explains folded under it.

    `asked` is the subject of the question: causes on it, above it or below it come first, others are left to the
    summary. `one_text`: all facts come from one paste.
    """
    graph = CausalGraph(findings, topology, one_text=one_text)
    ranked = [_ranked(findings, root, below) for root, below in graph.roots()]
    if asked:
        ranked = _of_interest(ranked, asked, topology)
    return _fold_siblings(sorted(ranked, key=lambda r: _order(r, asked, topology)), topology)


def _ranked(findings: Sequence[Finding], root: int, below: Sequence[int]) -> Ranked:
    finding = findings[root]
    explained = tuple(findings[n] for n in below)
    # What stands on another object says something new; the same object's vaguer findings do not.
    elsewhere = [f for f in explained if f.subject != finding.subject and not f.entry.general]
    precise = [f for f in explained if f.subject == finding.subject and not f.entry.general]
    consequences = [(f.title, f.subject) for f in (*precise, *elsewhere)]
    return Ranked(replace(finding, cause=with_consequences(finding.cause, consequences)), explained)


LEADS_TO = ("nearest_workload", "top_user")
"""Attributes by which a fact names a controller that has a part in the fault: what is wrong there comes next."""


def _of_interest(ranked: Sequence[Ranked], asked: str, topology: Topology) -> list[Ranked]:
    """Roots that touch what was asked about, and those of the controllers that these lead to."""
    found = [each for each in ranked if _concerns(each, asked, topology)]
    named = {
        str(fact[name])
        for each in found
        for finding in (each.finding, *each.explains)
        for fact in finding.evidence
        for name in LEADS_TO
        if fact.get(name) is not None
    }
    found += [each for each in ranked if each not in found and any(_concerns(each, n, topology) for n in named)]
    return found


CALLED = frozenset(("is called by", "resolves names for"))
"""How a Service stands above those who call it."""
OF_THE_NODE = frozenset(
    "sandbox volume container-create runtime-down node-pressure overlay-network pod-evicted pod-terminating".split()
)
"""Tags of what goes wrong on a Pod and may be its node's affair."""


def _concerns(ranked: Ranked, asked: str, topology: Topology) -> bool:
    """Whether it is on what was asked about, above it, or a fault of its own of something that depends on it.

    What fails for a reason of its own (a client of a Service, whose node is down) is no affair of what it calls. Of
    what fails below for another reason only that counts which belongs to it directly: an autoscaler to its Deployment.
    """
    of_node = asked.startswith("node ")
    for finding in (ranked.finding, *ranked.explains):
        if finding.subject in (asked, THE_TEXT) or topology.path(finding.subject, asked) is not None:
            return True
        if any(f"{fact.get('kind') or fact.kind} {fact.get(fact.kind)}" == asked for fact in finding.evidence):
            return True
        if any(topology.path(speaker, asked) is not None for speaker in _speakers(finding)):
            return True
        way = topology.path(asked, finding.subject)
        if way is None:
            continue
        if any(step.how in CALLED for step in way) or (of_node and not _may_be_of_the_node(finding, topology)):
            continue
        if finding is ranked.finding or (len(way) == 1 and not of_node):
            return True
    return False


def _may_be_of_the_node(finding: Finding, topology: Topology) -> bool:
    """An application that fails by itself says nothing of the node it runs on; each node's own agents do."""
    agents = any(lower.startswith("daemonset ") for lower in topology.below(finding.subject))
    return agents or not OF_THE_NODE.isdisjoint(finding.entry.tags) or not finding.subject.startswith("pod ")


def _order(ranked: Ranked, asked: str, topology: Topology) -> tuple[object, ...]:
    finding = ranked.finding
    asked = canonical(asked)
    on_it = any(canonical(f.subject) == asked for f in (finding, *ranked.explains))
    # a general one that accounts for precise ones is no longer a last resort
    vague = finding.entry.general and all(f.entry.general for f in ranked.explains)
    outage = not asked and _is_outage(ranked)
    weight = finding.certainty + 0.03 * min(len(ranked.explains), 4) - (0.25 if vague and not outage else 0)
    weight += OUTAGE if outage else 0
    weight += REACH if _reaches_others(ranked) else 0
    way = None
    if asked:
        way = topology.path(finding.subject, asked)
        way = topology.path(asked, finding.subject) if way is None else way
    weight -= STEP * (len(way) if way is not None else Topology.MAX_STEPS if asked else 0)
    return (
        finding.entry.severity == "info",
        bool(asked) and not on_it,
        -round(weight, 3),
        SEVERITIES.index(finding.entry.severity),
        finding.subject,
        finding.id,
    )


REACH = 0.12
"""Added to the weight of what reaches into other namespaces: it is mended before what harms only itself."""


STEP = 0.02
"""Taken from the weight for each step to what was asked about: its own fault comes before one that it suffers from."""


OUTAGE = 0.15
"""Added in a summary to the weight of what leaves a Service with nothing behind it: that is mended first."""


def _is_outage(ranked: Ranked) -> bool:
    found = (ranked.finding, *ranked.explains)
    return any(f.subject.startswith("service ") and "service-without-endpoints" in f.entry.tags for f in found)


def _reaches_others(ranked: Ranked) -> bool:
    """Whether Pods of another namespace are among its consequences; a node has none of its own."""
    own = _namespace(ranked.finding.subject)
    return any(f.subject.startswith("pod ") and _namespace(f.subject) != own for f in ranked.explains)


def _namespace(subject: str) -> str:
    return subject.partition(" ")[2].rpartition("/")[0]


def _fold_siblings(ranked: Sequence[Ranked], topology: Topology) -> list[Ranked]:
    """The same cause on several Pods of one controller, or in one namespace, is one finding with siblings."""
    groups: dict[tuple[str, str], list[Ranked]] = defaultdict(list)
    order: list[tuple[str, str]] = []
    for one in ranked:
        key = (one.finding.id, _family(one.finding, topology))
        if key not in groups:
            order.append(key)
        groups[key].append(one)
    result = []
    for key in order:
        first, *others = groups[key]
        folded = tuple(f for other in others for f in other.explains if f not in first.explains)
        result.append(Ranked(first.finding, first.explains + folded, tuple(o.finding for o in others)))
    return result


FAR_ENDS = ("registry", "endpoint", "server")
"""What a symptom may say that it could not reach: the same one is the same cause, whoever asks."""
OWN_MACHINE = ("localhost", "127.", "[::1]", "::1")


def _family(finding: Finding, topology: Topology) -> str:
    for fact in finding.evidence:
        for far in (fact.get(name) for name in FAR_ENDS if fact.kind == "symptom"):
            if isinstance(far, str) and not far.startswith(OWN_MACHINE):
                return far
    for fact in finding.evidence:
        workload = fact.get("workload")
        if finding.subject.startswith("pod ") and isinstance(workload, str):
            return workload
    owners = [lower for lower in topology.below(finding.subject) if finding.subject.startswith("pod ")]
    return owners[0] if owners else finding.subject
