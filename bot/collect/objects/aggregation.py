"""Facts about what extends the API: aggregated APIs that do not answer, and CustomResourceDefinitions."""

from __future__ import annotations

from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import Condition, Thing
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import at, mapping, namespaced, text
from rules.kinds import Source

USUAL_SERVERS: Final = {
    "metrics-server": "metrics.k8s.io",
    "prometheus-adapter": "custom.metrics.k8s.io",
    "keda-operator-metrics-apiserver": "external.metrics.k8s.io",
}
"""Names of Services, with the API group that what is installed under that name serves."""
_CRD: Final = "customresourcedefinition"
_GOOD_WHEN_TRUE: Final = frozenset({"NamesAccepted", "Established", "KubernetesAPIApprovalPolicyConformant"})
_BAD_WHEN_TRUE: Final = frozenset({"NonStructuralSchema", "Terminating"})


def project(situation: Situation, services: Services) -> None:
    for each in situation.inventory.all_of("apiservice"):
        available = next((c for c in reading.conditions(each.fields.get("status")) if c.type == "Available"), None)
        if available and available.status != "True":
            _unavailable(situation, services, each, available)
    if not situation.inventory.is_listed("apiservice", None):
        _usual(situation)
    for each in situation.inventory.all_of(_CRD):
        for condition in reading.conditions(each.fields.get("status")):
            if _is_bad(condition):
                _crd(situation, each, condition)


def _usual(situation: Situation) -> None:
    """Where APIServices were not recorded: the Services that usually answer for the APIs of metrics."""
    for service in situation.inventory.services.values():
        group = USUAL_SERVERS.get(service.name)
        if group:
            for version in ("v1", "v1beta1"):
                api = f"apiservice {version}.{group}"
                situation.relate(f"service {service.key}", api, "answers")
                for spelling in (group, f"{group}/{version}"):
                    situation.relate(api, f"apiservice {spelling}", "is called")


def _unavailable(situation: Situation, services: Services, api: Thing, available: Condition) -> None:
    called = mapping(at(api.fields.get("spec"), "service"))
    namespace, name = text(called.get("namespace")), text(called.get("name"))
    service = namespaced(namespace, name) if name else None
    source = Source(api.subject, "status.conditions[Available]", available.message or "")
    situation.fact(
        "api_service",
        source,
        api_service=api.name,
        available=False,
        reason=available.reason,
        message=available.message,
        service=service,
        workload=services.workload_behind(namespace, name),
    )
    situation.passage(
        available.message,
        source,
        via="condition",
        reason=available.reason,
        object=api.subject,
        service=service,
        stale=False,
    )
    if service:
        situation.relate(f"service {service}", api.subject, "answers")
    version, _, group = api.name.partition(".")
    for spelling in (group, f"{group}/{version}"):
        situation.relate(api.subject, f"apiservice {spelling}", "is called")
    for dying in situation.inventory.all_of("namespace"):
        # its controller must list every kind before it may let go of a namespace
        if mapping(dying.fields.get("status")).get("phase") == "Terminating":
            situation.relate(api.subject, dying.subject, "is asked about")


def _is_bad(condition: Condition) -> bool:
    if condition.type in _GOOD_WHEN_TRUE:
        return condition.status == "False"
    return condition.type in _BAD_WHEN_TRUE and condition.status == "True"


def _crd(situation: Situation, crd: Thing, condition: Condition) -> None:
    dying = next((each for each in situation.inventory.deleting if (each.kind, each.name) == (_CRD, crd.name)), None)
    source = Source(crd.subject, f"status.conditions[{condition.type}]", condition.message or condition.reason or "")
    situation.fact(
        "custom_resource_definition",
        source,
        custom_resource_definition=crd.name,
        condition=condition.type,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        deleting_s=situation.age(dying.asked_at) if dying else None,
    )
    situation.passage(
        condition.message,
        source,
        via="condition",
        reason=condition.reason,
        object=crd.subject,
        name=crd.name,
        stale=False,
    )
