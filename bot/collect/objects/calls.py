"""Pods below the Services that their own specs name, and the named Services that are not there."""

from __future__ import annotations

from bot.collect.objects.records import Call, Pod
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import namespaced, similar
from rules.kinds import Source


def project(situation: Situation) -> None:
    """A relation to each Service that a told Pod calls, and a reference to each that is not there."""
    for pod in situation.told:
        if pod.detail and situation.is_detailed(pod):
            for call in pod.detail.calls:
                _call(situation, pod, call)


def _call(situation: Situation, pod: Pod, call: Call) -> None:
    where, name = call.service(pod.namespace)
    rest = call.host.partition(".")[2]
    namespace, _, suffix = rest.partition(".")
    if rest and not suffix and situation.inventory.exists("namespace", None, namespace) is not True:
        return  # `api.io` is a domain; `api.shop` is a Service only where there is such a namespace
    exists = situation.inventory.exists("service", where, name)
    if exists is None:
        return
    target = namespaced(where, name)
    situation.relate(f"service {target}", pod.subject, "is called by")
    if exists:
        return
    names = sorted(found for found in situation.inventory.names.get(("service", where), ()))
    situation.fact(
        "reference",
        Source(pod.subject, f"{call.how} of container {call.container}", call.host),
        object=pod.subject,
        namespace=pod.namespace,
        pod=pod.key,
        node=pod.node,
        workload=situation.top(pod),
        container=call.container,
        from_kind="pod",
        to_kind="service",
        to=target,
        to_name=name,
        to_namespace=where,
        exists=False,
        optional=False,
        how=call.how,
        similar=similar(name, names),
        elsewhere=situation.inventory.elsewhere("service", where, name) if where else None,
    )
