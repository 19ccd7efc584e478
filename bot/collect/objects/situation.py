"""What the records say together: who controls whom, what is plainly healthy, and what was asked about.

The families ask it, so that "healthy" and "belongs to" mean the same in all of them. It also holds what they produce.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bot.collect.objects.inventory import Inventory
from bot.collect.objects.records import Condition, Owner, Pod, Workload
from bot.collect.objects.resources import WORKLOADS, kind_of
from bot.collect.objects.values import mapping, mappings, seconds, text
from rules.kinds import Fact, Scalar, Source, fact
from rules.observations import Gap, Observations, Passage, Relation

DETAILED_SIBLINGS: Final = 20
"""Sick Pods of one controller that get all their facts; the further ones are like them and get only `pod`."""
MAX_DETAILED: Final = 2000
"""In a cluster that is down altogether, what 2,000 of its Pods say is what they all say."""
MAX_TOLD: Final = 10_000
MAX_NEAR: Final = 20
"""Healthy Pods of what was asked about that get facts."""
SCALED_UP: Final = "TriggeredScaleUp"
NODE_COMES_S: Final = 300
"""A node that the cluster autoscaler has asked for takes minutes to join."""
OLD_END_S: Final = 3600
FORGOTTEN_S: Final = 24 * 3600
"""A Pod of nobody that failed this long ago was left behind by a test or a debugging session."""
MAX_PASSAGES: Final = 8000


class Situation:
    """Built once, after everything was added."""

    def __init__(self, inventory: Inventory, asked: str | None, hygiene: bool) -> None:
        self.inventory = inventory
        self.now = inventory.now
        self.hygiene = hygiene
        self.out = Observations()
        self._related: set[tuple[str, str]] = set()
        self.asked = asked
        kind, _, name = (asked or "").partition(" ")
        self.asked_kind = kind_of(kind) if kind else ""
        namespace, _, bare = name.rpartition("/")
        self.asked_namespace = namespace or None
        self.asked_name = bare
        self.pods_by_owner: dict[tuple[str, str | None, str], list[Pod]] = defaultdict(list)
        self.children: dict[tuple[str, str | None, str], list[Workload]] = defaultdict(list)
        self.workloads_in: dict[str | None, list[Workload]] = defaultdict(list)
        self._controllers: dict[str | None, list[Workload]] = defaultdict(list)
        self._join()
        self._wait_for_nodes()
        self.asked_pods = self._find_asked_pods()
        self.sick: list[Pod] = [pod for pod in inventory.pods.values() if not self.healthy(pod)]
        self.sick_set = set(self.sick)
        self.near: list[Pod] = self._find_near()
        self._detailed = self._choose_detailed()
        self.told: list[Pod] = self._choose_told()
        self.sick_workloads = [each for each in inventory.workloads.values() if self.is_sick(each)]
        self.sick_namespaces = {each.namespace for each in self.sick_workloads}
        self.sick_namespaces.update(pod.namespace for pod in self.sick)

    # --- joining ----------------------------------------------------------------------------------------
    def _join(self) -> None:
        inventory = self.inventory
        for found in inventory.workloads.values():
            self.workloads_in[found.namespace].append(found)
            if found.owner:
                self.children[found.owner.kind, found.namespace, found.owner.name].append(found)
            if found.kind == "replicationcontroller" and found.selector and not found.selector.empty:
                self._controllers[found.namespace].append(found)
        for pod in inventory.pods.values():
            if pod.owner is None and not pod.static and self._controllers:
                pod.owner = self._controller_by_labels(pod)
            if pod.owner:
                self.pods_by_owner[pod.owner.kind, pod.namespace, pod.owner.name].append(pod)

    def _controller_by_labels(self, pod: Pod) -> Owner | None:
        """2015: a Pod did not say who owns it; a replication controller owns what its selector matches."""
        for each in self._controllers.get(pod.namespace, ()):
            if each.selector and each.selector.matches(pod.labels):
                return Owner(each.kind, each.name)
        return None

    def chain(self, owner: Owner | None, namespace: str | None, pod: Pod | None = None) -> list[Owner]:
        """The controllers from the nearest to the top one."""
        found: list[Owner] = []
        while owner and owner not in found and len(found) < 5:
            found.append(owner)
            known = self.inventory.workload_of(owner, namespace)
            if known is None and pod is not None and owner.kind == "replicaset":
                # not recorded: a Deployment names its replica sets after itself and the template's hash
                suffix = f"-{pod.labels.get('pod-template-hash')}"
                owner = Owner("deployment", owner.name[: -len(suffix)]) if owner.name.endswith(suffix) else None
            else:
                owner = known.owner if known else None
        return [each for each in found if each.kind != "node"]

    def top(self, pod: Pod) -> str | None:
        """A Pod's topmost controller, as a `workload`."""
        found = self.chain(pod.owner, pod.namespace, pod)
        return subject_of(found[-1], pod.namespace) if found else None

    def top_of(self, workload: Workload) -> str:
        found = self.chain(workload.owner, workload.namespace)
        return subject_of(found[-1], workload.namespace) if found else workload.subject

    def top_workload(self, workload: Workload) -> Workload:
        """Its topmost known controller, itself when it has none."""
        for owner in reversed(self.chain(workload.owner, workload.namespace)):
            known = self.inventory.workload_of(owner, workload.namespace)
            if known:
                return known
        return workload

    def _wait_for_nodes(self) -> None:
        """A Pod for which a node is being added has had no time yet to be placed."""
        for event in self.inventory.events.values():
            if event.reason != SCALED_UP or event.last is None or self.now - event.last > NODE_COMES_S:
                continue
            pod = self.inventory.pods.get((event.namespace, event.name)) if event.kind == "pod" else None
            if pod and not pod.node and not pod.ended and not pod.deleting:
                pod.starting = pod.healthy = True

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Its Pods, through the controllers below it."""
        found = list(self.pods_by_owner.get((workload.kind, workload.namespace, workload.name), ()))
        for child in self.children.get((workload.kind, workload.namespace, workload.name), ()):
            found += self.pods_by_owner.get((child.kind, child.namespace, child.name), ())
        return found

    # --- health -----------------------------------------------------------------------------------------
    def healthy(self, pod: Pod) -> bool:
        """Plainly healthy: nothing about it needs to be said unless it is asked about."""
        if pod.healthy:
            return True
        if not pod.ended:
            return False
        owner = self.inventory.workload_of(pod.owner, pod.namespace)
        if pod.owner is None:
            return self.now - self._ended_at(pod) > FORGOTTEN_S
        if owner is None:
            return False
        if owner.kind == "job":
            return owner.complete or self.superseded(owner) or self._tries_again(owner)
        old = self.now - self._ended_at(pod) > OLD_END_S
        return old and owner.ready is not None and owner.desired is not None and owner.ready >= owner.desired

    def _ended_at(self, pod: Pod) -> float:
        """When it ended at the latest."""
        finished = [c.ended.finished or 0.0 for c in pod.detail.containers if c.ended] if pod.detail else []
        return max(0.0, *finished, pod.ready_since or 0.0, pod.created or 0.0)

    def _tries_again(self, job: Workload) -> bool:
        """The first Pod of a Job failed and its second runs: retrying is what a Job is for."""
        if (job.failed or 0) > 1 or _is(job, "Failed", "True"):
            return False
        return any(pod.phase == "Running" and pod.healthy for pod in self.pods_of(job))

    def superseded(self, job: Workload) -> bool:
        """A failed run of a CronJob of which a later run has completed."""
        if job.owner is None or job.owner.kind != "cronjob":
            return False
        siblings = self.children.get((job.owner.kind, job.namespace, job.owner.name), ())
        return any(each.complete and (each.created or 0.0) > (job.created or 0.0) for each in siblings)

    def ready_count(self, workload: Workload) -> int | None:
        """Ready Pods: as its status says, else counted."""
        if workload.ready is not None:
            return workload.ready
        if not self.inventory.is_listed("pod", workload.namespace):
            return None
        return sum(1 for pod in self.pods_of(workload) if is_serving(pod))

    def is_short(self, workload: Workload) -> bool | None:
        """Fewer ready than wanted, and not only because Pods are still within their probes' delays."""
        if workload.kind == "job":
            if workload.complete or workload.suspended or self.superseded(workload) or self._tries_again(workload):
                return False
            return bool(workload.failed) or _is(workload, "Failed", "True") or self._has_sick_pod(workload)
        if workload.kind == "cronjob" or workload.desired is None:
            return None
        ready = self.ready_count(workload)
        if ready is None:
            return None
        if ready >= workload.desired:
            return False
        if workload.created is not None and self.now - workload.created < 15 and not self._has_sick_pod(workload):
            return False
        pods = self.pods_of(workload)
        # a successor is made when the Pod before it is gone: always here, and where a Deployment recreates
        one_by_one = workload.kind in ("statefulset", "daemonset")
        in_turn = one_by_one or all(pod.stopping for pod in pods)
        starting = sum(1 for pod in pods if not pod.ready and (pod.starting or (in_turn and pod.stopping)))
        if starting and workload.kind == "statefulset" and not self._has_sick_pod(workload):
            return False  # its further Pods are made when this one is ready
        return ready + starting < workload.desired

    def _has_sick_pod(self, workload: Workload) -> bool:
        return any(pod in self.sick_set for pod in self.pods_of(workload))

    def is_sick(self, workload: Workload) -> bool:
        """Whether facts are due although nobody asked."""
        if workload.kind == "replicaset" and workload.owner:
            return bool(workload.desired) and _is(workload, "ReplicaFailure", "True")
        if self.is_short(workload):
            return True
        if workload.kind in ("job", "cronjob"):
            return False
        if _is(workload, "Progressing", "False") or _is(workload, "ReplicaFailure", "True"):
            return True
        behind = workload.updated is not None and workload.desired is not None and workload.updated < workload.desired
        if behind and workload.kind in ("deployment", "statefulset", "daemonset"):
            return workload.paused or self._has_sick_pod(workload)
        return bool(workload.kind == "deployment" and self._has_sick_pod(workload) and not self._all_serving(workload))

    def _all_serving(self, workload: Workload) -> bool:
        return (workload.ready or 0) >= (workload.desired or 0) and not (
            workload.current is not None and workload.desired is not None and workload.current > workload.desired
        )

    # --- what was asked ---------------------------------------------------------------------------------
    def is_asked(self, kind: str, namespace: str | None, name: str) -> bool:
        return (
            self.asked_kind == kind
            and self.asked_name == name
            and (self.asked_namespace == namespace or self.asked_namespace is None)
        )

    def asked_flag(self, kind: str, namespace: str | None, name: str) -> bool | None:
        return True if self.is_asked(kind, namespace, name) else None

    def _find_asked_pods(self) -> list[Pod]:
        kind, namespace, name, inventory = (
            self.asked_kind,
            self.asked_namespace,
            self.asked_name,
            self.inventory,
        )
        if kind == "pod":
            return [pod for key, pod in inventory.pods.items() if key == (namespace, name)]
        if kind in WORKLOADS:
            found = inventory.workloads.get((kind, namespace, name))
            if found is None:
                return []
            pods = self.pods_of(found)
            for child in self.children.get((kind, namespace, name), ()):
                if child.kind == "job":
                    pods += [pod for pod in self.pods_of(child) if pod not in pods]
            return pods
        if kind == "service":
            return self._behind_services({name})
        if kind == "persistentvolumeclaim":
            return [pod for pod in inventory.pods_of.get(namespace, []) if name in pod.claims]
        if kind == "ingress":
            thing = inventory.things.get("ingress", {}).get((namespace, name))
            return self._behind_services(set(backends_of(thing.fields.get("spec")))) if thing else []
        if kind == "horizontalpodautoscaler":
            thing = inventory.things.get(kind, {}).get((namespace, name))
            target = mapping(mapping(thing.fields.get("spec")).get("scaleTargetRef")) if thing else {}
            owner = (kind_of(str(target.get("kind"))), namespace, str(target.get("name")))
            found = inventory.workloads.get(owner)
            return self.pods_of(found) if found else []
        return []

    def _behind_services(self, names: Iterable[str]) -> list[Pod]:
        found: list[Pod] = []
        for name in names:
            service = self.inventory.services.get((self.asked_namespace, name))
            if service and service.selector:
                found += [p for p in self.inventory.matching(self.asked_namespace, service.selector) if p not in found]
        return found

    def _find_near(self) -> list[Pod]:
        sick = [pod for pod in self.asked_pods if not self.healthy(pod)]
        well = [pod for pod in self.asked_pods if self.healthy(pod) and (not pod.ended or self.asked_kind == "pod")]
        return sick + well[:MAX_NEAR]

    def _choose_detailed(self) -> set[Pod]:
        """Those asked about, then the first of each group of siblings, their second ones, and so on."""
        counts: dict[str, int] = defaultdict(int)
        ranked: list[tuple[int, Pod]] = []
        for pod in self.sick:
            # siblings of different fates (a Pending one, a crashing one) are counted apart
            group = f"{self.top(pod) or pod.subject} {pod.detail.status if pod.detail else pod.phase}"
            counts[group] += 1
            if counts[group] <= DETAILED_SIBLINGS:
                ranked.append((counts[group], pod))
        ranked.sort(key=lambda each: each[0])
        return set(self.near) | {pod for _, pod in ranked[:MAX_DETAILED]}

    def _choose_told(self) -> list[Pod]:
        """Pods that get facts: all that are sick, or as many as an answer can take, the detailed ones first."""
        told = list(dict.fromkeys(self.near + self.sick))
        if len(told) > MAX_TOLD:
            told.sort(key=lambda pod: pod not in self._detailed)
            left = len(told) - MAX_TOLD
            self.out.gaps.append(Gap(f"{left} further Pods that are not well", f"only {MAX_TOLD} are looked at"))
        return told[:MAX_TOLD]

    def is_detailed(self, pod: Pod) -> bool:
        return pod in self._detailed

    # --- producing --------------------------------------------------------------------------------------
    def fact(self, kind: str, source: Source, /, **attributes: Scalar | None) -> Fact:
        made = fact(kind, source, **attributes)
        self.out.facts.append(made)
        return made

    def passage(self, message: str | None, source: Source, /, **about: Scalar | None) -> None:
        if message and len(self.out.passages) < MAX_PASSAGES:
            known = {key: value for key, value in about.items() if value is not None and value != ""}
            self.out.passages.append(Passage(message, known, source))

    def condition(
        self,
        kind: str,
        found: Condition,
        source: Source,
        *,
        of: Mapping[str, Scalar | None],
        about: Mapping[str, Scalar | None],
    ) -> None:
        """A condition as a fact of `kind`, and its message as a passage. `of` and `about` name what each is about."""
        self.fact(
            kind,
            source,
            **of,
            condition=found.type,
            status=found.status,
            reason=found.reason,
            message=found.message,
            age_s=self.age(found.since),
        )
        self.passage(found.message, source, via="condition", reason=found.reason, **about, stale=False)

    def relate(self, upper: str, lower: str, how: str) -> None:
        """States once that `lower` depends on `upper`, in the API's words; the topology knows those of the facts."""
        if upper != lower and (upper, lower) not in self._related:
            self._related.add((upper, lower))
            self.out.relations.append(Relation(upper, lower, how))

    def age(self, then: float | None) -> int | None:
        return seconds(self.now, then)


def _is(workload: Workload, condition: str, status: str) -> bool:
    return any(each.type == condition and each.status == status for each in workload.conditions)


def is_serving(pod: Pod) -> bool:
    """Ready, or running where readiness was not reported yet (2015)."""
    return not pod.ended and (pod.ready is True or (pod.ready is None and pod.phase == "Running"))


def subject_of(owner: Owner, namespace: str | None) -> str:
    return f"{owner.kind} {namespace}/{owner.name}" if namespace else f"{owner.kind} {owner.name}"


def backends_of(spec: object) -> Iterator[str]:
    """The Services an Ingress names, today's form or v1beta1's."""
    for service, _port, _host, _path in ingress_backends(spec):
        yield service


def ingress_backends(spec: object) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """(service, port, host, path) of each backend of an Ingress."""
    found = mapping(spec)
    for each in (found.get("defaultBackend"), found.get("backend")):
        yield from _backend(each, None, None)
    for rule in mappings(found.get("rules")):
        for path in mappings(mapping(rule.get("http")).get("paths")):
            yield from _backend(path.get("backend"), text(rule.get("host")), text(path.get("path")))


def _backend(
    value: object, host: str | None, path: str | None
) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    backend = mapping(value)
    service = mapping(backend.get("service"))
    if text(service.get("name")):
        port = mapping(service.get("port"))
        number = port.get("number")
        yield (
            service["name"],
            text(port.get("name")) or (str(number) if type(number) is int else None),
            host,
            path,
        )
    elif text(backend.get("serviceName")):
        written = backend.get("servicePort")
        yield backend["serviceName"], str(written) if type(written) in (int, str) else None, host, path
