"""Which told object depends on which, beyond the relations that the families state themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bot.collect.objects.cluster import is_network_agent
from bot.collect.objects.records import Pod
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation, ingress_backends, subject_of
from bot.collect.objects.values import at, namespaced, text

_CONTROL_PLANE: Final = (
    ("etcd-", "kube-apiserver-"),
    ("kube-apiserver-", "kube-controller-manager-"),
    ("kube-apiserver-", "kube-scheduler-"),
)
"""Static Pods by the beginning of their names, each pair (upper, lower)."""
_ANY_CONTROLLER: Final = frozenset({"", "controller", "ingress", "ingress-controller"})
"""Names behind the slash of a class's controller that do not say which program it is."""
_API_SERVER: Final = "kube-apiserver-"
_ASSIGNS: Final = "kube-scheduler-"
_MAKES_PODS: Final = "kube-controller-manager-"
_PROXY: Final = "kube-proxy"

MAX_AGENTS: Final = 50


def project(situation: Situation, services: Services) -> None:
    _controllers(situation)
    _services(situation, services)
    _control_plane(situation)
    _network(situation)
    _ingress_controllers(situation)


def _network(situation: Situation) -> None:
    """A node's network agent above the Pods there that have no sandbox yet, its kube-proxy above those in trouble."""
    for agent in _agents(situation, is_network_agent):
        for pod in _beside(situation, agent):
            if pod.ip is None or (pod in situation.sick_set and pod.phase == "Pending"):
                situation.relate(agent.subject, pod.subject, "connects")
    for proxy in _agents(situation, lambda name: name.startswith(_PROXY)):
        for pod in _beside(situation, proxy):
            if pod in situation.sick_set:
                situation.relate(proxy.subject, pod.subject, "forwards for")


def _agents(situation: Situation, is_it: Callable[[str], bool]) -> list[Pod]:
    """The Pods in trouble of the DaemonSets with such names."""
    found = [pod for pod in situation.sick if pod.owner and pod.owner.kind == "daemonset" and is_it(pod.owner.name)]
    return found[:MAX_AGENTS]


def _beside(situation: Situation, agent: Pod) -> Iterator[Pod]:
    """The other told Pods of its node."""
    for pod in situation.told:
        if pod is not agent and pod.node and pod.node == agent.node and not pod.ended and pod.detail is not None:
            yield pod


def _ingress_controllers(situation: Situation) -> None:
    """The Pods of an ingress controller in trouble above the Ingresses of its class.

    A class names its controller (`k8s.io/ingress-nginx`, `traefik.io/ingress-controller`), and what is installed is
    called after the same program.
    """
    programs = {}
    for each in situation.inventory.all_of("ingressclass"):
        domain, _, name = (text(at(each.fields.get("spec"), "controller")) or "").partition("/")
        programs[each.name] = domain.partition(".")[0] if name in _ANY_CONTROLLER else name
    if not programs:
        return
    for pod in situation.sick:
        top = situation.top(pod) or ""
        for ingress in situation.inventory.all_of("ingress"):
            named = text(at(ingress.fields.get("spec"), "ingressClassName"))
            program = programs.get(named or "")
            if program and program in top.rpartition("/")[2]:
                situation.relate(pod.subject, ingress.subject, "routes for")


def _controllers(situation: Situation) -> None:
    """A Pod's fault shows on its controllers; a fault of a template shows on its Pods."""
    for pod in situation.told:
        chain = situation.chain(pod.owner, pod.namespace, pod)
        lower = pod.subject
        for owner in chain:
            upper = subject_of(owner, pod.namespace)
            situation.relate(lower, upper, "makes up")
            lower = upper
        if chain:
            situation.relate(subject_of(chain[-1], pod.namespace), pod.subject, "owns")
    for workload in situation.sick_workloads:
        lower = workload.subject
        for owner in situation.chain(workload.owner, workload.namespace):
            upper = subject_of(owner, workload.namespace)
            situation.relate(lower, upper, "makes up")
            lower = upper


def _services(situation: Situation, services: Services) -> None:
    told = {str(each["service"]) for each in situation.out.facts if each.kind == "service"}
    for pod in situation.told:
        for service in services.selecting(pod):
            situation.relate(pod.subject, f"service {service.key}", "serves")
            told.add(service.key)
    for workload in situation.sick_workloads:
        labels = workload.template_labels
        if workload.owner or not labels:
            continue
        for service in services.carrying(workload.namespace, labels):
            if service.key in told:
                situation.relate(workload.subject, f"service {service.key}", "serves")
    for ingress in situation.inventory.all_of("ingress"):
        for name, *_ in ingress_backends(ingress.fields.get("spec")):
            key = namespaced(ingress.namespace, name)
            if key in told or situation.inventory.exists("service", ingress.namespace, name) is False:
                situation.relate(f"service {key}", ingress.subject, "is called by")


def _control_plane(situation: Situation) -> None:
    pods = situation.inventory.pods_of.get("kube-system", [])
    sick = [pod for pod in pods if pod in situation.sick_set]
    for upper, lower in _CONTROL_PLANE:
        for above in sick:
            if above.name.startswith(upper):
                for below in pods:
                    if below.name.startswith(lower):
                        situation.relate(above.subject, below.subject, "serves")
    for pod in sick:
        if pod.name.startswith(_API_SERVER):
            for name in situation.inventory.nodes:
                situation.relate(pod.subject, f"node {name}", "is reported to by")
        elif pod.name.startswith(_ASSIGNS):
            for waiting in situation.told:
                if waiting.phase == "Pending" and not waiting.node:
                    situation.relate(pod.subject, waiting.subject, "assigns")
        elif pod.name.startswith(_MAKES_PODS):
            for workload in situation.sick_workloads:
                if not workload.current:
                    situation.relate(pod.subject, workload.subject, "makes Pods for")
