"""Calls that NetworkPolicies do not let through, seen from the Pod that calls."""

from __future__ import annotations

from typing import Any

import pytest

from rules.kinds import Fact

from .builders import Object, facts, meta, pod, project, running, waiting
from .test_joins import service


def policy(name: str, selects: str, **rules: list[Object]) -> Object:
    types = [direction.capitalize() for direction in rules]
    selector = {"matchLabels": {"app": selects}} if selects else {}
    return {
        "kind": "NetworkPolicy",
        "metadata": meta(name),
        "spec": {"podSelector": selector, "policyTypes": types, **rules},
    }


CALLER = pod("client", waiting("CrashLoopBackOff"), labels={"app": "client"})
API = pod("api-0", running(), labels={"app": "api"})
SERVICE = service("api", {"app": "api"}, clusterIP="10.96.0.7")
CLIENTS = {"podSelector": {"matchLabels": {"app": "client"}}}


def blocked(*policies: Object, caller: Object = CALLER, **more: Any) -> list[Fact]:
    return facts(project(caller, API, SERVICE, *policies, listed="pods services", **more), "blocked_call")


def test_a_policy_of_the_service_that_admits_others_only() -> None:
    others = {"from": [{"podSelector": {"matchLabels": {"app": "front"}}}]}
    found = blocked(policy("api-in", "api", ingress=[others]))
    assert {one["network_policy"] for one in found} == {"shop/api-in"}
    assert {one["direction"] for one in found} == {"ingress"}
    assert {"api", "api.shop", "api.shop.svc.cluster.local", "10.96.0.7", "api:80", "10.96.0.7:80"} <= {
        one["address"] for one in found
    }


def test_a_policy_of_the_caller_that_lets_only_dns_out() -> None:
    found = blocked(policy("deny", "", egress=[{"ports": [{"port": 53}]}]))
    assert {(one["network_policy"], one["direction"]) for one in found} == {("shop/deny", "egress")}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"from": [CLIENTS]},
        {"from": [CLIENTS], "ports": [{"port": 8080}]},
        {"from": [CLIENTS], "ports": [{"port": 8000, "endPort": 9000}]},
        {"from": [{"namespaceSelector": {}, **CLIENTS}]},
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
    ],
)
def test_what_admits_the_caller(rule: Object) -> None:
    assert blocked(policy("api-in", "api", ingress=[rule])) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"from": [CLIENTS], "ports": [{"port": 9090}]},
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]},
    ],
)
def test_what_does_not(rule: Object) -> None:
    shop = {"kind": "Namespace", "metadata": meta("shop", None, labels={"team": "a"})}
    assert blocked(policy("api-in", "api", ingress=[rule]), shop)


def test_policies_add_up() -> None:
    none = policy("deny", "", ingress=[])
    assert blocked(none, policy("api-in", "api", ingress=[{"from": [CLIENTS]}])) == []
    assert blocked(none)


def test_a_caller_that_is_well_is_not_told_of() -> None:
    well = pod("client", running(), labels={"app": "client"})
    assert blocked(policy("deny", "", ingress=[]), caller=well) == []
