"""Objects that are not as they should be in the end, and within what their own specs allow: nothing may be found."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


def _silent(question: str) -> dict[str, Any]:
    return {"question": question, "healthy": True}


@scenario(SCENARIOS)
def ok_startup_probe_within_its_threshold(c: Cluster) -> dict[str, Any]:
    """A slow starter, four minutes old: its startup probe may fail 60 times, and failed 23 times."""
    c.nodes("n1")
    owner = c.deployment("erp", "shop", 1, 0, since=4)
    name = "erp-5d8f-aaaaa"
    pod = c.pod(
        name, "shop", "n1", age=4.2, owner=owner, labels={"app": "erp"}, ready=False,
        ports=[{"containerPort": 8080}], container={"startupProbe": {
            "httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10, "failureThreshold": 60}},
    )  # fmt: skip
    pod["status"]["containerStatuses"][0]["started"] = False
    c.event(
        "Pod", name, "shop", "Unhealthy",
        'Startup probe failed: Get "http://10.244.3.2:8080/health": dial tcp 10.244.3.2:8080: connect: connection refused',
        first=3.8, last=0.1, count=23, container="erp",
    )  # fmt: skip
    c.service("erp", "shop")
    return _silent(f"pod shop/{name}")


@scenario(SCENARIOS)
def ok_pod_stops_within_a_long_grace_period(c: Cluster) -> dict[str, Any]:
    """The only Pod of a StatefulSet was deleted three minutes ago and may finish its work for ten."""
    c.nodes("n1")
    c.add(
        "StatefulSet",
        "worker",
        "shop",
        spec={
            "replicas": 1,
            "serviceName": "worker",
            "selector": {"matchLabels": {"app": "worker"}},
            "template": {"metadata": {"labels": {"app": "worker"}}},
        },
        status={"replicas": 1, "readyReplicas": 0},
    )
    c.pod(
        "worker-0", "shop", "n1", owner=("StatefulSet", "worker"), labels={"app": "worker"}, ready=False, since=3,
        deleting=-7, grace=600,
    )  # fmt: skip
    c.event(
        "Pod", "worker-0", "shop", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503",
        first=2.9, last=0.1, count=17, container="worker",
    )  # fmt: skip
    c.service("worker", "shop")
    return _silent("pod shop/worker-0")


@scenario(SCENARIOS)
def ok_autoscaler_waits_to_scale_down(c: Cluster) -> dict[str, Any]:
    """The peak is over; the autoscaler keeps its maximum until its stabilization window has passed."""
    c.nodes("n1", "n2")
    c.app("web", "shop", "n1", "n1", "n2", "n2")
    c.add("HorizontalPodAutoscaler", "web", "shop", spec={"minReplicas": 1, "maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}, status={"currentReplicas": 4, "desiredReplicas": 4, "lastScaleTime": ago(12), "conditions": [
        condition("AbleToScale", "True", reason="ScaleDownStabilized", message="recent recommendations were higher than current one, applying the highest recent recommendation"),
        condition("ScalingActive", "True", reason="ValidMetricFound"),
        condition("ScalingLimited", "True", 12, reason="TooManyReplicas", message="the desired replica count is more than the maximum replica count"),
    ]})  # fmt: skip
    return _silent("hpa shop/web")


@scenario(SCENARIOS)
def ok_debugging_session_that_was_killed(c: Cluster) -> dict[str, Any]:
    """Somebody debugged a Pod this morning; the ephemeral container ended with 137, the application runs on."""
    c.nodes("n1")
    pod = c.pod("web-0", "shop", "n1")
    pod["spec"]["ephemeralContainers"] = [
        {"name": "debugger-x2x", "image": "busybox:1.36", "targetContainerName": "web-0"}
    ]
    pod["status"]["ephemeralContainerStatuses"] = [
        {"name": "debugger-x2x", "image": "busybox:1.36", "ready": False, "restartCount": 0, "state": {
            "terminated": {"exitCode": 137, "reason": "Error", "startedAt": ago(200), "finishedAt": ago(190)}}}
    ]  # fmt: skip
    return _silent("pod shop/web-0")


@scenario(SCENARIOS)
def ok_partition_holds_an_update(c: Cluster) -> dict[str, Any]:
    """A canary: the partition lets one of three Pods be updated."""
    c.nodes("n1")
    c.add(
        "StatefulSet",
        "kv",
        "db",
        spec={
            "replicas": 3,
            "serviceName": "kv",
            "selector": {"matchLabels": {"app": "kv"}},
            "template": {"metadata": {"labels": {"app": "kv"}}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}},
        },
        status={
            "replicas": 3, "readyReplicas": 3, "currentReplicas": 2, "updatedReplicas": 1,
            "currentRevision": "kv-6c9f", "updateRevision": "kv-77fd",
        },
    )  # fmt: skip
    for number in range(3):
        c.pod(f"kv-{number}", "db", "n1", owner=("StatefulSet", "kv"), labels={"app": "kv"})
    c.service("kv", "db")
    return _silent("statefulset db/kv")


@scenario(SCENARIOS)
def ok_optional_references_are_not_there(c: Cluster) -> dict[str, Any]:
    """A ConfigMap and a Secret that the Pod takes where they exist."""
    c.nodes("n1")
    c.listed("shop/configmaps", "shop/secrets")
    c.pod(
        "web-0", "shop", "n1",
        container={"envFrom": [{"configMapRef": {"name": "web-overrides", "optional": True}}],
                   "env": [{"name": "DSN", "valueFrom": {"secretKeyRef": {"name": "tracing", "key": "dsn", "optional": True}}}]},
    )  # fmt: skip
    return _silent("pod shop/web-0")


@scenario(SCENARIOS)
def ok_recreated_one_after_the_other(c: Cluster) -> dict[str, Any]:
    """Strategy Recreate: the new Pod is made when the old one, which stops since ten seconds, is gone."""
    c.nodes("n1")
    owner = c.deployment("web", "shop", 1, 0, current=0, strategy={"type": "Recreate"})
    c.pod("web-5d8f-aaaaa", "shop", "n1", owner=owner, labels={"app": "web"}, ready=False, since=0.2, deleting=-0.3)
    c.service("web", "shop")
    return _silent("deployment shop/web")


@scenario(SCENARIOS)
def ok_drain_moves_one_pod_after_the_other(c: Cluster) -> dict[str, Any]:
    """A node is being drained: one Pod is on its way out, its successor starts, and until then the budget allows no more."""
    c.node("n1")
    c.node("n2", cordoned=True)
    owner = c.deployment("web", "shop", 3, 2, current=3, since=0.2)
    c.pod("web-5d8f-aaaaa", "shop", "n1", owner=owner, labels={"app": "web"})
    c.pod("web-5d8f-bbbbb", "shop", "n2", owner=owner, labels={"app": "web"})
    c.pod("web-5d8f-ccccc", "shop", "n2", owner=owner, labels={"app": "web"}, deleting=-0.7, grace=60)
    c.pod(
        "web-5d8f-ddddd", "shop", "n1", age=0.3, owner=owner, labels={"app": "web"}, waiting=("ContainerCreating", "")
    )
    c.service("web", "shop")
    c.add(
        "PodDisruptionBudget",
        "web",
        "shop",
        spec={"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        status={
            "disruptionsAllowed": 0,
            "currentHealthy": 2,
            "desiredHealthy": 2,
            "expectedPods": 3,
            "conditions": [condition("DisruptionAllowed", "False", 0.3, reason="InsufficientPods")],
        },
    )
    return _silent("deployment shop/web")


@scenario(SCENARIOS)
def ok_readiness_fails_less_often_than_its_threshold(c: Cluster) -> dict[str, Any]:
    """The first Pod of a rollout is half a minute old: two probes failed, and a third would still be allowed."""
    c.nodes("n1", "n2")
    owner = c.deployment("web", "shop", 2, 2, current=3)
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "initialDelaySeconds": 5, "periodSeconds": 10, "failureThreshold": 3}  # fmt: skip
    for name in ("web-5d8f-aaaaa", "web-5d8f-bbbbb"):
        c.pod(name, "shop", "n1", owner=owner, labels={"app": "web"}, container={"readinessProbe": probe})
    c.pod("web-5d8f-ccccc", "shop", "n2", age=0.6, owner=owner, labels={"app": "web"}, ready=False, container={"readinessProbe": probe})  # fmt: skip
    c.event(
        "Pod", "web-5d8f-ccccc", "shop", "Unhealthy",
        'Readiness probe failed: Get "http://10.244.3.3:8080/ready": dial tcp 10.244.3.3:8080: connect: connection refused',
        first=0.3, last=0.1, count=2, container="web",
    )  # fmt: skip
    c.service("web", "shop")
    return _silent("pod shop/web-5d8f-ccccc")


@scenario(SCENARIOS)
def ok_mount_failed_long_before_all_was_well(c: Cluster) -> dict[str, Any]:
    """The API server was away for a moment: what the kubelet could not read then, it has read since."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.event(
        "Pod", "web-5d8f-bbbbb", "shop", "FailedMount",
        'MountVolume.SetUp failed for volume "config" : failed to sync configmap cache: timed out waiting for the condition',
        first=55, last=54, count=2,
    )  # fmt: skip
    return _silent("summary")


@scenario(SCENARIOS)
def ok_autoscaler_at_its_maximum_near_its_target(c: Cluster) -> dict[str, Any]:
    """The busy hour: all replicas run, at 66 percent of their CPU where 60 are planned."""
    c.nodes("n1")
    c.app("web", "shop", *["n1"] * 4)
    c.add(
        "HorizontalPodAutoscaler",
        "web",
        "shop",
        spec={
            "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"},
            "minReplicas": 2,
            "maxReplicas": 4,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
                }
            ],
        },
        status={
            "currentReplicas": 4,
            "desiredReplicas": 4,
            "currentMetrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "current": {"averageUtilization": 66, "averageValue": "66m"}},
                }
            ],
            "conditions": [
                condition("AbleToScale", "True", 30, reason="ReadyForNewScale"),
                condition("ScalingActive", "True", 30, reason="ValidMetricFound"),
                condition("ScalingLimited", "True", 30, reason="TooManyReplicas"),
            ],
        },
    )
    return _silent("summary")


@scenario(SCENARIOS)
def ok_load_balancer_just_asked_for(c: Cluster) -> dict[str, Any]:
    """A Service of type LoadBalancer is half a minute old: its address will come."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add(
        "Service", "edge", "shop", 0.5,
        spec={"type": "LoadBalancer", "clusterIP": "10.96.7.7", "selector": {"app": "web"}, "ports": [{"port": 443, "targetPort": 8080}]},
        status={"loadBalancer": {}},
    )  # fmt: skip
    return _silent("deployment shop/web")


@scenario(SCENARIOS)
def ok_node_that_joins_is_asked_about(c: Cluster) -> dict[str, Any]:
    """The node registered 50 seconds ago and waits for its network agent."""
    c.nodes("n1")
    node = c.node("n9", ready="False", since=0.8, reason="KubeletNotReady", message="container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized")  # fmt: skip
    node["metadata"]["creationTimestamp"] = ago(0.8)
    return _silent("node n9")


@scenario(SCENARIOS)
def ok_a_node_is_being_added(c: Cluster) -> dict[str, Any]:
    """The autoscaler of Pods asked for more than fits, and the one of nodes has asked for a node two minutes ago."""
    c.nodes("n1")
    owner = c.deployment("web", "shop", 2, 1, current=2, since=2.5)
    c.pod("web-5d8f-aaaaa", "shop", "n1", owner=owner, labels={"app": "web"})
    said = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
    c.pod(
        "web-5d8f-bbbbb", "shop", None, age=2.5, owner=owner, labels={"app": "web"},
        conditions=[condition("PodScheduled", "False", 2.5, reason="Unschedulable", message=said)],
    )  # fmt: skip
    c.event("Pod", "web-5d8f-bbbbb", "shop", "FailedScheduling", said, first=2.5, last=2.4, count=2, component="default-scheduler")  # fmt: skip
    c.event(
        "Pod", "web-5d8f-bbbbb", "shop", "TriggeredScaleUp", "pod triggered scale-up: [{workers 1->2 (max: 6)}]",
        first=2.3, last=2.3, count=1, component="cluster-autoscaler", type_="Normal",
    )  # fmt: skip
    return _silent("deployment shop/web")


@scenario(SCENARIOS)
def ok_pod_of_nobody_that_failed_days_ago(c: Cluster) -> dict[str, Any]:
    """Somebody's debugging session of last week, ended by Ctrl-C."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.pod(
        "debug", "shop", "n1", age=5000, phase="Failed", ready=False, since=4900,
        state={"terminated": {"exitCode": 130, "reason": "Error", "startedAt": ago(5000), "finishedAt": ago(4900)}},
    )  # fmt: skip
    return _silent("summary")
