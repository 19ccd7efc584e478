"""Controllers, autoscalers and disruptions: what a controller shows is not where the fault is."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


@scenario(SCENARIOS)
def rollout_stuck_behind_missing_key(c: Cluster) -> dict[str, Any]:
    """The new template asks for a key that the ConfigMap does not have; the rollout passes its deadline."""
    c.nodes("n1", "n2")
    c.deployment("web", "shop", 3, 2, current=3, conditions=[
        condition("Available", "True", 5000, reason="MinimumReplicasAvailable"),
        condition("Progressing", "False", 5, reason="ProgressDeadlineExceeded", message='ReplicaSet "web-5d8f" has timed out progressing.'),
    ])  # fmt: skip
    owner = ("ReplicaSet", "web-5d8f")
    for suffix in ("aaaaa", "bbbbb"):
        c.pod(f"web-77aa-{suffix}", "shop", "n1", owner=("ReplicaSet", "web-77aa"), labels={"app": "web"})
    name = "web-5d8f-ccccc"
    c.pod(
        name, "shop", "n2", age=16, owner=owner, labels={"app": "web"},
        container={"env": [{"name": "THEME", "valueFrom": {"configMapKeyRef": {"name": "web-settings", "key": "theme"}}}]},
        waiting=("CreateContainerConfigError", "couldn't find key theme in ConfigMap shop/web-settings"),
    )  # fmt: skip
    c.add("ConfigMap", "web-settings", "shop", data={"Theme": "dark"})
    c.event("Pod", name, "shop", "Failed", "Error: couldn't find key theme in ConfigMap shop/web-settings", first=15)
    return {
        "question": "deployment shop/web",
        "first": "configmap-key-missing",
        "subject": "pod shop/web-5d8f-ccccc",
        "names": ["theme", "web-settings"],
        "fix": ["configmap"],
        "folds": ["deployment shop/web"],
    }


@scenario(SCENARIOS)
def image_secret_in_another_namespace(c: Cluster) -> dict[str, Any]:
    """The Pod names a pull secret that exists only in another namespace: the registry answers 401."""
    c.nodes("n1")
    c.add("Secret", "regcred", "build", type="kubernetes.io/dockerconfigjson")
    c.add("Secret", "db", "shop", type="Opaque")
    owner = c.deployment("web", "shop", 1, 0)
    name = "web-5d8f-aaaaa"
    c.pull_fails(
        name, "shop", "n1", "registry.example.com/shop/web:9",
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://registry.example.com/token: 401 Unauthorized",
        app="web", age=12, owner=owner, spec={"imagePullSecrets": [{"name": "regcred"}]},
    )  # fmt: skip
    c.event(
        "Pod",
        name,
        "shop",
        "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
        first=12,
    )
    return {
        "question": "pod shop/" + name,
        "first": "pull-secret-missing",
        "subject": "pod shop/web-5d8f-aaaaa",
        "names": ["regcred"],
        "fix": ["secret"],
    }


@scenario(SCENARIOS)
def statefulset_blocked_at_ordinal_zero(c: Cluster) -> dict[str, Any]:
    """Ordinal 0 crashes, so 1 and 2 are never made, and the clients' Service has nobody."""
    c.nodes("n1")
    c.add(
        "StatefulSet",
        "queue",
        "shop",
        spec={
            "replicas": 3,
            "serviceName": "queue",
            "selector": {"matchLabels": {"app": "queue"}},
            "template": {"metadata": {"labels": {"app": "queue"}}, "spec": {"containers": [{"name": "queue"}]}},
        },
        status={"replicas": 1, "currentReplicas": 1, "readyReplicas": 0},
    )
    c.crashing(
        "queue-0", "shop", "n1", "queue 3.9 starting", 'fatal: unknown option "--cluster-sise"', "usage: queue [options]",
        app="queue", age=50, owner=("StatefulSet", "queue"),
    )  # fmt: skip
    c.service("queue", "shop")
    return {
        "question": "statefulset shop/queue",
        "first": "app-flag-unknown",
        "subject": "pod shop/queue-0",
        "names": ["cluster-sise|option|flag|argument"],
        "folds": ["statefulset shop/queue"],
    }


@scenario(SCENARIOS)
def drain_held_up_by_budget(c: Cluster) -> dict[str, Any]:
    """n2 is being drained for an upgrade; the budget of a Deployment with one broken replica allows no eviction."""
    c.node("n1")
    c.node("n2", cordoned=True, taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])
    owner = c.deployment("pay", "shop", 2, 1)
    c.pod("pay-5d8f-aaaaa", "shop", "n2", owner=owner, labels={"app": "pay"})
    c.crashing(
        "pay-5d8f-bbbbb", "shop", "n1", "Error: Cannot find module '/app/server.js'",
        "    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)", app="pay", owner=owner,
    )  # fmt: skip
    c.add(
        "PodDisruptionBudget",
        "pay",
        "shop",
        spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "pay"}}},
        status={
            "currentHealthy": 1,
            "desiredHealthy": 1,
            "disruptionsAllowed": 0,
            "expectedPods": 2,
            "conditions": [condition("DisruptionAllowed", "False", 39, reason="InsufficientPods")],
        },
    )
    return {"question": "summary", "first": "app-module-missing", "subject": "pod shop/pay-5d8f-bbbbb"}


@scenario(SCENARIOS)
def cron_job_held_by_stuck_run(c: Cluster) -> dict[str, Any]:
    """concurrencyPolicy Forbid: last night's run still waits for its image, so no later run starts."""
    c.nodes("n1")
    c.add(
        "CronJob",
        "export",
        "shop",
        spec={
            "schedule": "*/10 * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "export"}]}}}},
        },
        status={"active": [{"kind": "Job", "name": "export-2954"}], "lastScheduleTime": ago(300)},
    )
    c.add(
        "Job",
        "export-2954",
        "shop",
        300,
        metadata={"ownerReferences": [{"kind": "CronJob", "name": "export", "controller": True}]},
        spec={"backoffLimit": 6},
        status={"active": 1, "startTime": ago(300)},
    )
    c.pull_fails(
        "export-2954-xxxxx", "shop", "n1", "registry.example.com/shop/export:2025-13",
        app="export", age=300, owner=("Job", "export-2954"),
    )  # fmt: skip
    c.event(
        "CronJob",
        "export",
        "shop",
        "JobAlreadyActive",
        "Not starting job because prior execution is running and concurrency policy is Forbid",
        first=290,
        component="cronjob-controller",
        type_="Normal",
    )
    return {
        "question": "cronjob shop/export",
        "first": "image-tag-not-found",
        "subject": "pod shop/export-2954-xxxxx",
        "names": ["export"],
        "folds": ["cronjob shop/export"],
    }


@scenario(SCENARIOS)
def autoscaler_without_metrics(c: Cluster) -> dict[str, Any]:
    """metrics-server cannot pull its image: the autoscaler sees no load and does not scale."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    owner = c.deployment("metrics-server", "kube-system", 1, 0)
    c.pull_fails(
        "metrics-server-5d8f-aaaaa", "kube-system", "n1", "registry.k8s.example.com/metrics-server:v0.77.9",
        app="metrics-server", age=70, owner=owner,
    )  # fmt: skip
    c.service("metrics-server", "kube-system", target=10250, port=443)
    c.add(
        "APIService",
        "v1beta1.metrics.k8s.io",
        spec={
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443},
        },
        status={
            "conditions": [
                condition(
                    "Available",
                    "False",
                    68,
                    reason="MissingEndpoints",
                    message='endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"',
                )
            ]
        },
    )
    c.add("HorizontalPodAutoscaler", "web", "shop", spec={"minReplicas": 1, "maxReplicas": 8, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}, status={"currentReplicas": 1, "desiredReplicas": 1, "conditions": [
        condition("AbleToScale", "True", 5000, reason="SucceededGetScale"),
        condition("ScalingActive", "False", 66, reason="FailedGetResourceMetric", message="the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)"),
    ]})  # fmt: skip
    return {
        "question": "hpa shop/web",
        "first": "image-tag-not-found",
        "subject": "pod kube-system/metrics-server-5d8f-aaaaa",
        "names": ["metrics-server"],
        "folds": ["horizontalpodautoscaler shop/web"],
    }


@scenario(SCENARIOS)
def job_fails_for_missing_table(c: Cluster) -> dict[str, Any]:
    """The nightly Job is out of retries; its log says that the database has no such table."""
    c.nodes("n1")
    c.add(
        "Job",
        "rollup",
        "shop",
        60,
        spec={"backoffLimit": 2, "completions": 1},
        status={
            "failed": 3,
            "startTime": ago(60),
            "conditions": [
                condition(
                    "Failed",
                    "True",
                    30,
                    reason="BackoffLimitExceeded",
                    message="Job has reached the specified backoff limit",
                )
            ],
        },
    )
    for number, suffix in enumerate(("aaaaa", "bbbbb", "ccccc")):
        name = f"rollup-{suffix}"
        c.pod(
            name,
            "shop",
            "n1",
            age=59 - 8 * number,
            owner=("Job", "rollup"),
            labels={"app": "rollup"},
            phase="Failed",
            ready=False,
            spec={"restartPolicy": "Never"},
            state={
                "terminated": {
                    "exitCode": 1,
                    "reason": "Error",
                    "startedAt": ago(58 - 8 * number),
                    "finishedAt": ago(57 - 8 * number),
                }
            },
        )
        c.log(
            name,
            "shop",
            "connecting to db:5432",
            'psycopg2.errors.UndefinedTable: relation "daily_sales" does not exist',
            "LINE 1: insert into rollup select * from daily_sales",
        )
    c.event(
        "Job",
        "rollup",
        "shop",
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
        first=30,
        last=30,
        count=1,
        component="job-controller",
    )
    return {
        "question": "job shop/rollup",
        "first": "app-db-table-missing",
        "subject": "pod shop/rollup-aaaaa",
        "names": ["daily_sales|table|schema"],
        "folds": ["job shop/rollup"],
    }


@scenario(SCENARIOS)
def daemonset_short_by_a_taint(c: Cluster) -> dict[str, Any]:
    """The log shipper needs a hostPort that another Pod on n2 holds."""
    c.nodes("n1", "n2")
    c.add(
        "DaemonSet",
        "shipper",
        "logging",
        spec={
            "selector": {"matchLabels": {"app": "shipper"}},
            "template": {
                "metadata": {"labels": {"app": "shipper"}},
                "spec": {"containers": [{"name": "shipper", "ports": [{"containerPort": 2020, "hostPort": 2020}]}]},
            },
        },
        status={
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "numberReady": 1,
            "numberAvailable": 1,
            "numberUnavailable": 1,
            "numberMisscheduled": 0,
            "updatedNumberScheduled": 2,
        },
    )
    c.pod("shipper-aaaaa", "logging", "n1", owner=("DaemonSet", "shipper"), labels={"app": "shipper"})
    waits = "0/2 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling."
    c.pod(
        "shipper-bbbbb",
        "logging",
        None,
        age=30,
        owner=("DaemonSet", "shipper"),
        labels={"app": "shipper"},
        ports=[{"containerPort": 2020, "hostPort": 2020}],
        conditions=[condition("PodScheduled", "False", 30, reason="Unschedulable", message=waits)],
    )
    c.event("Pod", "shipper-bbbbb", "logging", "FailedScheduling", waits, first=30, component="default-scheduler")
    return {
        "question": "daemonset logging/shipper",
        "first": "sched-host-port-taken",
        "subject": "pod logging/shipper-bbbbb",
        "names": ["port"],
        "folds": ["daemonset logging/shipper"],
    }


@scenario(SCENARIOS)
def run_of_a_cron_job_out_of_time(c: Cluster) -> dict[str, Any]:
    """The hourly run was stopped at its deadline: one Job failed, and the CronJob has no fault of its own."""
    c.nodes("n1")
    c.add("CronJob", "settle", "pay", spec={"schedule": "0 * * * *", "jobTemplate": {"spec": {"activeDeadlineSeconds": 1800}}}, status={"lastScheduleTime": ago(65)})  # fmt: skip
    said = "Job was active longer than specified deadline"
    c.add(
        "Job",
        "settle-29300060",
        "pay",
        65,
        metadata={
            "ownerReferences": [{"kind": "CronJob", "name": "settle", "controller": True, "apiVersion": "batch/v1"}]
        },
        spec={"completions": 1, "activeDeadlineSeconds": 1800},
        status={"failed": 1, "conditions": [condition("Failed", "True", 35, reason="DeadlineExceeded", message=said)]},
    )
    c.event("Job", "settle-29300060", "pay", "DeadlineExceeded", said, first=35, last=35, count=1, component="job-controller")  # fmt: skip
    return {
        "question": "cronjob pay/settle",
        "first": "job-deadline-exceeded",
        "subject": "job pay/settle-29300060",
    }


@scenario(SCENARIOS)
def cron_job_piles_up_runs(c: Cluster) -> dict[str, Any]:
    """Every run waits for a lock that the first holds; the policy lets a new one start every ten minutes."""
    c.nodes("n1")
    c.add("CronJob", "sync", "ops", spec={"schedule": "*/10 * * * *", "concurrencyPolicy": "Allow"}, status={"lastScheduleTime": ago(5)})  # fmt: skip
    for age in (45, 35, 25, 15, 5):
        name = f"sync-2937{100 - age}"
        owner = {"kind": "CronJob", "name": "sync", "controller": True, "apiVersion": "batch/v1"}
        c.add(
            "Job",
            name,
            "ops",
            age,
            metadata={"ownerReferences": [owner]},
            spec={"completions": 1},
            status={"active": 1},
        )
        c.pod(f"{name}-aaaaa", "ops", "n1", age=age, owner=("Job", name), labels={"job-name": name})
    return {
        "question": "summary",
        "first": "cronjob-runs-pile-up",
        "subject": "cronjob ops/sync",
        "names": ["5 runs", "sync-293755"],
        "fix": ["patch cronjob/sync .*Forbid", "logs job/sync-293755"],
    }


@scenario(SCENARIOS)
def preempted_and_no_room_elsewhere(c: Cluster) -> dict[str, Any]:
    """A rollout of a higher priority took the place of a batch worker, whose successor waits."""
    c.nodes("n1")
    owner = c.deployment("stream", "rt", 1)
    c.pod("stream-5d8f-aaaaa", "rt", "n1", age=20, owner=owner, labels={"app": "stream"}, requests={"cpu": "3"})
    c.objects[-1][1]["metadata"]["uid"] = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    owner = c.deployment("index", "batch", 1, 0)
    c.event(
        "Pod", "index-5d8f-zzzzz", "batch", "Preempted",
        "Preempted by pod 7c9e6679-7425-40de-944b-e07fc1f90ae7 on node n1", first=20, last=20, count=1,
        component="default-scheduler", type_="Normal",
    )  # fmt: skip
    said = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
    c.pod(
        "index-5d8f-yyyyy", "batch", None, age=19, owner=owner, labels={"app": "index"}, requests={"cpu": "2"},
        conditions=[condition("PodScheduled", "False", 19, reason="Unschedulable", message=said)],
    )  # fmt: skip
    return {
        "question": "deployment batch/index",
        "first": "sched-preempted-without-room",
        "names": ["rt/stream-5d8f-aaaaa"],
        "fix": ["patch deployment/index .*priorityClassName"],
    }
