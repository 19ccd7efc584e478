"""Checks that need several objects: what nothing uses, what covers nothing, what the cluster as a whole lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from bot.collect.objects.hygiene import access, network, wholes
from bot.collect.objects.hygiene.keeper import Keeper, Key
from bot.collect.objects.hygiene.lints import SYSTEM, Found
from bot.collect.objects.reading import selector as read_selector
from bot.collect.objects.records import Selector, Thing, Workload
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.storage import is_default, phase
from bot.collect.objects.values import at, integer, mapping, word

OFTEN: Final = 5
"""Restarts of a Pod that is well now from which on it is worth a look."""
USERS: Final = ("pod", "deployment", "statefulset", "daemonset", "cronjob")
"""Kinds that must be known before it can be said that nothing in a namespace uses an object."""
YOUNG_S: Final = 3600
"""What was made just now may have no user yet."""

Lint = tuple[str, str | None, str, Found]
"""(kind, namespace, name, what was found)."""
Join = Callable[[Situation, Keeper, Services], Iterator[Lint]]


def project(situation: Situation, services: Services, keeper: Keeper) -> None:
    for join in JOINS:
        for kind, namespace, name, found in join(situation, keeper, services):
            keeper.lints.add(kind, namespace, name, found)
    keeper.lints.tell(situation)


def _known(situation: Situation, namespace: str | None) -> bool:
    return all(situation.inventory.is_listed(kind, namespace) for kind in USERS)


# --- unused ----------------------------------------------------------------------------------------------
def _unused(situation: Situation, keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """ConfigMaps and Secrets that no Pod or template names, and keys that none reads."""
    for (kind, namespace, name), keys in keeper.holders.items():
        if not _known(situation, namespace):
            continue
        used = keeper.used.get((kind, namespace, name))
        if used is None:
            yield kind, namespace, name, Found(f"unused-{kind}", name)
        elif None not in used:
            for key in sorted(keys - used):
                yield kind, namespace, name, Found("unused-key", key)


def _unused_claims(situation: Situation, keeper: Keeper, _services: Services) -> Iterator[Lint]:
    sets = _claims_of_sets(situation)
    for claim in situation.inventory.all_of("persistentvolumeclaim"):
        key: Key = ("persistentvolumeclaim", claim.namespace, claim.name)
        if phase(claim) != "Bound" or key in keeper.used or not _known(situation, claim.namespace):
            continue
        if (situation.age(claim.created) or 0) < YOUNG_S or any(
            claim.name.startswith(each) for each in sets[claim.namespace]
        ):
            continue
        size = word(at(claim.fields.get("spec"), "resources", "requests", "storage"))
        yield claim.kind, claim.namespace, claim.name, Found("unused-claim", claim.name, size)


def _claims_of_sets(situation: Situation) -> dict[str | None, tuple[str, ...]]:
    """Names that a StatefulSet gives its claims end in its own name and a number; it may be scaled up again."""
    found: dict[str | None, tuple[str, ...]] = defaultdict(tuple)
    for workload in situation.inventory.workloads.values():
        if workload.kind == "statefulset":
            found[workload.namespace] += tuple(f"{each}-{workload.name}-" for each in workload.claim_templates)
    return found


def _volumes(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    checks = {"Available": "unused-volume", "Released": "released-volume", "Pending": "pending-volume"}
    for volume in situation.inventory.all_of("persistentvolume"):
        check = checks.get(phase(volume) or "")
        if check and (situation.age(volume.created) or 0) >= YOUNG_S:
            spec = mapping(volume.fields.get("spec"))
            size = word(at(spec, "capacity", "storage"))
            yield volume.kind, None, volume.name, Found(check, volume.name, size)
    defaults = [each for each in situation.inventory.all_of("storageclass") if is_default(each)]
    for each in defaults[1:]:
        others = ",".join(other.name for other in defaults if other is not each)
        yield each.kind, None, each.name, Found("several-default-classes", each.name, others)


# --- replicas and disruption -----------------------------------------------------------------------------
def _workloads(situation: Situation, _keeper: Keeper, services: Services) -> Iterator[Lint]:
    budgets = _budgets(situation)
    for workload in situation.inventory.workloads.values():
        if workload.owner or workload.namespace in SYSTEM or workload.kind not in ("deployment", "statefulset"):
            continue
        kind, namespace, name = workload.kind, workload.namespace, workload.name
        if workload.desired == 0:
            yield kind, namespace, name, Found("scaled-to-zero", "replicas", "0")
            continue
        if workload.desired == 1 and services.carrying(namespace, workload.template_labels):
            yield kind, namespace, name, Found("single-replica", "replicas", "1", "2 or more")
        covering = [each for each in budgets[namespace] if each[1].matches(workload.template_labels)]
        listed = situation.inventory.is_listed("poddisruptionbudget", namespace)
        if not covering and listed and (workload.desired or 0) > 1:
            yield kind, namespace, name, Found("no-disruption-budget", "PodDisruptionBudget")
        if len(covering) > 1:
            names = ",".join(budget.name for budget, _ in covering)
            yield kind, namespace, name, Found("several-budgets", "PodDisruptionBudget", names, "one")


def _budgets(situation: Situation) -> dict[str | None, list[tuple[Thing, Selector]]]:
    found: dict[str | None, list[tuple[Thing, Selector]]] = defaultdict(list)
    for budget in situation.inventory.all_of("poddisruptionbudget"):
        wanted = read_selector(mapping(budget.fields.get("spec")).get("selector"))
        if wanted:
            found[budget.namespace].append((budget, wanted))
    return found


def _idle_budgets(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    for namespace, budgets in _budgets(situation).items():
        if not situation.inventory.is_listed("pod", namespace):
            continue
        templates = [each.template_labels for each in situation.workloads_in.get(namespace, ())]
        for budget, wanted in budgets:
            if situation.inventory.matching(namespace, wanted) or any(wanted.matches(each) for each in templates):
                continue
            pairs = ",".join(f"{key}={value}" for key, value in sorted(wanted.pairs.items()))
            yield budget.kind, namespace, budget.name, Found("budget-selects-nothing", "selector", pairs or None)


def _pods(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    for pod in situation.inventory.pods.values():
        if pod.static or pod.ended or pod.namespace in SYSTEM:
            continue
        if pod.owner is None:
            yield "pod", pod.namespace, pod.name, Found("no-controller", pod.name)
        if pod.restarts >= OFTEN and pod not in situation.sick_set:
            yield "pod", pod.namespace, pod.name, Found("restarted-often", pod.name, str(pod.restarts))


def _autoscalers(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Autoscalers whose largest number of Pods asks for more than all nodes have."""
    room: dict[str, float] = defaultdict(float)
    for node in situation.inventory.nodes.values():
        for resource in ("cpu", "memory"):
            room[resource] += node.allocatable.get(resource, 0.0)
    if not situation.inventory.is_listed("node", None):
        return
    for autoscaler in situation.inventory.all_of("horizontalpodautoscaler"):
        target = mapping(mapping(autoscaler.fields.get("spec")).get("scaleTargetRef"))
        owner = (str(target.get("kind")).lower(), autoscaler.namespace, str(target.get("name")))
        workload: Workload | None = situation.inventory.workloads.get(owner)
        most = integer(at(autoscaler.fields.get("spec"), "maxReplicas"))
        pods = situation.pods_of(workload) if workload else []
        if most is None or not pods:
            continue
        for resource, amount in pods[0].requests:
            if resource in room and amount * most > room[resource] > 0:
                percent = f"{round(100 * amount * most / room[resource])} % of all nodes' {resource}"
                found = Found("autoscaler-over-capacity", "maxReplicas", str(most), percent)
                yield autoscaler.kind, autoscaler.namespace, autoscaler.name, found


JOINS: Final[tuple[Join, ...]] = (
    _unused, _unused_claims, _volumes, _workloads, _idle_budgets, _pods, _autoscalers,
    network.services, network.policies, network.open_namespaces, access.bindings, access.accounts, access.roles,
    wholes.nodes, wholes.taints, wholes.metrics_server, wholes.cilium,
)  # fmt: skip
