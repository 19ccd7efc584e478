"""A small world for tests of ranking and explanation: entries, facts and relations written out."""

from __future__ import annotations

from collections.abc import Iterable

from rules.expert import Expert, Reasoning
from rules.kinds import Fact, Source, fact
from rules.knowledge import Knowledge
from rules.observations import Observations, Passage, Relation
from rules.schema import read_text

TAGS = frozenset({"pod-stuck", "node-not-ready"})
ENTRIES = """
id: node-silent
title: {en: "The kubelet of {n.node} is silent", ja: x}
severity: critical
certainty: 0.9
tags: [node-not-ready]
when: {n: {kind: node, ready: Unknown}}
subject: node {n.node}
explains: [pod-stuck, service-empty]
cause: {en: "`{n.node}` has not reported for {n.silent_s} s.", ja: x}
fix: [{command: "systemctl restart kubelet", note: {en: on it}, risk: change}]
---
id: pod-pending
title: {en: The Pod waits, ja: x}
certainty: 0.7
tags: [pod-stuck]
general: true
when: {p: {kind: pod, phase: Pending}}
subject: pod {p.pod}
cause: {en: It waits., ja: x}
fix: ["kubectl -n {namespace} describe pod {pod}"]
---
id: secret-missing
title: {en: "Secret {secret} is missing", ja: x}
certainty: 0.95
signs: ['secret "(?P<secret>[^"]+)" not found']
tags: [pod-stuck]
subject: pod {pod}
cause: {en: "There is no Secret `{secret}`.", ja: x}
fix: ["kubectl -n {namespace} create secret generic {secret} --from-literal=<key>=<value>"]
rivals: [registry-down]
---
id: registry-down
title: {en: The registry is down, ja: x}
signs: ['registry (?P<registry>\\S+) is down']
subject: pod {pod}
cause: {en: down, ja: x}
fix: [x]
---
id: service-empty
title: {en: Nothing behind the Service, ja: x}
certainty: 0.8
when: {s: {kind: service, endpoints: 0}}
subject: service {s.service}
cause: {en: empty, ja: x}
fix: [x]
---
id: port-blocked
title: {en: "Port {wall.port} is filtered", ja: x}
certainty: 0.8
when: {wall: {kind: firewall, blocked: true}}
subject: port {wall.port} on {wall.host}
cause: {en: filtered, ja: x}
fix:
  - {command: "firewall-cmd --add-port={wall.port}/tcp", only: {wall.tool: firewalld}}
  - {command: "iptables -I INPUT -p tcp --dport {wall.port} -j ACCEPT", only: {wall.tool: [iptables, nftables]}}
  - kubectl get nodes
  - {command: "nft list chain {wall.rule}", only: {wall.rule: "*"}}
  - {command: "nft list ruleset", only: {wall.rule: "-"}}
---
id: unit-failed
title: {en: "{u.unit} has failed", ja: x}
certainty: 0.8
when: {u: {kind: unit, active: failed}}
subject: unit {u.unit}
cause: {en: failed, ja: x}
fix: [x]
---
id: api-throttles
title: {en: The API server throttles, ja: x}
certainty: 0.8
signs: ['received too many requests']
subject: apiserver
explains: [pod-stuck, service-empty]
cause: {en: throttled, ja: x}
fix: [x]
---
id: setting-unknown
title: {en: "{unit} refuses a setting", ja: x}
certainty: 0.9
signs: ['unknown setting']
subject: unit {unit} on {host}
explains: [unit-failed]
cause: {en: refused, ja: x}
fix: [x]
"""


def knowledge() -> Knowledge:
    return Knowledge(tuple(read_text(ENTRIES, "world")), TAGS, frozenset({"kubectl"}))


def pods_on(node: str, count: int) -> tuple[list[Fact], list[Relation]]:
    facts, relations = [], []
    for number in range(count):
        name = f"shop/web-{number}"
        facts.append(fact("pod", Source("pods"), pod=name, phase="Pending", node=node, workload="deployment shop/web"))
        relations.append(Relation(f"node {node}", f"pod {name}", "runs"))
        relations.append(Relation(f"pod {name}", "deployment shop/web", "makes up"))
        relations.append(Relation(f"pod {name}", "service shop/web", "backs"))
    return facts, relations


SILENT = fact("node", Source("nodes"), node="n1", ready="Unknown", silent_s=600)
EMPTY = fact("service", Source("services"), service="shop/web", endpoints=0)


async def reason(
    facts: Iterable[Fact] = (), relations: Iterable[Relation] = (), passages: Iterable[Passage] = ()
) -> tuple[Expert, Observations, Reasoning]:
    """The caller closes the expert."""
    expert = Expert(knowledge())
    observations = Observations(list(facts), list(passages), list(relations))
    return expert, observations, await expert.reason(observations)


def event(text: str, pod: str) -> Passage:
    return Passage(text, {"via": "event", "pod": pod, "object": f"pod {pod}"}, Source(f"event about pod {pod}"))
