"""Things that look alarming and are not: nothing may be found."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []
SILENT: Final[dict[str, Any]] = {"question": "summary", "healthy": True}


@scenario(SCENARIOS)
def ok_rollout_in_progress(c: Cluster) -> dict[str, Any]:
    """A rollout that began a minute ago: one new Pod starts, two old ones serve."""
    c.nodes("n1", "n2")
    c.deployment("web", "shop", 2, 2, current=3, conditions=[
        condition("Available", "True", 5000, reason="MinimumReplicasAvailable"),
        condition("Progressing", "True", 1, reason="ReplicaSetUpdated"),
    ])  # fmt: skip
    for suffix in ("aaaaa", "bbbbb"):
        c.pod(f"web-77aa-{suffix}", "shop", "n1", owner=("ReplicaSet", "web-77aa"), labels={"app": "web"})
    c.pod(
        "web-5d8f-ccccc",
        "shop",
        "n2",
        age=0.5,
        owner=("ReplicaSet", "web-5d8f"),
        labels={"app": "web"},
        waiting=("ContainerCreating", ""),
    )
    c.service("web", "shop")
    return SILENT


@scenario(SCENARIOS)
def ok_restarts_of_last_month(c: Cluster) -> dict[str, Any]:
    """Containers that were killed for memory three weeks ago and have run since."""
    c.nodes("n1")
    owner = c.deployment("cart", "shop", 1)
    c.pod(
        "cart-5d8f-aaaaa",
        "shop",
        "n1",
        owner=owner,
        labels={"app": "cart"},
        restarts=4,
        state={"running": {"startedAt": ago(30000)}},
        last={"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(30001)}},
    )
    c.service("cart", "shop")
    return SILENT


@scenario(SCENARIOS)
def ok_scaled_to_zero_for_the_night(c: Cluster) -> dict[str, Any]:
    """A Deployment that somebody scaled to 0, with its empty Service."""
    c.nodes("n1")
    c.deployment("reports", "shop", 0, 0)
    c.service("reports", "shop")
    c.app("web", "shop", "n1")
    return SILENT


@scenario(SCENARIOS)
def ok_old_events_of_a_healed_node(c: Cluster) -> dict[str, Any]:
    """n2 was NotReady for two minutes half an hour ago; its Pods are well again."""
    c.node("n1")
    c.node("n2", since=28)
    owner = c.deployment("web", "shop", 1)
    c.pod("web-5d8f-ccccc", "shop", "n2", owner=owner, labels={"app": "web"}, since=28)
    c.service("web", "shop")
    c.event(
        "Node",
        "n2",
        None,
        "NodeNotReady",
        "Node n2 status is now: NodeNotReady",
        last=30,
        first=30,
        count=1,
        component="node-controller",
    )
    c.event(
        "Pod",
        "web-5d8f-ccccc",
        "shop",
        "NodeNotReady",
        "Node is not ready",
        last=30,
        first=30,
        count=1,
        component="node-controller",
    )
    return SILENT


@scenario(SCENARIOS)
def ok_probe_failed_while_starting(c: Cluster) -> dict[str, Any]:
    """A readiness probe that failed during the start, eight minutes ago, and never since."""
    c.nodes("n1")
    owner = c.deployment("erp", "shop", 1)
    c.pod(
        "erp-5d8f-aaaaa",
        "shop",
        "n1",
        age=9,
        owner=owner,
        labels={"app": "erp"},
        since=7.9,
        container={"readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}}},
    )
    c.event(
        "Pod",
        "erp-5d8f-aaaaa",
        "shop",
        "Unhealthy",
        'Readiness probe failed: Get "http://10.244.3.2:8080/ready": dial tcp 10.244.3.2:8080: connect: connection refused',
        first=8.8,
        last=8,
        count=5,
        container="erp",
    )
    c.service("erp", "shop")
    return SILENT


@scenario(SCENARIOS)
def ok_claim_waits_for_its_first_pod(c: Cluster) -> dict[str, Any]:
    """A claim of a class that binds on first use, and no Pod uses it yet."""
    c.nodes("n1")
    c.add(
        "StorageClass",
        "fast",
        provisioner="ebs.csi.aws.com",
        volumeBindingMode="WaitForFirstConsumer",
        reclaimPolicy="Delete",
    )
    c.add(
        "PersistentVolumeClaim",
        "later",
        "shop",
        50,
        spec={
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "fast",
        },
        status={"phase": "Pending"},
    )
    c.event(
        "PersistentVolumeClaim",
        "later",
        "shop",
        "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding",
        first=50,
        type_="Normal",
        component="persistentvolume-controller",
    )
    c.app("web", "shop", "n1")
    return SILENT


@scenario(SCENARIOS)
def ok_budget_of_a_single_replica(c: Cluster) -> dict[str, Any]:
    """A budget that allows no disruption, while nobody drains anything."""
    c.nodes("n1")
    c.app("pay", "shop", "n1")
    c.add(
        "PodDisruptionBudget",
        "pay",
        "shop",
        spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "pay"}}},
        status={"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1},
    )
    return SILENT


@scenario(SCENARIOS)
def ok_log_full_of_errors_that_are_not_faults(c: Cluster) -> dict[str, Any]:
    """A web server's log with 404s, a client that hung up, and the word error in a healthy line."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.log(
        "web-5d8f-bbbbb", "shop", '10.1.1.1 - - "GET /favicon.ico HTTP/1.1" 404 153', "error budget: 99.95% left",
        "[warn] client closed keepalive connection", "0 errors, 0 failed in the last hour",
    )  # fmt: skip
    return SILENT


@scenario(SCENARIOS)
def ok_only_the_port_for_metrics_is_declared(c: Cluster) -> dict[str, Any]:
    """Two applications that declare no port to serve on, which is allowed, one of them answers its probe there."""
    c.nodes("n1")
    for name, declared, probed in (("media", "http-metrics", None), ("video", "web", 8000)):
        probe = {"container": {"readinessProbe": {"httpGet": {"path": "/", "port": probed}}}} if probed else {}
        owner = c.deployment(name, "shop", 1)
        c.pod(
            f"{name}-5d8f-aaaaa", "shop", "n1", owner=owner, labels={"app": name},
            ports=[{"name": declared, "containerPort": 9100}], **probe,
        )  # fmt: skip
        c.service(name, "shop", target=8000)
    return {"question": "summary", "healthy": True}


@scenario(SCENARIOS)
def ok_complaints_and_warnings_that_are_over(c: Cluster) -> dict[str, Any]:
    """The database was not up when the Pod started, its node was rebooted an hour ago, and has four name servers."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    name = "web-5d8f-bbbbb"
    c.log(name, "shop", "ERROR dial tcp 10.96.4.9:5432: connect: connection refused", "connected", *["GET / 200"] * 5)
    c.event("Node", "n1", None, "Rebooted", "Node n1 has been rebooted, boot id: 5b1c", first=50, last=50, count=1)
    c.event(
        "Pod", name, "shop", "DNSConfigForming",
        "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 192.0.2.1 192.0.2.2 192.0.2.3",
        first=50, last=2, count=40,
    )  # fmt: skip
    return {"question": "deployment shop/web", "healthy": True}


@scenario(SCENARIOS)
def ok_cache_of_a_caller_whose_node_is_gone(c: Cluster) -> dict[str, Any]:
    """A node is silent, and with it a Pod that calls the cache: the cache itself is well."""
    c.node("n1")
    c.node("n2", ready="Unknown", since=30, message="Kubelet stopped posting node status.")
    c.app("redis", "shop", "n1", port=6379)
    owner = c.deployment("cart", "shop", 1, 0)
    c.pod(
        "cart-5d8f-aaaaa", "shop", "n2", owner=owner, labels={"app": "cart"}, ready=False, since=29,
        container={"env": [{"name": "REDIS_ADDR", "value": "redis:6379"}]},
    )  # fmt: skip
    return {"question": "deployment shop/redis", "healthy": True}


@scenario(SCENARIOS)
def ok_node_under_an_application_that_fails(c: Cluster) -> dict[str, Any]:
    """A Pod lacks its ConfigMap: that is no affair of its node."""
    c.nodes("n1")
    owner = c.deployment("api", "shop", 1, 0)
    c.pod(
        "api-5d8f-aaaaa", "shop", "n1", age=30, owner=owner, labels={"app": "api"},
        waiting=("CreateContainerConfigError", 'configmap "api" not found'),
    )  # fmt: skip
    return {"question": "node n1", "healthy": True}
