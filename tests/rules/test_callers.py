"""A Pod depends on the Service that its own error names."""

from __future__ import annotations

import pytest

from rules.callers import callers
from rules.kinds import Fact, Source, fact
from rules.observations import Passage, Relation

DB = fact("service", service="shop/db", namespace="shop", cluster_ip="10.96.7.7")
DNS = fact("service", service="kube-system/kube-dns", namespace="kube-system")


def complaint(**parts: str) -> Fact:
    return fact("symptom", **{"is": "refused", "via": "log", "pod": "shop/web-1", **parts})


def found(*facts: Fact, relations: tuple[Relation, ...] = ()) -> list[tuple[str, str]]:
    return [(one.upper, one.lower) for one in callers(facts, (), relations, frozenset({"unknown-host"}))]


@pytest.mark.parametrize(
    "host",
    ["db", "db.shop", "db.shop.svc", "db.shop.svc.cluster.local.", "10.96.7.7", "http://u:p@db:5432/x", "db:5432"],
)
def test_a_host_that_means_a_service_in_the_pods_namespace(host: str) -> None:
    assert found(DB, complaint(address=host)) == [("service shop/db", "pod shop/web-1")]


@pytest.mark.parametrize("host", ["db.example.com", "db2", "db.other", "10.96.7.8", "", "::1"])
def test_a_host_that_means_something_else(host: str) -> None:
    assert found(DB, complaint(address=host)) == []


def test_a_name_that_is_not_resolved_depends_on_the_cluster_dns() -> None:
    assert found(DNS, complaint(**{"is": "unknown-host", "address": "api.example.com"})) == [
        ("service kube-system/kube-dns", "pod shop/web-1")
    ]
    assert found(DNS, complaint(address="api.example.com")) == []


def test_a_paste_without_namespaces_says_nothing_of_services() -> None:
    assert found(DB, complaint(address="db", pod="web-1")) == []


def test_a_pod_behind_a_service_does_not_depend_on_it() -> None:
    behind = Relation("pod shop/web-1", "service kube-system/kube-dns", "serves")
    assert found(DNS, complaint(**{"is": "unknown-host"}), relations=(behind,)) == []


def test_a_log_that_has_an_empty_services_host_and_port() -> None:
    def mentioned(text: str, **service: object) -> list[str]:
        db = fact("service", service="shop/db", namespace="shop", **service)  # type: ignore[arg-type]
        log = Passage(text, {"via": "log", "pod": "shop/web-1"}, Source("log"))
        return [one.upper for one in callers([db], [log], (), frozenset())]

    for text in ("could not connect to db:5432", "GET http://db/ 503", "dial db.shop.svc.cluster.local"):
        assert mentioned(text, endpoints=0) == ["service shop/db"]
        assert mentioned(text, endpoints=1) == []
    assert mentioned("connected to db2:5432, db is fine", endpoints=0) == []
