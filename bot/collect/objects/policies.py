"""Facts about NetworkPolicies: those that select nothing, and what the ones that govern a told Pod let through."""

from __future__ import annotations

from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import Pod, Selector, Thing
from bot.collect.objects.services import Services, differing, nearness
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import Json, integer, joined, mapping, mappings, sequence, shown_labels, word
from rules.kinds import Source

DNS_PORT: Final = "53"
MAX_GOVERNED: Final = 200
"""Pods that policies are told of."""
ANY: Final = "all"


class Policy:
    """A NetworkPolicy, read."""

    def __init__(self, thing: Thing) -> None:
        spec = mapping(thing.fields.get("spec"))
        self.key, self.namespace, self.subject = thing.key, thing.namespace, thing.subject
        self.selector = reading.selector(spec.get("podSelector")) or Selector({})
        types = [str(each) for each in sequence(spec.get("policyTypes"))]
        self.rules: dict[str, list[Json]] = {}
        if "Ingress" in types or not types:
            self.rules["ingress"] = mappings(spec.get("ingress"))
        if "Egress" in types or (not types and "egress" in spec):
            self.rules["egress"] = mappings(spec.get("egress"))

    def ports(self, direction: str) -> set[str]:
        """Ports let through, `all` when a rule names none."""
        return set().union(*(self.ports_of(rule) for rule in self.rules.get(direction, ())))

    @staticmethod
    def ports_of(rule: Json) -> set[str]:
        """Ports that one rule lets through."""
        named = mappings(rule.get("ports"))
        found: set[str] = set() if named else {ANY}
        for each in named:
            first, last = integer(each.get("port")), integer(each.get("endPort"))
            if "port" not in each or each.get("port") is None:
                found.add(ANY)
            elif first is not None and last is not None and first <= last:
                found.add(f"{first}-{last}")
            else:
                found.add(word(each.get("port")) or ANY)
        return found

    def shown_selector(self) -> str:
        return reading.shown_selector(self.selector) or ANY


def lets_through(allowed: set[str], port: str) -> bool:
    if ANY in allowed or port in allowed:
        return True
    number = integer(port)
    if number is None:
        return False
    for each in allowed:
        first, dash, last = each.partition("-")
        if dash and first.isdecimal() and last.isdecimal() and int(first) <= number <= int(last):
            return True
    return False


def project(situation: Situation, services: Services) -> None:
    policies = [Policy(each) for each in situation.inventory.all_of("networkpolicy")]
    if not policies:
        return
    governing: set[str] = set()
    by_namespace: dict[str | None, list[Policy]] = {}
    for policy in policies:
        by_namespace.setdefault(policy.namespace, []).append(policy)
    for pod in situation.told[:MAX_GOVERNED]:
        mine = [each for each in by_namespace.get(pod.namespace, ()) if each.selector.matches(pod.labels)]
        for policy in mine:
            governing.add(policy.key)
            situation.relate(policy.subject, pod.subject, "governs")
        _govern(situation, pod, mine, _ports_needed(services, pod))
    for policy in policies:
        listed = situation.inventory.is_listed("pod", policy.namespace)
        selects = len(situation.inventory.matching(policy.namespace, policy.selector)) if listed else None
        nothing = selects == 0 and not policy.selector.empty and not _selects_template(situation, policy)
        if nothing or policy.key in governing:
            _policy(situation, policy, selects, nothing)


def _selects_template(situation: Situation, policy: Policy) -> bool:
    """It selects the Pods of a controller that has none now."""
    return any(
        each.template_labels and policy.selector.matches(each.template_labels)
        for each in situation.workloads_in.get(policy.namespace, ())
    )


def _policy(situation: Situation, policy: Policy, selects: int | None, nothing: bool) -> None:
    nearest = _nearest(situation, policy) if nothing else None
    for direction in policy.rules:
        ports = policy.ports(direction)
        situation.fact(
            "network_policy",
            Source(policy.subject, "spec", f"podSelector {policy.shown_selector()}, {direction}"),
            network_policy=policy.key,
            namespace=policy.namespace,
            selector=policy.shown_selector(),
            selects=selects,
            nearest_labels=nearest,
            direction=direction,
            allows_nothing=not policy.rules[direction],
            allows_dns=lets_through(ports, DNS_PORT) if direction == "egress" else None,
        )


def _nearest(situation: Situation, policy: Policy) -> str | None:
    best: tuple[float, str | None] = (0.0, None)
    seen: set[str | None] = set()
    for pod in situation.inventory.pods_of.get(policy.namespace, []):
        shown = shown_labels(pod.labels)
        if shown in seen:
            continue
        seen.add(shown)
        score = nearness(policy.selector.pairs, pod.labels)
        if score > best[0] and differing(policy.selector.pairs, pod.labels):
            best = (score, shown)
    return best[1]


def _ports_needed(services: Services, pod: Pod) -> set[str]:
    """Ports that probes use, and that Services of the Pod send to."""
    names = {each.name: str(each.number) for each in pod.ports if each.name and each.number is not None}
    needed: set[str] = set()
    for container in pod.detail.containers if pod.detail else ():
        needed.update(names.get(each.port, each.port) for each in container.probes if each.port)
    for service in services.selecting(pod):
        needed.update(names.get(each.target, each.target) for each in service.ports if each.target)
    return needed


def _govern(situation: Situation, pod: Pod, policies: list[Policy], needed: set[str]) -> None:
    """Policies add up: what one lets through the others cannot take away, so the answer is that of all together."""
    for direction in ("ingress", "egress"):
        mine = [each for each in policies if direction in each.rules]
        if not mine:
            continue
        allowed = set().union(*(each.ports(direction) for each in mine))
        nothing = not any(each.rules[direction] for each in mine)
        for policy in mine:
            situation.fact(
                "policy_on_pod",
                Source(policy.subject, f"spec, {direction}", f"selects {pod.key}"),
                network_policy=policy.key,
                pod=pod.key,
                direction=direction,
                allows_nothing=nothing,
                allows_dns=lets_through(allowed, DNS_PORT) if direction == "egress" else None,
                allows_port=joined(sorted(allowed)) if direction == "ingress" else None,
                blocks_probe_port=any(not lets_through(allowed, port) for port in needed)
                if direction == "ingress" and needed
                else None,
            )
