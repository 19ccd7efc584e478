"""Checks of Services against what stands behind them, and of NetworkPolicies against what they select."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.collect.objects.hygiene.keeper import Keeper
from bot.collect.objects.hygiene.lints import SYSTEM, Found
from bot.collect.objects.policies import Policy
from bot.collect.objects.reading import selector as read_selector
from bot.collect.objects.reading import shown_selector
from bot.collect.objects.records import Selector
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import labels, mapping, mappings

Lint = tuple[str, str | None, str, Found]


def services(situation: Situation, _keeper: Keeper, found: Services) -> Iterator[Lint]:
    """Services that one address serves although its controller runs more than none."""
    for service in situation.inventory.services.values():
        if not service.selector or service.namespace in SYSTEM:
            continue
        ready = found.ready_addresses(service.namespace, service.name)
        if ready == 1:
            yield "service", service.namespace, service.name, Found("single-endpoint", "endpoints", "1", "2 or more")


def policies(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    spaces = {
        each.name: {**labels(each.fields.get("labels")), "kubernetes.io/metadata.name": each.name}
        for each in situation.inventory.all_of("namespace")
    }
    for thing in situation.inventory.all_of("networkpolicy"):
        policy = Policy(thing)
        for direction, rules in policy.rules.items():
            shown = None
            if not rules and policy.selector.empty:
                yield thing.kind, thing.namespace, thing.name, Found("policy-denies-all", direction, "all Pods")
            for rule in rules:
                peers = mappings(rule.get("from" if direction == "ingress" else "to"))
                if not peers and not rule.get("ports"):
                    shown = "all"
                for peer in peers:
                    missing = _matches_nothing(situation, spaces, thing.namespace, peer)
                    if missing:
                        yield (
                            thing.kind,
                            thing.namespace,
                            thing.name,
                            Found("policy-peer-matches-nothing", direction, missing),
                        )
            if shown:
                yield (
                    thing.kind,
                    thing.namespace,
                    thing.name,
                    Found("policy-allows-all", direction, "any peer and port"),
                )


def _matches_nothing(
    situation: Situation, spaces: Mapping[str, Mapping[str, str]], own: str | None, peer: dict[str, object]
) -> str | None:
    """The selector of a peer that selects nothing; None when it selects something or that cannot be known."""
    inventory = situation.inventory
    in_spaces, in_pods = read_selector(peer.get("namespaceSelector")), read_selector(peer.get("podSelector"))
    where: list[str | None] = [own]
    if in_spaces is not None:
        if not inventory.is_listed("namespace", None):
            return None
        where = [name for name, found in spaces.items() if in_spaces.matches(found)]
        if not where:
            return f"namespaces {shown_selector(in_spaces)}"
    if in_pods is None or in_pods.empty or not all(inventory.is_listed("pod", each) for each in where):
        return None
    if any(inventory.matching(each, in_pods) for each in where) or _templates(situation, where, in_pods):
        return None
    return f"Pods {shown_selector(in_pods)}"


def _templates(situation: Situation, where: list[str | None], wanted: Selector) -> bool:
    """A controller that has no Pods now would make some that are selected."""
    return any(
        workload.template_labels and wanted.matches(workload.template_labels)
        for namespace in where
        for workload in situation.workloads_in.get(namespace, ())
    )


def open_namespaces(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Namespaces with Pods that no NetworkPolicy selects."""
    if not situation.inventory.is_listed("networkpolicy", None) and not situation.inventory.things.get("networkpolicy"):
        return
    by_namespace: dict[str | None, list[Selector]] = {}
    for thing in situation.inventory.all_of("networkpolicy"):
        by_namespace.setdefault(thing.namespace, []).append(
            read_selector(mapping(thing.fields.get("spec")).get("podSelector")) or Selector({})
        )
    for namespace, pods in situation.inventory.pods_of.items():
        if namespace is None or namespace in SYSTEM or not situation.inventory.is_listed("networkpolicy", namespace):
            continue
        selectors = by_namespace.get(namespace, [])
        closed = {pod.name for each in selectors for pod in situation.inventory.matching(namespace, each)}
        open_pods = sum(1 for pod in pods if not pod.ended and pod.name not in closed)
        if open_pods:
            yield "namespace", None, namespace, Found("no-network-policy", "NetworkPolicy", f"{open_pods} Pods")
