"""Two faults at once: each is a root of its own, and neither hides the other."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


@scenario(SCENARIOS)
def quota_is_filled_by_runs_that_hang_for_their_image(c: Cluster) -> dict[str, Any]:
    """Six runs of a CronJob wait for an image that does not exist; their Pods use the quota up, so api gets none."""
    c.nodes("n1")
    used = {"hard": {"pods": "6"}}
    c.add("ResourceQuota", "team", "shop", spec=used, status={**used, "used": {"pods": "6"}})
    c.add(
        "CronJob",
        "export",
        "shop",
        spec={"schedule": "*/10 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "export"}]}}}}},
        status={"lastScheduleTime": ago(5)},
    )  # fmt: skip
    for number in range(6):
        age = 65 - 10 * number
        c.add(
            "Job", f"export-{number}", "shop", age,
            metadata={"ownerReferences": [{"kind": "CronJob", "name": "export", "controller": True}]},
            spec={"completions": 1, "parallelism": 1}, status={"active": 1, "startTime": ago(age)},
        )  # fmt: skip
        c.pull_fails(
            f"export-{number}-xxxxx", "shop", "n1", "registry.example.com/shop/export:nightly-x",
            app="export", age=age, owner=("Job", f"export-{number}"),
        )  # fmt: skip
    _, name = c.deployment("api", "shop", 1, 0, current=0)
    c.service("api", "shop")
    c.event(
        "ReplicaSet", name, "shop", "FailedCreate",
        'Error creating: pods "api-5d8f-x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=6, limited: pods=6',
        component="replicaset-controller",
    )  # fmt: skip
    return {
        "question": "service shop/api",
        "first": "quota-used-by-other",
        "subject": "deployment shop/api",
        "names": ["team", "cronjob shop/export"],
        "fix": ["patch cronjob/export"],
        "also": ["image-tag-not-found"],
        "roots": 2,
    }


@scenario(SCENARIOS)
def password_is_refused_while_the_cache_is_down(c: Cluster) -> dict[str, Any]:
    """api goes on without its cache, whose Pod is OOM-killed; what ends it is the password that its database refuses."""
    c.nodes("n1", "n2")
    c.app("pg", "shop", "n1", port=5432)
    cache = c.deployment("redis", "shop", 1, 0)
    c.crashing("redis-5d8f-aaaaa", "shop", "n2", app="redis", code=137, reason="OOMKilled", owner=cache)
    c.service("redis", "shop", port=6379, target=6379)
    owner = c.deployment("api", "shop", 1, 0)
    c.crashing(
        "api-5d8f-aaaaa", "shop", "n1",
        "warn: redis: dial tcp 10.96.4.3:6379: connect: connection refused, going on without cache",
        'FATAL: password authentication failed for user "api"',
        app="api", owner=owner,
        container={"env": [{"name": "DB_HOST", "value": "pg"}, {"name": "REDIS_HOST", "value": "redis"}]},
    )  # fmt: skip
    return {
        "question": "deployment shop/api",
        "first": "app-db-auth-failed",
        "subject": "pod shop/api-5d8f-aaaaa",
        "names": ["password"],
        "also": ["oom-killed"],
        "roots": 2,
    }


@scenario(SCENARIOS)
def selector_is_wrong_and_so_is_what_it_should_select(c: Cluster) -> dict[str, Any]:
    """With the selector corrected the Service would still be empty: the Pod lacks its ConfigMap."""
    c.nodes("n1")
    c.listed("shop/configmaps")
    owner = c.deployment("web", "shop", 1, 0)
    c.pod(
        "web-5d8f-aaaaa", "shop", "n1", age=25, owner=owner, labels={"app": "web"},
        container={"envFrom": [{"configMapRef": {"name": "web-conf"}}]},
        waiting=("CreateContainerConfigError", 'configmap "web-conf" not found'),
    )  # fmt: skip
    c.service("web", "shop", selector={"app": "wbe"})
    return {
        "question": "service shop/web",
        "first": "service-selector-mismatch",
        "subject": "service shop/web",
        "names": ["app=wbe"],
        "also": ["configmap-missing"],
        "roots": 2,
    }


@scenario(SCENARIOS)
def network_agent_is_down_and_a_probe_asks_a_wrong_port(c: Cluster) -> dict[str, Any]:
    """The agent of n2 keeps Pods of other namespaces from starting: it comes before a probe that harms one Pod."""
    c.nodes("n1", "n2")
    c.crashing(
        "kindnet-aaaaa", "kube-system", "n2",
        'panic: Reached maximum retries obtaining node list: Get "https://10.96.0.1:443/api/v1/nodes": dial tcp 10.96.0.1:443: i/o timeout',
        app="kindnet", owner=("DaemonSet", "kindnet"),
    )  # fmt: skip
    c.pod("web-0", "shop", "n2", age=25, waiting=("ContainerCreating", ""))
    c.event(
        "Pod", "web-0", "shop", "FailedCreatePodSandBox",
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "0a1b": plugin type="ptp" failed (add): failed to find plugin "ptp" in path [/opt/cni/bin]',
        first=25,
    )  # fmt: skip
    probe = {"httpGet": {"path": "/", "port": 9999}, "periodSeconds": 10, "failureThreshold": 3}
    c.crashing(
        "billing-0", "pay", "n1", app="billing", code=143, ports=[{"containerPort": 8080}], container={"livenessProbe": probe},
    )  # fmt: skip
    c.event(
        "Pod", "billing-0", "pay", "Unhealthy",
        'Liveness probe failed: Get "http://10.244.3.9:9999/": dial tcp 10.244.3.9:9999: connect: connection refused',
        container="billing",
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "kubernetes-service-unreachable",
        "subject": "pod kube-system/kindnet-aaaaa",
        "folds": ["pod shop/web-0"],
        "also": ["probe-wrong-port"],
        "roots": 2,
    }


@scenario(SCENARIOS)
def own_setting_is_missing_while_the_database_crashes(c: Cluster) -> dict[str, Any]:
    """Of two faults as certain, the one of what was asked about comes before the one that it would suffer from."""
    c.nodes("n1", "n2")
    c.crashing(
        "pg-0", "shop", "n2", "FATAL:  database files are incompatible with server",
        "DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 16.3.",
        app="pg",
    )  # fmt: skip
    c.service("pg", "shop", port=5432, target=5432)
    owner = c.deployment("web", "shop", 1, 0)
    c.crashing(
        "web-5d8f-aaaaa", "shop", "n1", "Error: Missing required environment variable JWT_SECRET",
        "    at validateEnv (/app/src/env.js:14:11)", app="web", owner=owner,
        container={"env": [{"name": "DATABASE_URL", "value": "postgres://u@pg:5432/x"}]},
    )  # fmt: skip
    return {
        "question": "deployment shop/web",
        "first": "app-env-missing",
        "subject": "pod shop/web-5d8f-aaaaa",
        "names": ["JWT_SECRET"],
        "also": ["app-db-data-incompatible"],
        "roots": 2,
    }


@scenario(SCENARIOS)
def outage_comes_before_a_claim_that_nobody_uses(c: Cluster) -> dict[str, Any]:
    """All of the gateway's Pods crash with words that no signature knows; a claim of no Pod names a class that is not there."""
    c.nodes("n1", "n2")
    owner = c.deployment("gateway", "prod", 2, 0)
    for name, node in (("gateway-5d8f-aaaaa", "n1"), ("gateway-5d8f-bbbbb", "n2")):
        c.crashing(name, "prod", node, "gateway: the number of upstreams is odd", app="gateway", owner=owner)
    c.service("gateway", "prod")
    c.add("PersistentVolumeClaim", "cache", "dev", 3000, spec={"storageClassName": "gold", "accessModes": ["ReadWriteOnce"]}, status={"phase": "Pending"})  # fmt: skip
    c.add("StorageClass", "standard", provisioner="rancher.io/local-path")
    c.event("PersistentVolumeClaim", "cache", "dev", "ProvisioningFailed", 'storageclass.storage.k8s.io "gold" not found', component="persistentvolume-controller")  # fmt: skip
    return {
        "question": "summary",
        "first": "application-exits",
        "names": ["the number of upstreams is odd"],
        "folds": ["service prod/gateway"],
        "also": ["claim-class-missing"],
        "roots": 2,
    }
