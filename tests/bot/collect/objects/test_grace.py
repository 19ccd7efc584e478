"""What was made a moment ago, or is going away, is not broken."""

from __future__ import annotations

from typing import Any

import pytest

from .builders import deployment, event, facts, meta, node, one, pod, project, running, waiting
from .test_joins import endpoints, service

LABELS = {"labels": {"app": "web"}}


def creating(made: str) -> dict[str, Any]:
    fresh = waiting("ContainerCreating")
    return pod("web-0", fresh, phase="Pending", creationTimestamp=made, **LABELS)


def test_a_service_of_pods_that_are_being_made_is_said_to_be_starting() -> None:
    made = project(
        service(), endpoints("web"), creating("2025-06-10T11:59:20Z"), asked="service shop/web", listed="pods endpoints"
    )
    assert one(made, "service")["starting"] is True
    late = project(service(), endpoints("web"), creating("2025-06-10T11:50:00Z"), listed="pods services endpoints")
    assert one(late, "service").get("starting") is None


def test_a_young_pod_that_the_scheduler_could_not_place_is_told_unless_a_node_comes_for_it() -> None:
    refused = pod("web-0", phase="Pending", node=None, creationTimestamp="2025-06-10T11:59:50Z")
    why = "0/1 nodes are available: 1 Insufficient cpu."
    no_place = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    refused["status"] = {"phase": "Pending", "conditions": [no_place]}
    assert one(project(refused, node(), listed="pods nodes"), "unschedulable")["because"] == "insufficient"
    comes = event("Pod", "web-0", "TriggeredScaleUp", type="Normal")
    assert facts(project(refused, node(), comes, listed="pods nodes events"), "unschedulable") == []


def autoscaler(made: str, active: str = "False") -> dict[str, Any]:
    conditions = [
        {"type": "AbleToScale", "status": "True", "lastTransitionTime": made},
        {"type": "ScalingActive", "status": active, "reason": "FailedGetResourceMetric", "lastTransitionTime": made},
    ]
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta("web", creationTimestamp=made),
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 4},
        "status": {"currentReplicas": 1, "desiredReplicas": 1, "conditions": conditions},
    }


def test_an_autoscaler_may_be_without_metrics_at_first() -> None:
    assert facts(project(autoscaler("2025-06-10T11:59:00Z"), deployment()), "autoscaler_condition") == []
    assert one(project(autoscaler("2025-06-10T11:40:00Z"), deployment()), "autoscaler_condition")


def test_an_event_about_an_autoscaler_that_works_again_is_stale() -> None:
    failed = event("HorizontalPodAutoscaler", "web", "FailedGetResourceMetric", last="2025-06-10T11:30:00Z")
    healed = autoscaler("2025-06-10T08:00:00Z", active="True")
    assert one(project(healed, failed, deployment()), "event")["stale"] is True
    broken = autoscaler("2025-06-10T08:00:00Z")
    assert one(project(broken, failed, deployment()), "event")["stale"] is False


def test_a_probe_that_fails_while_the_pod_stops_is_expected() -> None:
    leaves = pod("web-0", running(), deletionTimestamp="2025-06-10T12:00:10Z", deletionGracePeriodSeconds=30)
    assert one(project(leaves, event("Pod", "web-0", "Unhealthy")), "event")["stale"] is True
    stuck = pod("web-0", running(), deletionTimestamp="2025-06-10T11:00:00Z", deletionGracePeriodSeconds=30)
    assert one(project(stuck, event("Pod", "web-0", "Unhealthy")), "event")["stale"] is False


def test_the_label_that_no_node_has_is_named() -> None:
    wants = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["nvme", "ssd"]}]}
    ]}}}}  # fmt: skip
    waits = pod("web-0", waiting("", name="app"), phase="Pending", node=None, spec=wants)
    found = one(project(waits, node(), listed="pods nodes"), "pod")
    assert (found["node_affinity"], found["node_label"]) == ("disk In nvme|ssd", "disk=nvme")
    has = project(waits, node(labels={"disk": "ssd"}), listed="pods nodes")
    assert one(has, "pod").get("node_label") is None


def test_nothing_is_in_a_namespace_that_does_not_exist() -> None:
    hook = {
        "kind": "ValidatingWebhookConfiguration",
        "metadata": meta("guard", None),
        "webhooks": [
            {"name": "g.example.com", "clientConfig": {"service": {"name": "guard", "namespace": "gone"}}}
        ],
    }  # fmt: skip
    default = {"kind": "Namespace", "metadata": meta("default", None)}
    found = one(project(hook, default, listed="namespaces"), "webhook")
    assert (found["service_exists"], found["service_namespace"]) == (False, "gone")
    other = {"kind": "Namespace", "metadata": meta("shop", None)}
    assert facts(project(hook, other, listed="namespaces"), "webhook") == [], "a list without `default` is not whole"


def slow_starter(since: str, port: int, **more: Any) -> dict[str, Any]:
    """Its startup probe may fail 30 times, every 10 s."""
    container = {
        "name": "app",
        "ports": [{"containerPort": 8080}],
        "startupProbe": {"tcpSocket": {"port": port}, "periodSeconds": 10, "failureThreshold": 30},
    }
    return pod(
        "web-0", running(since=since, ready=False, started=False, **more), ready=False, spec={"containers": [container]}
    )


@pytest.mark.parametrize(
    ("since", "port", "expected"),
    [
        ("2025-06-10T11:56:00Z", 8080, True),
        ("2025-06-10T11:50:00Z", 8080, False),
        ("2025-06-10T11:56:00Z", 9999, False),
    ],
    ids=["within its threshold", "past it", "asks a port that is not declared"],
)
def test_a_startup_probe_may_fail_as_often_as_its_threshold_says(since: str, port: int, expected: bool) -> None:
    failed = event("Pod", "web-0", "Unhealthy", last="2025-06-10T11:59:50Z")
    made = project(slow_starter(since, port), failed)
    assert one(made, "event")["stale"] is expected
    assert (facts(made, "pod") == []) is expected


def test_a_pod_that_stops_is_in_its_grace_period_and_owes_no_readiness() -> None:
    leaves = pod(
        "web-0", running(ready=False), ready=False,
        deletionTimestamp="2025-06-10T12:05:00Z", deletionGracePeriodSeconds=600,
    )  # fmt: skip
    found = one(project(leaves, asked="pod shop/web-0"), "pod")
    assert (found["in_grace"], found["deleting_s"], found.get("ready")) == (True, 300, None)
    late = pod(
        "web-0", running(ready=False), ready=False,
        deletionTimestamp="2025-06-10T11:50:00Z", deletionGracePeriodSeconds=30,
    )  # fmt: skip
    found = one(project(late), "pod")
    assert (found.get("in_grace"), found["ready"]) == (None, False)


def test_an_event_about_endpoints_is_stale_when_their_service_is_gone() -> None:
    failed = event("Endpoints", "web", "FailedToCreateEndpoint", source={"component": "endpoint-controller"})
    gone = project(service("other"), failed, listed="services events")
    assert one(gone, "event")["stale"] is True
    assert one(project(service(), failed, listed="services events"), "event")["stale"] is False
    assert one(project(failed, listed="events"), "event")["stale"] is False  # whether it is there is not known
