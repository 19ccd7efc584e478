"""Kinds that extensions bring: bad conditions, phases and missing targets are told, good ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from rules.kinds import Fact
from tests.bot.collect.objects.builders import Object, facts, meta, odd, one, project


def thing(
    kind: str, status: Object | None = None, spec: Object | None = None, namespace: str | None = "shop"
) -> Object:
    return {"kind": kind, "metadata": meta("x", namespace), "spec": spec or {}, "status": status or {}}


def condition(type_: str, status: str, reason: str = "R", text: str = "m") -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": text}


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("GatewayClass", {"conditions": [condition("Accepted", "Unknown", "Pending")]}, ("Accepted", "Unknown")),
        ("Gateway", {"conditions": [condition("Programmed", "False")]}, ("Programmed", "False")),
        ("Gateway", {"listeners": [{"conditions": [condition("ResolvedRefs", "False")]}]}, ("ResolvedRefs", "False")),
        ("HTTPRoute", {"parents": [{"conditions": [condition("Accepted", "False")]}]}, ("Accepted", "False")),
        ("ClusterCatalog", {"conditions": [condition("Progressing", "True", "Retrying")]}, ("Progressing", "True")),
        ("ClusterExtension", {"conditions": [condition("Installed", "False")]}, ("Installed", "False")),
        ("ClusterServiceVersion", {"phase": "Failed"}, ("phase", "Failed")),
        ("InstallPlan", {"phase": "RequiresApproval"}, ("phase", "RequiresApproval")),
        ("CatalogSource", {"connectionState": {"lastObservedState": "CONNECTING"}}, ("phase", "CONNECTING")),
        ("Subscription", {"conditions": [condition("ResolutionFailed", "True")]}, ("ResolutionFailed", "True")),
        ("ScaledObject", {"conditions": [condition("Ready", "False")]}, ("Ready", "False")),
    ],
)
def test_what_is_bad_is_told(kind: str, status: Object, expected: tuple[str, str]) -> None:
    found = one(project(thing(kind, status)), "resource_condition")
    assert (found["condition"], found["status"]) == expected


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Gateway", {"conditions": [condition("Programmed", "True"), condition("Conflicted", "False")]}),
        ("HTTPRoute", {"parents": [{"conditions": [condition("Accepted", "True")]}]}),
        ("ClusterCatalog", {"conditions": [condition("Progressing", "True", "Succeeded")]}),
        ("ClusterServiceVersion", {"phase": "Failed", "reason": "Copied"}),
        ("InstallPlan", {"phase": "Complete"}),
        ("CatalogSource", {"connectionState": {"lastObservedState": "READY"}}),
        ("Subscription", {"state": "AtLatestKnown", "conditions": [condition("CatalogSourcesUnhealthy", "False")]}),
        ("ScaledObject", {"conditions": [condition("Ready", "True"), condition("Active", "False")]}),
    ],
)
def test_what_is_good_is_not(kind: str, status: Object) -> None:
    assert odd(project(thing(kind, status))) == []


def route(**backend: Any) -> Object:
    spec = {
        "parentRefs": [{"name": "edge", "namespace": "infra"}],
        "rules": [{"backendRefs": [{"name": "api"} | backend]}],
    }
    return thing("HTTPRoute", spec=spec)


def test_what_a_route_names_and_is_not_there() -> None:
    service = {"kind": "Service", "metadata": meta("api"), "spec": {"ports": [{"port": 80}]}}
    edge = {"kind": "Gateway", "metadata": meta("edge", "infra"), "spec": {}, "status": {}}

    def told(*objects: Object) -> list[Fact]:
        found = facts(project(*objects, listed="gateway"), "reference")
        return [each for each in found if each["from_kind"] == "httproute"]

    assert told(route(port=80), service, edge) == []
    (wrong_port,) = told(route(port=8080), service, edge)
    assert (wrong_port["key"], wrong_port["key_exists"], wrong_port["similar"]) == ("8080", False, "80")
    (missing,) = told(route(port=80), service)
    assert (missing["to_kind"], missing["to"], missing["exists"]) == ("gateway", "infra/edge", False)


def test_a_gateway_of_istio_names_no_class() -> None:
    own = thing("Gateway", spec={"selector": {"istio": "ingressgateway"}})
    assert facts(project(own, listed="gatewayclass"), "reference") == []


def test_the_class_of_a_gateway_and_the_target_of_keda() -> None:
    gateway = thing("Gateway", spec={"gatewayClassName": "nginx"})
    scaled = thing("ScaledObject", spec={"scaleTargetRef": {"name": "worker"}})
    found = facts(project(gateway, scaled, listed="gatewayclass deployment"), "reference")
    assert {(each["to_kind"], each["to_name"]) for each in found} == {
        ("gatewayclass", "nginx"),
        ("deployment", "worker"),
    }
