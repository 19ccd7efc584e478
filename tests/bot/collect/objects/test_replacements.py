"""A Pod that its controller made in place of one that somebody deleted: told of the Pod that is asked about alone."""

from __future__ import annotations

import pytest

from rules.kinds import Fact

from .builders import Object, deployment, event, facts, meta, node, owned, pod, project

NEW = pod(
    "web-6d8f9-new1x", creationTimestamp="2025-06-10T11:59:00Z", uid="2", labels={"pod-template-hash": "6d8f9"},
    **owned("ReplicaSet", "web-6d8f9"),
)  # fmt: skip
SET = {"kind": "ReplicaSet", "metadata": meta("web-6d8f9", **owned("Deployment", "web")), "spec": {"replicas": 1}}


def killing(name: str, last: str = "2025-06-10T11:59:01Z", uid: str = "1") -> Object:
    return event("Pod", name, "Killing", last=last, type="Normal", involved={"uid": uid})


def told(*objects: Object, asked: str = "pod shop/web-6d8f9-new1x") -> list[Fact]:
    found = project(NEW, SET, deployment("web"), *objects, listed="pods replicasets deployments events", asked=asked)
    return facts(found, "replacement")


def test_the_one_that_came_instead_names_the_one_that_was_deleted_and_who_made_it() -> None:
    (one,) = told(killing("web-6d8f9-old1x"))
    assert (one["pod"], one["replaced"], one["workload"]) == (
        "shop/web-6d8f9-new1x",
        "web-6d8f9-old1x",
        "deployment shop/web",
    )


def test_a_pod_of_a_stateful_set_comes_back_under_its_name() -> None:
    again = pod("db-0", creationTimestamp="2025-06-10T11:59:00Z", uid="2", **owned("StatefulSet", "db"))
    (one,) = told(again, killing("db-0"), asked="pod shop/db-0")
    assert one["replaced"] == "db-0"
    assert told(again, killing("db-0", uid="2"), asked="pod shop/db-0") == []  # its own container was restarted
    assert told(again, killing("db-1"), asked="pod shop/db-0") == []


def test_a_pod_that_had_to_leave_its_node_was_not_deleted_by_somebody() -> None:
    stopped = {**killing("web-6d8f9-old1x"), "source": {"component": "kubelet", "host": "n2"}}
    assert len(told(stopped, node("n2"))) == 1
    assert told(stopped, node("n2", unschedulable=True)) == []
    assert told(stopped, node("n2", ready="Unknown")) == []
    assert told(stopped, node("n1")) == []


def test_nobody_is_told_who_did_not_ask() -> None:
    assert told(killing("web-6d8f9-old1x"), asked="deployment shop/web") == []


@pytest.mark.parametrize(
    "others",
    [
        [killing("web-6d8f9-old1x", last="2025-06-10T11:00:00Z")],
        [killing("web-77777-old1x")],
        [killing("web-6d8f9-more-old1x")],
        [killing("web-6d8f9-new1x", uid="2")],
        [killing("web-6d8f9-old1x"), pod("web-6d8f9-old1x", **owned("ReplicaSet", "web-6d8f9"))],
        [killing("web-6d8f9-old1x"), event("Pod", "web-6d8f9-old1x", "Evicted")],
        [
            killing("web-6d8f9-old1x"),
            event("ReplicaSet", "web-6d8f9", "SuccessfulDelete", "Deleted pod: web-6d8f9-old1x", type="Normal"),
        ],
    ],
    ids=["long ago", "another set", "a longer name", "its own", "still there", "evicted", "by its controller"],
)
def test_what_was_not_deleted_by_somebody_is_not_replaced(others: list[Object]) -> None:
    assert told(*others) == []
