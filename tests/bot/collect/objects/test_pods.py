"""Which Pods are told of, and what is told."""

from __future__ import annotations

import pytest

from .builders import (
    deployment,
    ended,
    event,
    facts,
    meta,
    node,
    odd,
    one,
    owned,
    pod,
    project,
    related,
    running,
    waiting,
)

PROBED = {
    "containers": [
        {
            "name": "app",
            "image": "web:1",
            "ports": [{"containerPort": 80}],
            "readinessProbe": {"httpGet": {"port": 8080, "path": "/ready"}, "initialDelaySeconds": 30},
        }
    ]
}
OOM = ended(137, "OOMKilled", "2025-06-10T09:00:00Z")


@pytest.mark.parametrize(
    "healthy",
    [
        pod(),
        pod(phase="Succeeded", ready=False),
        pod("web-0", running(restartCount=4, lastState=ended(1, finished="2025-06-09T08:00:00Z"))),
        pod("web-0", running(ready=False, since="2025-06-10T11:59:40Z"), spec=PROBED),
        pod(deletionTimestamp="2025-06-10T12:00:10Z"),
        pod("web-0", waiting("ContainerCreating"), phase="Pending", creationTimestamp="2025-06-10T11:59:55Z"),
    ],
    ids=["ready", "succeeded", "restarted yesterday", "within its initial delay", "being deleted in time", "just made"],
)
def test_a_plainly_healthy_pod_gives_no_facts(healthy: dict[str, object]) -> None:
    assert odd(project(healthy, listed="pods")) == []


@pytest.mark.parametrize(
    "sick",
    [
        pod("web-0", waiting("CrashLoopBackOff")),
        pod("web-0", running(restartCount=1, lastState=ended(1))),
        pod("web-0", running(restartCount=3, lastState=OOM)),
        pod("web-0", running(ready=False)),
        pod(deletionTimestamp="2025-06-10T11:50:00Z"),
        pod(phase="Failed", ready=False),
        pod("web-0", waiting("ContainerCreating"), phase="Pending"),
    ],
    ids=[
        "waiting",
        "restarted lately",
        "OOM-killed twice",
        "not ready",
        "deletion overdue",
        "failed",
        "pending for long",
    ],
)
def test_a_pod_that_is_not_plainly_healthy_gives_facts(sick: dict[str, object]) -> None:
    assert one(project(sick, listed="pods"), "pod")["pod"] == "shop/web-0"


def test_a_crashing_container_is_told_with_how_it_ended() -> None:
    status = waiting("CrashLoopBackOff", restartCount=5, lastState=ended(1, startedAt="2025-06-10T11:57:30Z"))
    found = one(project(pod("web-0", status)), "container")
    assert (found["reason"], found["last_exit_code"], found["last_ran_s"], found["last_end_age_s"]) == (
        "CrashLoopBackOff", 1, 30, 120,
    )  # fmt: skip


def test_what_a_container_waits_for_becomes_a_passage() -> None:
    observations = project(pod("web-0", waiting("ErrImagePull", "manifest unknown")))
    (passage,) = [each for each in observations.passages if each.about["via"] == "waiting"]
    assert (passage.text, passage.about["container"], passage.about["pod"]) == ("manifest unknown", "app", "shop/web-0")


@pytest.mark.parametrize(
    ("statuses", "shown"),
    [
        ([waiting("CrashLoopBackOff")], "CrashLoopBackOff"),
        ([running() | {"state": ended(2)}], "Error"),
        ([running()], "Running"),
    ],
)
def test_the_status_is_what_kubectl_shows(statuses: list[dict[str, object]], shown: str) -> None:
    assert one(project(pod("web-0", *statuses), asked="pod shop/web-0"), "pod")["status"] == shown


def test_an_init_container_that_waits_is_shown_as_kubectl_does() -> None:
    sick = pod("web-0", waiting("PodInitializing"), phase="Pending", spec={"initContainers": [{"name": "fetch"}]})
    sick["status"]["initContainerStatuses"] = [waiting("CrashLoopBackOff", name="fetch", restartCount=2)]
    found = one(project(sick), "pod")
    assert (found["status"], found["restarts"]) == ("Init:CrashLoopBackOff", 2)


def test_a_pod_tells_its_topmost_controller() -> None:
    replicaset = {
        "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "namespace": "shop", **owned("Deployment", "web")},
    }
    sick = pod("web-1-x", waiting("CrashLoopBackOff"), **owned("ReplicaSet", "web-1"))
    observations = project(deployment(ready=0), replicaset, sick)
    assert one(observations, "pod")["workload"] == "deployment shop/web"
    assert {
        ("pod shop/web-1-x", "replicaset shop/web-1"),
        ("replicaset shop/web-1", "deployment shop/web"),
        ("deployment shop/web", "pod shop/web-1-x"),
    } <= related(observations)


def test_a_controller_that_was_not_recorded_is_known_by_the_template_hash() -> None:
    labels = {"labels": {"pod-template-hash": "1"}}
    sick = pod("web-1-x", waiting("CrashLoopBackOff"), **owned("ReplicaSet", "web-1"), **labels)
    assert one(project(sick), "pod")["workload"] == "deployment shop/web"


def test_earlier_pods_of_a_complete_job_are_healthy() -> None:
    job = {
        "kind": "Job",
        "metadata": {"name": "load", "namespace": "shop"},
        "spec": {"completions": 1},
        "status": {"succeeded": 1, "failed": 1, "conditions": [{"type": "Complete", "status": "True"}]},
    }
    failed = pod("load-1", phase="Failed", ready=False, **owned("Job", "load"))
    assert odd(project(job, failed, listed="pods jobs")) == []


def test_what_was_asked_about_is_told_although_it_is_healthy() -> None:
    observations = project(pod(), node(), listed="pods nodes", asked="pod shop/web-0")
    assert one(observations, "pod")["asked"] is True
    assert one(observations, "node")["node"] == "n1"
    assert ("node n1", "pod shop/web-0") in related(observations)


def test_a_probe_tells_whether_its_port_is_declared() -> None:
    found = one(project(pod("web-0", running(ready=False), spec=PROBED)), "probe")
    assert (found["port"], found["declared_ports"], found["port_declared"]) == ("8080", "80", False)


PENDING = {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1500m"}}}]}


def unscheduled(message: str, spec: dict[str, object] | None = None) -> dict[str, object]:
    found = pod("web-9", waiting("x"), phase="Pending", node=None, spec=spec or PENDING)
    found["status"] = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}],
    }
    return found


def test_the_schedulers_message_becomes_clauses() -> None:
    observations = project(unscheduled("0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable."))
    assert [(each["nodes"], each["because"]) for each in facts(observations, "unschedulable")] == [
        (2, "insufficient"),
        (1, "unschedulable"),
    ]


def test_the_room_on_the_nodes_is_held_against_the_requests() -> None:
    busy = pod("busy", spec={"containers": [{"name": "app", "resources": {"requests": {"cpu": "1"}}}]})
    observations = project(
        unscheduled("0/1 nodes are available: 1 Insufficient cpu."), busy, node(), listed="pods nodes"
    )
    found = one(observations, "room")
    assert (found["requested"], found["most_free"], found["largest_node"], found["never_fits"]) == (
        "1500m",
        "1",
        "2",
        False,
    )


def test_a_pod_larger_than_any_node_never_fits() -> None:
    spec = {"containers": [{"name": "app", "resources": {"requests": {"cpu": "8"}}}]}
    observations = project(unscheduled("0/1 nodes are available: 1 Insufficient cpu.", spec), node(), listed="nodes")
    assert one(observations, "room")["never_fits"] is True


def test_siblings_beyond_the_first_twenty_are_told_without_details() -> None:
    many = [pod(f"web-{number}", waiting("CrashLoopBackOff"), **owned("ReplicaSet", "web")) for number in range(50)]
    observations = project(*many)
    assert (len(facts(observations, "pod")), len(facts(observations, "container"))) == (50, 20)


def test_events_of_healthy_pods_are_stale_or_not_kept() -> None:
    old = event("Pod", "web-0", "Unhealthy", last="2025-06-10T08:00:10Z")
    normal = event("Pod", "web-0", "Pulled") | {"type": "Normal"}
    assert [each["stale"] for each in facts(project(pod(), old, normal, listed="pods"), "event")] == [True]


def test_an_event_about_a_pod_that_is_gone_is_stale_only_where_pods_were_listed() -> None:
    gone = event("Pod", "web-9", "FailedMount")
    assert one(project(gone, listed="pods"), "event")["stale"] is True
    assert one(project(gone), "event")["stale"] is False


def test_the_scheduling_event_of_a_scheduled_pod_is_stale() -> None:
    late = event("Pod", "web-0", "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.")
    observations = project(pod("web-0", waiting("ErrImagePull"), phase="Pending"), late)
    assert one(observations, "event")["stale"] is True
    assert one(observations, "unschedulable")["stale"] is True


def test_an_event_of_a_container_that_still_crashes_is_not_stale() -> None:
    status = running(since="2025-06-10T11:59:50Z", restartCount=4, lastState=ended(1))
    crash = event("Pod", "web-0", "BackOff", involved={"fieldPath": "spec.containers{app}"})
    found = one(project(pod("web-0", status), crash, listed="pods"), "event")
    assert (found["stale"], found["container"]) == (False, "app")


@pytest.mark.parametrize(
    ("reason", "conditions", "stale"),
    [
        ("NodeNotReady", {"Ready": "True"}, True),
        ("NodeNotReady", {"Ready": "Unknown"}, False),
        ("EvictionThresholdMet", {"Ready": "True", "DiskPressure": "False"}, True),
        ("EvictionThresholdMet", {"Ready": "True", "DiskPressure": "True"}, False),
        ("NodeHasInsufficientMemory", {"Ready": "True", "DiskPressure": "True", "MemoryPressure": "False"}, True),
    ],
)
def test_an_event_of_a_condition_of_the_node_is_stale_when_the_condition_is_over(
    reason: str, conditions: dict[str, str], stale: bool
) -> None:
    machine = {
        "kind": "Node",
        "metadata": meta("n1", None),
        "status": {"conditions": [{"type": name, "status": status} for name, status in conditions.items()]},
    }
    assert one(project(machine, event("Node", "n1", reason)), "event")["stale"] is stale
