"""Whether the Pod that was asked about stands in for one that was deleted: its controller made it, so it "came back".

Only told of a Pod that somebody asks about: that a controller replaces a Pod is what it is for. What the controller
deleted itself (a rollout, fewer replicas), and what had to leave its node (evicted, drained), is told of elsewhere.
"""

from __future__ import annotations

from typing import Final

from bot.collect.objects.records import Event, Owner, Pod
from bot.collect.objects.situation import Situation
from rules.kinds import Source

REPLACING: Final = frozenset({"replicaset", "replicationcontroller", "statefulset", "daemonset"})
BEFORE_S: Final = 300
AFTER_S: Final = 60
"""The successor is made when the deletion begins; its predecessor's containers are stopped about then."""
STOPPED: Final = "Killing"
PUT_OUT: Final = frozenset({"Evicted", "Preempted", "TaintManagerEviction"})
DELETED_BY_CONTROLLER: Final = "SuccessfulDelete"


def project(situation: Situation) -> None:
    if situation.asked_kind != "pod":
        return
    for pod in situation.asked_pods:
        if pod.owner and pod.owner.kind in REPLACING and situation.inventory.is_listed("pod", pod.namespace):
            _tell(situation, pod, pod.owner)


def _tell(situation: Situation, pod: Pod, owner: Owner) -> None:
    events = [each for each in situation.inventory.events.values() if each.namespace == pod.namespace]
    stopped = [each for each in events if each.reason == STOPPED and _precedes(situation, each, pod, owner)]
    for each in sorted(stopped, key=lambda event: abs((event.last or 0.0) - (pod.created or 0.0))):
        if not _had_to_leave(situation, each) and not any(_explains(other, each, owner) for other in events):
            situation.fact(
                "replacement",
                Source(f"event about {each.subject}", STOPPED, each.message),
                pod=pod.key,
                namespace=pod.namespace,
                replaced=each.name,
                workload=situation.top(pod),
                age_s=situation.age(each.last),
            )
            return


def _precedes(situation: Situation, stopped: Event, pod: Pod, owner: Owner) -> bool:
    """Whether what was stopped is a Pod of the same controller that is gone, from about when this one was made."""
    if stopped.kind != "pod" or stopped.last is None or pod.created is None:
        return False
    if not pod.created - BEFORE_S <= stopped.last <= pod.created + AFTER_S:
        return False
    if stopped.name == pod.name:
        return bool(stopped.uid and pod.uid and stopped.uid != pod.uid)
    gone = (stopped.namespace, stopped.name) not in situation.inventory.pods
    return gone and owner.kind != "statefulset" and stopped.name.rpartition("-")[0] == owner.name


def _had_to_leave(situation: Situation, stopped: Event) -> bool:
    """Whether the node where it was stopped takes no Pods: it was drained (an eviction by the API has no event)."""
    if stopped.host is None or not situation.inventory.is_listed("node", None):
        return False
    node = situation.inventory.nodes.get(stopped.host)
    return node is None or node.cordoned or node.ready != "True"


def _explains(event: Event, stopped: Event, owner: Owner) -> bool:
    """Whether an event tells who did away with that Pod."""
    if event.kind == "pod":
        return event.name == stopped.name and event.reason in PUT_OUT
    by_owner = (event.kind, event.name) == (owner.kind, owner.name)
    return by_owner and event.reason == DELETED_BY_CONTROLLER and stopped.name in event.message
