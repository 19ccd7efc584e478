"""Facts about what bounds the number and size of Pods: quotas, limit ranges, autoscalers, disruption budgets."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import Condition, Pod, Selector, Thing, Workload
from bot.collect.objects.references import scale_target
from bot.collect.objects.services import differing, nearest
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import at, integer, mapping, mappings, namespaced, quantity, text, word
from rules.kinds import Scalar, Source

METRICS_S: Final = 180
"""An autoscaler younger than this, or of Pods younger than this, may have no metrics yet."""
OVERLOAD: Final = 1.25
"""A utilization of this share of its target and more, at the maximum: the replicas carry more than was planned."""
_ALLOWED: Final = "DisruptionAllowed"
_NOT_COMPUTED: Final = "SyncFailed"


def project(situation: Situation) -> None:
    _quotas(situation)
    _limit_ranges(situation)
    _autoscalers(situation)
    _budgets(situation)


# --- quotas ----------------------------------------------------------------------------------------------
def _troubled(situation: Situation) -> set[str | None]:
    """Namespaces where something is short, pending or asked about, so that limits may be why."""
    found = set(situation.sick_namespaces)
    if situation.asked_kind:
        found.add(situation.asked_namespace)
    for claim in situation.inventory.all_of("persistentvolumeclaim"):
        if text(mapping(claim.fields.get("status")).get("phase")) == "Pending":
            found.add(claim.namespace)
    return found


def _quotas(situation: Situation) -> None:
    troubled = _troubled(situation)
    for quota in situation.inventory.all_of("resourcequota"):
        if quota.namespace not in troubled and not situation.hygiene:
            continue
        status = mapping(quota.fields.get("status"))
        hard = mapping(status.get("hard")) or mapping(at(quota.fields.get("spec"), "hard"))
        used = mapping(status.get("used"))
        for resource, limit in sorted(hard.items(), key=lambda item: str(item[0])):
            top, count = _top_user(situation, quota.namespace, str(resource))
            allowed, taken = quantity(limit), quantity(used.get(resource))
            situation.fact(
                "quota",
                Source(quota.subject, f"status, {resource}", f"used {word(used.get(resource))} of {word(limit)}"),
                quota=quota.key,
                namespace=quota.namespace,
                resource=str(resource),
                used=word(used.get(resource)),
                hard=word(limit),
                full=taken >= allowed if taken is not None and allowed is not None else None,
                top_user=top,
                top_kind=top.partition(" ")[0] if top else None,
                top_used=count,
            )
        for workload in situation.sick_workloads:
            if workload.namespace == quota.namespace:
                situation.relate(quota.subject, situation.top_of(workload), "limits")


def _top_user(situation: Situation, namespace: str | None, resource: str) -> tuple[str | None, int | None]:
    """(the controller that holds the most of a resource in a namespace, its Pods), unless it is itself short of Pods.

    Pods count whether they run or not: those of a Job that hang for their image use the quota up as well.
    """
    short = {
        situation.top_of(each)
        for each in situation.sick_workloads
        if each.kind != "job" and len(situation.pods_of(each)) < (each.desired or 0)
    }
    counts: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for pod in situation.inventory.pods_of.get(namespace, []):
        user = situation.top(pod) or pod.subject
        if pod.ended:
            continue
        counts[user] += 1
        amount = dict(pod.requests).get(resource.removeprefix("requests."))
        held[user] += round(1000 * amount) if amount is not None and "pods" not in resource else 1000
    most = held.most_common(2)
    if not most or most[0][0] in short or (len(most) > 1 and most[0][1] == most[1][1]):
        return None, None
    return most[0][0], counts[most[0][0]]


def _limit_ranges(situation: Situation) -> None:
    troubled = _troubled(situation)
    for each in situation.inventory.all_of("limitrange"):
        if each.namespace not in troubled:
            continue
        for limit in mappings(at(each.fields.get("spec"), "limits")):
            low, high = mapping(limit.get("min")), mapping(limit.get("max"))
            for resource in sorted({*map(str, low), *map(str, high)}):
                situation.fact(
                    "limit_range",
                    Source(each.subject, f"spec.limits, {text(limit.get('type')) or ''} {resource}"),
                    limit_range=each.key,
                    namespace=each.namespace,
                    type=text(limit.get("type")),
                    resource=resource,
                    min=word(low.get(resource)),
                    max=word(high.get(resource)),
                )


# --- autoscalers -----------------------------------------------------------------------------------------
def _autoscalers(situation: Situation) -> None:
    for autoscaler in situation.inventory.all_of("horizontalpodautoscaler"):
        target = scale_target(autoscaler)
        workload = situation.inventory.workloads.get((target[0], autoscaler.namespace, target[1])) if target else None
        subject = f"{target[0]} {namespaced(autoscaler.namespace, target[1])}" if target else None
        asked = situation.is_asked(autoscaler.kind, autoscaler.namespace, autoscaler.name) or (
            subject is not None and subject == situation.asked
        )
        status = mapping(autoscaler.fields.get("status"))
        spec = mapping(autoscaler.fields.get("spec"))
        minimum, maximum = integer(spec.get("minReplicas")), integer(spec.get("maxReplicas"))
        current, desired = integer(status.get("currentReplicas")), integer(status.get("desiredReplicas"))
        at_max = maximum is not None and maximum == desired == current and maximum > (minimum or 1)
        conditions = reading.conditions(status)
        # the load is over: it stays at its maximum only until the stabilization window of scaling down has passed
        at_max = at_max and not any(each.reason == "ScaleDownStabilized" for each in conditions)
        bad = [
            each
            for each in conditions
            if _is_bad(each, workload, at_max)
            and not (each.type == "ScalingActive" and warming_up(situation, autoscaler, workload))
        ]
        exists = situation.inventory.exists(target[0], autoscaler.namespace, target[1]) if target else None
        if not (bad or asked or exists is False or at_max):
            continue
        metrics = _metrics(spec)
        lacking = _without_request(workload, metrics) if workload else None
        situation.fact(
            "autoscaler",
            Source(autoscaler.subject, "spec and status", f"{current} replicas, {minimum} to {maximum}"),
            autoscaler=autoscaler.key,
            namespace=autoscaler.namespace,
            workload=subject,
            target_exists=exists,
            min=minimum,
            max=maximum,
            current=current,
            desired=desired,
            at_max=at_max,
            over_target=_over_target(spec, status),
            metric=metrics[0] if metrics else None,
            container_without_request=lacking,
        )
        if subject:
            situation.relate(subject, autoscaler.subject, "is scaled by")
        for group in _metric_groups(spec):
            for api in situation.inventory.all_of("apiservice"):
                if api.name.endswith(f".{group}") and api.name.count(".") == group.count(".") + 1:
                    situation.relate(api.subject, autoscaler.subject, "measures for")
        for each in bad:
            source = Source(autoscaler.subject, f"status.conditions[{each.type}]", each.message or each.reason or "")
            about: dict[str, Scalar | None] = {
                "object": autoscaler.subject,
                "namespace": autoscaler.namespace,
                "workload": subject,
                "age_s": situation.age(each.since),
            }
            of = {"autoscaler": autoscaler.key, "workload": subject, "container_without_request": lacking}
            situation.condition("autoscaler_condition", each, source, of=of, about=about)


def _is_bad(condition: Condition, workload: Workload | None, at_max: bool) -> bool:
    if condition.type == "ScalingLimited":
        return condition.status == "True" and at_max
    if condition.status == "True":
        return False
    if condition.type == "ScalingActive" and workload is not None and workload.desired == 0:
        return False  # scaled to zero by hand: the autoscaler stands aside
    return condition.type in ("AbleToScale", "ScalingActive")


def warming_up(situation: Situation, autoscaler: Thing, workload: Workload | None) -> bool:
    """What was made a moment ago has no metrics yet: metrics-server scrapes, and the controller looks, in turn."""
    made = [situation.age(each.created) for each in (autoscaler, workload) if each is not None]
    return any(age is not None and age < METRICS_S for age in made)


def _metrics(spec: dict[str, object]) -> list[str]:
    found = []
    for each in mappings(spec.get("metrics")):
        for key in ("resource", "containerResource"):
            name = text(at(each, key, "name"))
            if name:
                found.append(name)
        for key in ("pods", "object", "external"):
            name = text(at(each, key, "metric", "name")) or text(at(each, key, "metricName"))
            if name:
                found.append(name)
    if "targetCPUUtilizationPercentage" in spec:
        found.append("cpu")
    return found


def _over_target(spec: dict[str, object], status: dict[str, object]) -> bool | None:
    """Whether a resource's utilization is far above its target; None where no utilization is compared."""
    now = {
        text(at(each, key, "name")): integer(at(each, key, "current", "averageUtilization"))
        for each in mappings(status.get("currentMetrics"))
        for key in ("resource", "containerResource")
    }
    shares = [
        current / target
        for each in mappings(spec.get("metrics"))
        for key in ("resource", "containerResource")
        if (target := integer(at(each, key, "target", "averageUtilization")))
        and (current := now.get(text(at(each, key, "name")))) is not None
    ]
    return max(shares) >= OVERLOAD if shares else None


def _metric_groups(spec: dict[str, object]) -> set[str]:
    """The API groups that an autoscaler's metrics come from."""
    groups = {"pods": "custom.metrics.k8s.io", "object": "custom.metrics.k8s.io", "external": "external.metrics.k8s.io"}
    metrics = mappings(spec.get("metrics"))
    return {group for each in metrics for key, group in groups.items() if key in each} | (
        {"metrics.k8s.io"}
        if not metrics or any("resource" in each or "containerResource" in each for each in metrics)
        else set()
    )


def _without_request(workload: Workload, metrics: list[str]) -> str | None:
    """A container without the request that a utilization is a percentage of (a limit stands in for it)."""
    for metric in metrics:
        if metric not in ("cpu", "memory"):
            continue
        for each in workload.containers:
            if each.role in ("main", "sidecar") and metric not in each.requests and metric not in each.limits:
                return each.name
    return None


# --- disruption budgets ----------------------------------------------------------------------------------
def _budgets(situation: Situation) -> None:
    cordoned = {name for name, node in situation.inventory.nodes.items() if node.cordoned}
    budgets = list(situation.inventory.all_of("poddisruptionbudget"))
    for budget in budgets:
        status, spec = mapping(budget.fields.get("status")), mapping(budget.fields.get("spec"))
        allowed, expected = integer(status.get("disruptionsAllowed")), integer(status.get("expectedPods"))
        healthy, desired = integer(status.get("currentHealthy")), integer(status.get("desiredHealthy"))
        selector = reading.selector(spec.get("selector"))
        never = _never_allows(spec, expected)
        refusal = next(
            (each for each in reading.conditions(status) if each.type == _ALLOWED and each.status != "True"), None
        )
        short = healthy is not None and desired is not None and healthy < desired and bool(expected)
        unknown = refusal is not None and refusal.reason == _NOT_COMPUTED
        covered = situation.inventory.matching(budget.namespace, selector) if selector else []
        near = any(pod in situation.near for pod in covered)
        moving = bool(cordoned) and (never or allowed == 0)
        differs = _nearly_selects(situation, budget, selector) if selector and not covered else None
        if not (short or unknown or moving or situation.hygiene or near or differs):
            continue
        # The Pods of a DaemonSet stay where they are: a drain leaves them out.
        movable = [pod for pod in covered if not (pod.owner and pod.owner.kind == "daemonset")]
        held = next((pod for pod in movable if pod.node in cordoned and not pod.deleting), None) if cordoned else None
        if not never and any(pod.stopping or pod.starting for pod in covered):
            held = None  # one is being moved: the next one's turn comes when its successor is ready
        top = next(filter(None, map(situation.top, [held] if held else covered)), None)
        situation.fact(
            "disruption_budget",
            Source(budget.subject, "spec and status", f"{healthy} healthy of {expected}, {desired} demanded"),
            disruption_budget=budget.key,
            namespace=budget.namespace,
            allowed=allowed,
            expected=expected,
            healthy=healthy,
            desired_healthy=desired,
            never_allows=never,
            selector=reading.shown_selector(selector),
            reason=refusal.reason if refusal else None,
            message=refusal.message if refusal else None,
            node=held.node if held else None,
            pod=held.key if held else None,
            workload=top,
            also=_second_budget(budget, budgets, held),
            differs=differs,
        )
        if held:
            situation.relate(budget.subject, f"node {held.node}", "keeps Pods on")
        for pod in covered:
            if pod in situation.sick_set:
                situation.relate(pod.subject, budget.subject, "counts for")


def _nearly_selects(situation: Situation, budget: Thing, selector: Selector) -> str | None:
    """What a selector that covers no Pod and no template wants, where Pods nearly have it."""
    if not situation.inventory.is_listed("pod", budget.namespace) or not selector.pairs:
        return None
    templates = [each.template_labels for each in situation.workloads_in.get(budget.namespace, ())]
    if any(labels and selector.matches(labels) for labels in templates):
        return None
    near = nearest(selector.pairs, [pod.labels for pod in situation.inventory.pods_of.get(budget.namespace, [])])
    return differing(selector.pairs, near) if near else None


def _second_budget(budget: Thing, budgets: list[Thing], pod: Pod | None) -> str | None:
    """Another budget that covers a Pod: the eviction API does not evict a Pod with two."""
    for each in budgets if pod else ():
        selector = reading.selector(mapping(each.fields.get("spec")).get("selector"))
        if each is not budget and pod and each.namespace == pod.namespace and selector and selector.matches(pod.labels):
            return each.key
    return None


def _never_allows(spec: dict[str, object], expected: int | None) -> bool:
    """No disruption can ever be allowed as long as the number of Pods stays."""
    most, least = word(spec.get("maxUnavailable")), word(spec.get("minAvailable"))
    if most is not None:
        return most in ("0", "0%")
    if least is None:
        return False
    if least.endswith("%"):
        return least == "100%"
    number = integer(least)
    return number is not None and bool(expected) and expected is not None and number >= expected
