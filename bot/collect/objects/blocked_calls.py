"""Which Services a troubled Pod may not call: NetworkPolicies on either side that do not admit the other.

A policy drops packets in silence, so that the caller only sees a time-out. Policies add up: a call is blocked when
those that govern one end, taken together, have no rule for the other end and port. Peers by `ipBlock` are taken to
admit, since which addresses a plug-in compares is its own affair.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.policies import Policy, lets_through
from bot.collect.objects.records import Pod, Selector, Service
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import Json, labels, mapping, mappings
from rules.kinds import Source

MAX_CALLERS: Final = 50
MAX_BLOCKED: Final = 50


def project(situation: Situation, services: Services) -> None:
    by_namespace: dict[str | None, list[Policy]] = {}
    for each in situation.inventory.all_of("networkpolicy"):
        by_namespace.setdefault(each.namespace, []).append(Policy(each))
    if not by_namespace:
        return
    left = MAX_BLOCKED
    candidates = _Candidates(situation, by_namespace)
    for pod in situation.told[:MAX_CALLERS]:
        if pod.ended or pod.detail is None:
            continue
        called = {call.service(pod.namespace) for call in pod.detail.calls}
        for service in sorted(candidates[pod.namespace], key=lambda each: (each.namespace, each.name) not in called):
            behind = services.pods(service)
            if not behind or pod in behind or left <= 0:
                continue
            found = _blocking(situation, by_namespace, pod, behind[0], service)
            if found:
                left -= 1
                _tell(situation, pod, service, *found, called=(service.namespace, service.name) in called)


class _Candidates(dict[str | None, list[Service]]):
    """Services that Pods of a namespace may call and policies may hide: those of its own first, then by namespace."""

    def __init__(self, situation: Situation, policies: dict[str | None, list[Policy]]) -> None:
        self._services = list(situation.inventory.services.values())
        self._policies = policies

    def __missing__(self, namespace: str | None) -> list[Service]:
        governed = namespace in self._policies
        found = [each for each in self._services if governed or each.namespace in self._policies]
        self[namespace] = sorted(found, key=lambda each: (each.namespace != namespace, each.key))
        return self[namespace]


def _blocking(
    situation: Situation, policies: dict[str | None, list[Policy]], caller: Pod, answers: Pod, service: Service
) -> tuple[Policy, str] | None:
    """(a policy, ingress or egress) of the side that does not admit the other; None when the call passes."""
    ports = {each.target or str(each.number) for each in service.ports}
    names = {each.name: str(each.number) for each in answers.ports if each.name and each.number is not None}
    wanted = {names.get(each, each) for each in ports}
    for governed, other, direction, key in (
        (answers, caller, "ingress", "from"),
        (caller, answers, "egress", "to"),
    ):
        mine = [
            each
            for each in policies.get(governed.namespace, ())
            if direction in each.rules and each.selector.matches(governed.labels)
        ]
        rules = [rule for each in mine for rule in each.rules[direction]]
        if mine and not any(_admits(situation, rule, key, governed, other, wanted) for rule in rules):
            return mine[0], direction
    return None


def _admits(situation: Situation, rule: Json, key: str, governed: Pod, other: Pod, ports: Iterable[str]) -> bool:
    peers = mappings(rule.get(key))
    if peers and not any(_is_peer(situation, peer, governed, other) for peer in peers):
        return False
    named = Policy.ports_of(rule)
    return any(lets_through(named, port) for port in ports)


def _is_peer(situation: Situation, peer: Json, governed: Pod, other: Pod) -> bool:
    if "ipBlock" in peer:
        return True
    if "namespaceSelector" in peer:
        wanted = reading.selector(mapping(peer.get("namespaceSelector"))) or Selector({})
        there = situation.inventory.things.get("namespace", {}).get((None, other.namespace or ""))
        if not wanted.empty and there is not None and not wanted.matches(labels(there.fields.get("labels"))):
            return False
    elif other.namespace != governed.namespace:
        return False
    pods = reading.selector(mapping(peer.get("podSelector"))) or Selector({})
    return pods.matches(other.labels)


def _tell(situation: Situation, pod: Pod, service: Service, policy: Policy, direction: str, *, called: bool) -> None:
    name, where = service.name, service.namespace
    spelled = [f"{name}.{where}", f"{name}.{where}.svc", f"{name}.{where}.svc.cluster.local"]
    hosts = [
        *([name] if where == pod.namespace else []),
        *spelled,
        *([service.cluster_ip] if service.cluster_ip else []),
    ]
    addresses = [*hosts, *(f"{host}:{port.number}" for host in hosts for port in service.ports if port.number)]
    if called or pod in situation.sick_set:
        situation.relate(policy.subject, pod.subject, "governs")
    for address in addresses:
        situation.fact(
            "blocked_call",
            Source(policy.subject, f"spec, {direction}", f"does not admit {pod.key} to service {service.key}"),
            network_policy=policy.key,
            namespace=policy.namespace,
            direction=direction,
            pod=pod.key,
            labels=",".join(f"{key}={value}" for key, value in sorted(pod.labels.items())) or None,
            service=service.key,
            address=address,
            called=called,
        )
