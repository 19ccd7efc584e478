"""Facts about Pods: the Pod, its conditions, containers, probes, the scheduler's reasons and the room there is."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from bot.collect.objects.reading import shown_node_terms
from bot.collect.objects.records import Container, Node, NodeTerms, Pod, PodDetail, Probe, Selector
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import joined, shown_labels, shown_quantity
from rules.kinds import Scalar, Source
from rules.scheduler_message import parse

SYSTEM_NAMESPACE: Final = "kube-system"
_GOOD_WHEN_TRUE: Final = frozenset({
    "PodScheduled", "Initialized", "ContainersReady", "Ready", "PodReadyToStartContainers", "PodHasNetwork",
})  # fmt: skip
HISTORY_S: Final = 24 * 3600
"""How a container of a Pod that is well ended longer ago than this explains nothing of today."""
MADE_BY_THE_CLUSTER: Final = frozenset({("configmap", "kube-root-ca.crt"), ("configmap", "openshift-service-ca.crt")})
"""Put into each namespace by a controller; recordings often leave them out."""
NODE_NAME: Final = "metadata.name"
"""The only field that node affinity may name; the Pods of a DaemonSet are bound to their nodes by it."""
MAX_READ: Final = 3
"""Pods of a controller or Service that was asked about whose logs are worth reading although they are well."""
MAX_ROOM: Final = 500
"""Pending Pods whose room is worked out; those with the same needs share one search of the nodes."""


def project(situation: Situation) -> None:
    room = Room(situation)
    for pod in situation.told:
        _pod(situation, pod)
        if situation.is_detailed(pod) and pod.detail:
            for container in pod.detail.containers:
                if container.role == "ephemeral" and container.ended:
                    continue  # a debugging session that is over: however it ended, the application did not
                _container(situation, pod, container)
            _conditions(situation, pod, pod.detail)
            room.tell(pod)


def _pod(situation: Situation, pod: Pod) -> None:
    detail = pod.detail
    mains = [each for each in detail.containers if each.role == "main"] if detail else []
    sick = pod in situation.sick_set
    situation.fact(
        "pod",
        Source(pod.subject, "status", _summary(pod)),
        pod=pod.key,
        namespace=pod.namespace,
        uid=pod.uid,
        phase=pod.phase,
        status=detail.status if detail else pod.phase,
        reason=detail.reason if detail else None,
        message=detail.message if detail else None,
        node=pod.node,
        assigned=pod.node is not None,
        ready=None if pod.stopping and not pod.ready else pod.ready,  # it is to get no more traffic
        ready_containers=sum(1 for each in mains if each.ready) if mains else None,
        containers=len(mains) or None,
        restarts=pod.restarts,
        age_s=situation.age(pod.created),
        deleting_s=_deleting_s(situation, detail),
        in_grace=True if pod.stopping else None,
        finalizers=detail.finalizers if detail and pod.deleting else None,
        workload=situation.top(pod),
        owned=pod.owner is not None,
        service_account=_account(pod, detail),
        labels=shown_labels(pod.labels),
        node_selector=shown_labels(detail.node_selector) if detail else None,
        node_affinity=shown_node_terms(detail.node_affinity) if detail else None,
        pod_affinity=detail.pod_affinity if detail else None,
        pod_anti_affinity=detail.pod_anti_affinity if detail else None,
        node_label=_label_of_no_node(situation, detail) if detail and pod.node is None else None,
        scheduler=detail.scheduler if detail else None,
        gates=detail.gates if detail else None,
        pull_secret=_pull_secret(detail) if detail else None,
        host_network=detail.host_network if detail else None,
        dns_policy=detail.dns_policy if detail else None,
        nameservers=detail.nameservers if detail else None,
        restart_policy=detail.restart_policy if detail else None,
        priority_class=detail.priority_class if detail else None,
        static=True if pod.static else None,
        control_plane=True if pod.namespace == SYSTEM_NAMESPACE else None,
        asked=situation.asked_flag("pod", pod.namespace, pod.name),
        near=True if pod in situation.near[:MAX_READ] else None,
    )
    if detail and detail.message and sick:
        situation.passage(
            detail.message,
            Source(pod.subject, "status.message", detail.message),
            via="condition",
            reason=detail.reason,
            object=pod.subject,
            namespace=pod.namespace,
            pod=pod.key,
            node=pod.node,
            workload=situation.top(pod),
            stale=False,
        )


def _summary(pod: Pod) -> str:
    status = pod.detail.status if pod.detail else pod.phase
    return f"{pod.key}: {status}, {pod.restarts} restarts, {'on ' + pod.node if pod.node else 'not assigned'}"


def _account(pod: Pod, detail: PodDetail | None) -> str | None:
    if not detail or not detail.service_account:
        return None
    return f"{pod.namespace}/{detail.service_account}" if pod.namespace else detail.service_account


def _deleting_s(situation: Situation, detail: PodDetail | None) -> int | None:
    if not detail or detail.deleted_at is None:
        return None
    # deletionTimestamp is when the grace period ends, not when deletion was asked for
    return situation.age(detail.deleted_at - detail.grace_s)


def _container(situation: Situation, pod: Pod, container: Container) -> None:
    last = container.last
    if last and pod not in situation.sick_set and (situation.age(last.finished) or 0) > HISTORY_S:
        last = None
    now_ended = container.ended
    end = now_ended or last
    source = Source(pod.subject, f"status of container {container.name}", _state_text(container))
    situation.fact(
        "container",
        source,
        pod=pod.key,
        container=container.name,
        role=container.role,
        image=container.image,
        command=container.command,
        state=container.state,
        reason=container.reason,
        message=container.message,
        exit_code=end.exit_code if end else None,
        signal=end.signal if end else None,
        last_reason=last.reason if last else None,
        last_message=last.message if last else None,
        last_exit_code=last.exit_code if last else None,
        last_ran_s=int(last.finished - last.started)
        if last and last.finished is not None and last.started is not None and last.finished >= last.started
        else None,
        last_end_age_s=situation.age(last.finished) if last else None,
        restarts=container.restarts,
        ready=None if pod.stopping and not container.ready else container.ready,
        started=container.started,
        running_s=situation.age(container.since) if container.state == "running" else None,
        memory_limit=container.limits.get("memory"),
        memory_request=container.requests.get("memory"),
        cpu_limit=container.limits.get("cpu"),
        cpu_request=container.requests.get("cpu"),
        its_configmap=_only(pod, container, "configmap"),
        its_secret=_only(pod, container, "secret"),
        its_claim=_only(pod, container, "persistentvolumeclaim"),
        workload=situation.top(pod),
        node=pod.node,
    )
    about = {
        "object": pod.subject,
        "namespace": pod.namespace,
        "pod": pod.key,
        "container": container.name,
        "node": pod.node,
        "workload": situation.top(pod),
    }
    if container.state == "waiting":
        situation.passage(container.message, source, via="waiting", reason=container.reason, stale=False, **about)
    for ended, current in ((now_ended, True), (last, False)):
        if ended and ended.message:
            situation.passage(
                ended.message,
                Source(
                    pod.subject,
                    f"{'state' if current else 'lastState'} of container {container.name}",
                    ended.message,
                ),
                via="terminated",
                reason=ended.reason,
                age_s=situation.age(ended.finished),
                stale=pod not in situation.sick_set,
                **about,
            )
    for probe in container.probes:
        _probe(situation, pod, container, probe)


def _only(pod: Pod, container: Container, kind: str) -> str | None:
    """The one object of a kind that a container's variables or its Pod's volumes come from, when there is one."""
    names = {
        each.name
        for each in (pod.detail.references if pod.detail else ())
        if each.to_kind == kind
        and each.how != "imagePullSecret"
        and each.container in (None, container.name)
        and (each.to_kind, each.name) not in MADE_BY_THE_CLUSTER
    }
    return names.pop() if len(names) == 1 else None


def _pull_secret(detail: PodDetail) -> str | None:
    names = {each.name for each in detail.references if each.how == "imagePullSecret"}
    return names.pop() if len(names) == 1 else None


def _state_text(container: Container) -> str:
    parts = [container.state or "no state", container.reason or ""]
    if container.ended:
        parts.append(f"exit code {container.ended.exit_code}")
    if container.last:
        parts.append(f"last: {container.last.reason} exit code {container.last.exit_code}")
    if container.restarts:
        parts.append(f"{container.restarts} restarts")
    return ", ".join(each for each in parts if each)


def _probe(situation: Situation, pod: Pod, container: Container, probe: Probe) -> None:
    names = {each.name for each in container.ports} | {str(each.number) for each in container.ports}
    running = situation.age(container.since) if container.state == "running" else None
    situation.fact(
        "probe",
        Source(pod.subject, f"{probe.probe}Probe of container {container.name}"),
        pod=pod.key,
        container=container.name,
        probe=probe.probe,
        type=probe.type,
        port=probe.port,
        path=probe.path,
        command=probe.command,
        initial_delay_s=probe.initial_delay_s,
        timeout_s=probe.timeout_s,
        period_s=probe.period_s,
        failure_threshold=probe.failure_threshold,
        declared_ports=joined(each.number for each in container.ports),
        port_declared=(probe.port in names) if probe.port and container.ports else None,
        in_initial_delay=running < probe.initial_delay_s if running is not None else None,
    )


def _conditions(situation: Situation, pod: Pod, detail: PodDetail) -> None:
    if pod not in situation.sick_set:
        return
    for each in detail.conditions:
        good = each.status == "True" if each.type in _GOOD_WHEN_TRUE else each.status != "True"
        if good or (pod.phase == "Succeeded"):
            continue
        source = Source(pod.subject, f"status.conditions[{each.type}]", each.message or each.reason or "")
        of: dict[str, Scalar | None] = {"pod": pod.key}
        about = {
            **of,
            "object": pod.subject,
            "namespace": pod.namespace,
            "node": pod.node,
            "workload": situation.top(pod),
            "age_s": situation.age(each.since),
        }
        situation.condition("pod_condition", each, source, of=of, about=about)
        if each.type == "PodScheduled" and each.message:
            unschedulable(situation, pod.key, each.message, source, stale=False)


def unschedulable(situation: Situation, pod: str, message: str, source: Source, *, stale: bool) -> None:
    """One fact for each clause of a scheduler's message."""
    for clause in parse(message):
        situation.fact(
            "unschedulable",
            source,
            pod=pod,
            **clause.attributes,
            stale=stale,
        )


class Room:
    """How much room the nodes have, for Pods that wait for some."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._free: dict[str, dict[str, float]] | None = None
        self._told = 0
        self._answers: dict[object, list[tuple[str, str, str | None, str, str | None, bool]]] = {}

    def tell(self, pod: Pod) -> None:
        """`room` for each resource of which no usable node has as much free as the Pod asks for."""
        detail = pod.detail
        if pod.node or pod.ended or detail is None or detail.gates or not self._situation.inventory.nodes:
            return
        if self._told >= MAX_ROOM or not self._situation.inventory.is_listed("node", None):
            return
        self._told += 1
        key = (pod.requests, detail.tolerations, tuple(sorted(detail.node_selector.items())), detail.node_affinity)
        if key not in self._answers:
            self._answers[key] = self._work_out(pod, detail)
        for resource, requested, most_free, largest, node, never in self._answers[key]:
            self._situation.fact(
                "room",
                Source(pod.subject, f"requests of {resource} against the nodes' allocatable"),
                pod=pod.key,
                resource=resource,
                requested=requested,
                most_free=most_free,
                largest_node=largest,
                node=node,
                never_fits=never,
            )

    def _work_out(self, pod: Pod, detail: PodDetail) -> list[tuple[str, str, str | None, str, str | None, bool]]:
        free = self._free_of_all()
        eligible = [
            node
            for node in self._situation.inventory.nodes.values()
            if tolerates(detail, node) and may_run_on(detail, node)
        ]
        if not eligible:
            return []
        wanted = [*pod.requests, ("pods", 1.0)]
        found = []
        for resource, amount in wanted:
            usable = [node for node in eligible if node.usable]
            roomiest = max(usable, key=lambda node: free[node.name].get(resource, 0.0), default=None)
            most = free[roomiest.name].get(resource, 0.0) if roomiest else None
            if most is not None and most >= amount:
                continue
            if resource == "pods" and not any("pods" in node.allocatable for node in eligible):
                continue
            largest = max(node.allocatable.get(resource, 0.0) for node in eligible)
            found.append((
                resource,
                shown_quantity(resource, amount),
                shown_quantity(resource, max(0.0, most)) if most is not None else None,
                shown_quantity(resource, largest),
                roomiest.name if roomiest else None,
                largest < amount,
            ))  # fmt: skip
        return found

    def _free_of_all(self) -> dict[str, dict[str, float]]:
        if self._free is None:
            inventory = self._situation.inventory
            used: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
            for pod in inventory.pods.values():
                if pod.node and not pod.ended:
                    amounts = used[pod.node]
                    amounts["pods"] += 1
                    for name, amount in pod.requests:
                        amounts[name] += amount
            self._free = {
                node.name: {key: value - used[node.name][key] for key, value in node.allocatable.items()}
                for node in inventory.nodes.values()
            }
        return self._free


_BY_CONTROLLER: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")


def tolerates(detail: PodDetail, node: Node) -> bool:
    """Whether the Pod tolerates the node's own taints; those of its state are the node's `usable`."""
    for taint in node.taints:
        if taint.effect not in ("NoSchedule", "NoExecute") or taint.key.startswith(_BY_CONTROLLER):
            continue
        if not any(
            (key is None or key == taint.key)
            and (operator == "Exists" or (value or "") == (taint.value or ""))
            and (effect is None or effect == taint.effect)
            for key, operator, value, effect in detail.tolerations
        ):
            return False
    return True


def _label_of_no_node(situation: Situation, detail: PodDetail) -> str | None:
    """The first label that the Pod demands of its node and that no node has, as `kubectl label` takes it."""
    nodes = situation.inventory.nodes.values()
    if not nodes or not situation.inventory.is_listed("node", None):
        return None
    wanted = list(detail.node_selector.items())
    for alternative in detail.node_affinity[:1]:
        wanted += [(t.key, t.values[0]) for t in alternative if t.operator == "In" and t.values and t.key != NODE_NAME]
        if any(any(Selector({}, (term,)).matches(node.labels) for node in nodes) for term in alternative):
            wanted = [
                (key, value) for key, value in wanted if all(key != t.key for t in alternative if t.operator == "In")
            ] + [
                (t.key, t.values[0])
                for t in alternative
                if t.operator == "In" and t.values and not any(Selector({}, (t,)).matches(n.labels) for n in nodes)
            ]
    return next((f"{k}={v}" for k, v in wanted if all(node.labels.get(k) != v for node in nodes)), None)


def may_run_on(detail: PodDetail, node: Node) -> bool:
    """Whether the node is one that the Pod's node selector and required node affinity allow."""
    if any(node.labels.get(key) != value for key, value in detail.node_selector.items()):
        return False
    return not detail.node_affinity or node_satisfies(detail.node_affinity, node)


def node_satisfies(alternatives: NodeTerms, node: Node) -> bool:
    """One of the alternatives, with all of its terms."""
    known = {**node.labels, NODE_NAME: node.name}
    return any(terms and Selector({}, terms).matches(known) for terms in alternatives)
