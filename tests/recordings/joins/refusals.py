"""What refuses or holds an object is not the object: nodes, volumes, webhooks, selectors."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import LONG_AGO, Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []
_HELP = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."


def _unscheduled(c: Cluster, app: str, message: str, owner: tuple[str, str] | None = None, **more: Any) -> str:
    name = f"{app}-5d8f-aaaaa"
    found = [condition("PodScheduled", "False", 30, reason="Unschedulable", message=message)]
    owner = owner or c.deployment(app, "shop", 1, 0)
    c.pod(name, "shop", None, age=30, owner=owner, labels={"app": app}, conditions=found, **more)
    c.event("Pod", name, "shop", "FailedScheduling", message, first=30, component="default-scheduler")
    return name


@scenario(SCENARIOS)
def label_that_no_node_has(c: Cluster) -> dict[str, Any]:
    """The Pod wants pool=backend; one node is the control plane's, the others lack the label."""
    c.nodes("n1", "n2")
    c.node("m1", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
    waits = f"0/3 nodes are available: 1 node(s) had untolerated taint {{node-role.kubernetes.io/control-plane: }}, 2 node(s) didn't match Pod's node affinity/selector. {_HELP}"
    name = _unscheduled(c, "api", waits, spec={"nodeSelector": {"pool": "backend"}})
    return {
        "question": f"pod shop/{name}",
        "first": "sched-node-selector",
        "subject": f"pod shop/{name}",
        "names": ["none has `pool=backend`"],
        "fix": ["label node <node> pool=backend"],
    }


@scenario(SCENARIOS)
def taint_on_all_workers(c: Cluster) -> dict[str, Any]:
    """Both workers are tainted env=prod, which the Pod does not tolerate."""
    for name in ("n1", "n2"):
        c.node(name, taints=[{"key": "env", "value": "prod", "effect": "NoSchedule"}])
    waits = f"0/2 nodes are available: 2 node(s) had untolerated taint {{env: prod}}. {_HELP}"
    name = _unscheduled(c, "batch", waits)
    return {
        "question": f"pod shop/{name}",
        "first": "sched-taint-untolerated",
        "subject": f"pod shop/{name}",
        "names": ["env=prod"],
        "fix": ["taint nodes n[12] env-", '"key":"env"'],
    }


@scenario(SCENARIOS)
def volume_of_a_zone_without_nodes(c: Cluster) -> dict[str, Any]:
    """The claim's volume is in eu-1b; all nodes are in eu-1a."""
    c.node("n1", zone="eu-1a")
    c.node("n2", zone="eu-1a")
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "ebs",
    }
    c.add("PersistentVolumeClaim", "data", "shop", spec={**claim, "volumeName": "pvc-z"}, status={"phase": "Bound"})
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-1b"]}
    c.add(
        "PersistentVolume", "pvc-z",
        spec={
            "capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "ebs",
            "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}},
        },
        status={"phase": "Bound"},
    )  # fmt: skip
    waits = f"0/2 nodes are available: 2 node(s) had volume node affinity conflict. {_HELP}"
    name = _unscheduled(
        c, "db", waits, spec={"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    )
    return {
        "question": f"pod shop/{name}",
        "first": "sched-volume-zone-without-node",
        "subject": f"pod shop/{name}",
        "names": ["eu-1b", "pvc-z"],
        "fix": ["get nodes -L topology"],
    }


@scenario(SCENARIOS)
def volume_held_by_the_pod_before(c: Cluster) -> dict[str, Any]:
    """Two Pods on two nodes use one ReadWriteOnce volume: the new one waits for the old one to go."""
    c.nodes("n1", "n2")
    uses = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    c.pod("encoder-old", "shop", "n1", labels={"app": "encoder"}, spec=uses)
    c.pod("encoder-new", "shop", "n2", age=20, labels={"app": "encoder"}, waiting=("ContainerCreating", ""), spec=uses)
    c.event(
        "Pod", "encoder-new", "shop", "FailedAttachVolume", first=20, last=20, count=1, component="attachdetach-controller",
        message='Multi-Attach error for volume "pvc-aa11" Volume is already used by pod(s) encoder-old',
    )  # fmt: skip
    return {
        "question": "pod shop/encoder-new",
        "first": "multi-attach",
        "subject": "pod shop/encoder-new",
        "names": ["encoder-old", "pvc-aa11"],
        "fix": ["delete pod encoder-old"],
    }


@scenario(SCENARIOS)
def webhook_of_a_namespace_that_is_gone(c: Cluster) -> dict[str, Any]:
    """The policy engine was removed with its namespace; its webhook configuration stayed. Nothing failed yet."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    for name in ("default", "shop"):
        c.add("Namespace", name, status={"phase": "Active"})
    c.service("kubernetes", "default", selector={"component": "apiserver"}, port=443, target=6443)
    c.add(
        "ValidatingWebhookConfiguration", "policy-check",
        webhooks=[{"name": "check.policy.example.com", "failurePolicy": "Fail", "clientConfig": {"service": {"name": "policy", "namespace": "policy"}}, "rules": [{"resources": ["deployments"]}]}],
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "webhook-service-missing",
        "subject": "webhook check.policy.example.com",
        "names": ["policy/policy"],
        "fix": ["delete validatingwebhookconfiguration/policy-check"],
    }


@scenario(SCENARIOS)
def webhook_with_an_expired_certificate(c: Cluster) -> dict[str, Any]:
    """No Pod of web can be made: the webhook that is asked about Pods shows a certificate of yesterday."""
    c.nodes("n1")
    c.app("guard", "cert", "n1", port=8443)
    c.add(
        "MutatingWebhookConfiguration", "guard",
        webhooks=[{"name": "guard.example.com", "failurePolicy": "Fail", "clientConfig": {"service": {"name": "guard", "namespace": "cert"}}, "rules": [{"resources": ["pods"]}]}],
    )  # fmt: skip
    why = 'Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post "https://guard.cert.svc:443/m?timeout=5s": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-04T03:09:00Z is after 2026-03-03T10:00:00Z'
    c.deployment("web", "shop", 2, 0, current=0, conditions=[
        condition("Available", "False", 60, reason="MinimumReplicasUnavailable"),
        condition("ReplicaFailure", "True", 60, reason="FailedCreate", message=why),
    ])  # fmt: skip
    c.event("ReplicaSet", "web-5d8f", "shop", "FailedCreate", f"Error creating: {why}", first=60, component="replicaset-controller")  # fmt: skip
    return {
        "question": "deployment shop/web",
        "first": "webhook-certificate",
        "subject": "webhook guard.example.com",
        "names": ["mutatingwebhookconfiguration/guard", "cert/guard"],
        "fix": ["rollout restart deployment/guard -n cert"],
        "folds": ["deployment shop/web"],
    }


@scenario(SCENARIOS)
def bare_pod_out_of_memory(c: Cluster) -> dict[str, Any]:
    """Nothing owns the Pod, so its limit cannot be changed in place."""
    c.nodes("n1")
    c.crashing("importer", "shop", "n1", code=137, reason="OOMKilled")
    return {
        "question": "pod shop/importer",
        "first": "oom-killed",
        "subject": "pod shop/importer",
        "fix": ["get pod importer -o yaml -n shop > importer.yaml", "replace --force -f importer.yaml"],
    }


@scenario(SCENARIOS)
def statefulset_without_its_service(c: Cluster) -> dict[str, Any]:
    """All Pods run; the Service that gives them their names was never made."""
    c.nodes("n1")
    c.listed("shop/services")
    c.add(
        "StatefulSet", "pg", "shop",
        spec={"replicas": 1, "serviceName": "pg-headless", "selector": {"matchLabels": {"app": "pg"}}, "template": {"metadata": {"labels": {"app": "pg"}}, "spec": {"containers": [{"name": "pg"}]}}},
        status={"replicas": 1, "currentReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1},
    )  # fmt: skip
    c.pod("pg-0", "shop", "n1", owner=("StatefulSet", "pg"), labels={"app": "pg"})
    return {
        "question": "summary",
        "first": "statefulset-service-missing",
        "subject": "statefulset shop/pg",
        "names": ["pg-headless"],
        "fix": ["create service clusterip pg-headless"],
    }


@scenario(SCENARIOS)
def budget_with_a_misspelled_selector(c: Cluster) -> dict[str, Any]:
    """The budget is for app=webb, the Pods are app=web: it protects nothing."""
    c.nodes("n1")
    c.app("web", "shop", "n1", "n1")
    c.add(
        "PodDisruptionBudget", "web", "shop", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "webb"}}},
        status={"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "disruption-budget-selector-mismatch",
        "subject": "poddisruptionbudget shop/web",
        "names": ["app=webb", "app=web"],
        "fix": ["edit pdb web"],
    }


# --- which only look refused -------------------------------------------------------------------------------
SILENT: Final[dict[str, Any]] = {"question": "summary", "healthy": True}


def _autoscaler(c: Cluster, age: float, active: str, since: float) -> None:
    c.add(
        "HorizontalPodAutoscaler", "web", "shop", age,
        spec={"minReplicas": 1, "maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]},
        status={"currentReplicas": 1, "desiredReplicas": 1, "conditions": [
            condition("AbleToScale", "True", age, reason="ReadyForNewScale"),
            condition("ScalingActive", active, since, reason="ValidMetricFound" if active == "True" else "FailedGetResourceMetric", message="did not receive metrics for targeted pods (pods might be unready)" if active != "True" else ""),
        ]},
    )  # fmt: skip
    c.event(
        "HorizontalPodAutoscaler", "web", "shop", "FailedGetResourceMetric", first=since + 4, last=since,
        message="failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)",
        component="horizontal-pod-autoscaler",
    )  # fmt: skip


@scenario(SCENARIOS)
def ok_autoscaler_just_made(c: Cluster) -> dict[str, Any]:
    """Made half a minute ago: metrics-server has not scraped its Pods yet."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    _autoscaler(c, 0.5, "False", 0.4)
    return SILENT


@scenario(SCENARIOS)
def ok_autoscaler_found_its_metrics_again(c: Cluster) -> dict[str, Any]:
    """metrics-server was restarted half an hour ago; the events of then remain."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    _autoscaler(c, LONG_AGO, "True", 28)
    return SILENT


@scenario(SCENARIOS)
def ok_node_that_joins(c: Cluster) -> dict[str, Any]:
    """A node that the autoscaler added 30 s ago waits for its network."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    node = c.node(
        "n2", ready="False", since=0.5, reason="KubeletNotReady",
        message="container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
        taints=[{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}],
    )  # fmt: skip
    node["metadata"]["creationTimestamp"] = ago(0.5)
    return SILENT


@scenario(SCENARIOS)
def ok_probe_fails_while_the_pod_stops(c: Cluster) -> dict[str, Any]:
    """The last old Pod of a rollout is within its grace period and no longer answers its probe."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.pod("web-77aa-ccccc", "shop", "n1", owner=("ReplicaSet", "web-77aa"), labels={"app": "web"}, deleting=-0.4)
    c.event(
        "Pod", "web-77aa-ccccc", "shop", "Unhealthy", first=0.2, last=0.1, count=2, container="web",
        message="Readiness probe failed: dial tcp 10.244.3.9:8080: connect: connection refused",
    )  # fmt: skip
    return SILENT


@scenario(SCENARIOS)
def ok_job_tries_again(c: Cluster) -> dict[str, Any]:
    """The first Pod of the Job failed seven minutes ago, the second runs."""
    c.nodes("n1")
    c.add("Job", "load", "shop", 9, spec={"backoffLimit": 6, "completions": 1}, status={"active": 1, "failed": 1, "startTime": ago(9)})  # fmt: skip
    more: dict[str, Any] = {"owner": ("Job", "load"), "labels": {"app": "load"}}
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(8.9), "finishedAt": ago(7.2)}}
    c.pod("load-aaaaa", "shop", "n1", age=9, phase="Failed", ready=False, spec={"restartPolicy": "Never"}, state=ended, **more)  # fmt: skip
    c.pod("load-bbbbb", "shop", "n1", age=7, spec={"restartPolicy": "Never"}, **more)
    return SILENT


@scenario(SCENARIOS)
def pull_secret_is_refused_for_all_that_use_it(c: Cluster) -> dict[str, Any]:
    """A robot account was revoked: each Deployment of the namespace pulls its own image, and all use one secret."""
    c.nodes("n1", "n2")
    c.app("web", "shop", "n1", "n2")
    for name in ("billing", "invoice"):
        image = f"hub.example.net/pay/{name}:7"
        c.pull_fails(
            f"{name}-5d8f-aaaaa", "pay", "n2", image,
            "failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
            f"https://hub.example.net/service/token?scope=repository%3Apay%2F{name}%3Apull: 401 Unauthorized",
            app=name, owner=c.deployment(name, "pay", 1, 0), spec={"imagePullSecrets": [{"name": "robot"}]},
        )  # fmt: skip
        c.service(name, "pay")
    return {
        "question": "summary",
        "first": "registry-credentials-refused",
        "names": ["robot", "hub.example.net"],
        "fix": ["create secret docker-registry robot --docker-server=hub.example.net .* -n pay"],
        "folds": ["deployment pay/billing", "service pay/invoice"],
    }


@scenario(SCENARIOS)
def quota_has_no_room_for_a_rollout(c: Cluster) -> dict[str, Any]:
    """The Deployment itself holds the most of the quota: there is nobody else to take it from."""
    c.nodes("n1")
    c.app("orders", "shop", "n1", "n1", "n1")
    c.app("mailer", "shop", "n1")
    said = 'pods "orders-77c9-x2b7k" is forbidden: exceeded quota: compute, requested: requests.cpu=100m, used: requests.cpu=400m, limited: requests.cpu=400m'  # fmt: skip
    refused = condition("ReplicaFailure", "True", 25, reason="FailedCreate", message=said)
    c.add(
        "ReplicaSet", "orders-77c9", "shop", 25,
        metadata={"labels": {"app": "orders"}, "ownerReferences": [{"kind": "Deployment", "name": "orders", "controller": True, "apiVersion": "apps/v1"}]},
        spec={"replicas": 1, "selector": {"matchLabels": {"app": "orders"}}, "template": {"metadata": {"labels": {"app": "orders"}}}}, status={"replicas": 0, "conditions": [refused]},
    )  # fmt: skip
    c.event("ReplicaSet", "orders-77c9", "shop", "FailedCreate", f"Error creating: {said}", component="replicaset-controller")  # fmt: skip
    hard = {"requests.cpu": "400m"}
    c.add("ResourceQuota", "compute", "shop", spec={"hard": hard}, status={"hard": hard, "used": hard})
    return {
        "question": "deployment shop/orders",
        "first": "quota-exceeded",
        "names": ["compute"],
        "fix": ["edit resourcequota compute -n shop"],
    }


@scenario(SCENARIOS)
def rate_limit_of_a_registry_behind_two_workloads(c: Cluster) -> dict[str, Any]:
    """All nodes pull anonymously behind one address: one limit, whatever the images."""
    c.nodes("n1")
    for name in ("blue", "red"):
        image = f"docker.io/library/{name}:1"
        c.pull_fails(
            f"{name}-5d8f-aaaaa", "shop", "n1", image,
            f"failed to copy: unexpected status code https://registry-1.docker.io/v2/library/{name}/manifests/sha256:0b: 429 Too Many Requests - "
            "Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.",
            app=name, owner=c.deployment(name, "shop", 1, 0),
        )  # fmt: skip
    return {
        "question": "summary",
        "first": "registry-rate-limit",
        "folds": ["deployment shop/blue", "deployment shop/red"],
    }


@scenario(SCENARIOS)
def rollout_names_an_account_that_is_not_there(c: Cluster) -> dict[str, Any]:
    """The old Pods are well, and one of them was asked about; the new template's ServiceAccount does not exist."""
    c.nodes("n1")
    owner = c.deployment(
        "runner", "ci", 1, 1,
        template={"serviceAccountName": "runner"},
        conditions=[condition("Available", "True"), condition("Progressing", "False", 20, reason="ProgressDeadlineExceeded", message="timed out")],
    )  # fmt: skip
    c.pod("runner-5d8f-aaaaa", "ci", "n1", owner=owner, labels={"app": "runner"})
    said = 'pods "runner-77c9-" is forbidden: error looking up service account ci/runner: serviceaccount "runner" not found'
    labels = {"app": "runner"}
    c.add(
        "ReplicaSet", "runner-77c9", "ci", 30,
        metadata={"labels": labels, "ownerReferences": [{"kind": "Deployment", "name": "runner", "controller": True, "apiVersion": "apps/v1"}]},
        spec={"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": "runner", "containers": [{"name": "runner", "image": "r:2"}]}}},
        status={"replicas": 0, "conditions": [condition("ReplicaFailure", "True", 30, reason="FailedCreate", message=said)]},
    )  # fmt: skip
    c.event("ReplicaSet", "runner-77c9", "ci", "FailedCreate", f"Error creating: {said}", component="replicaset-controller")  # fmt: skip
    c.add("ServiceAccount", "default", "ci")
    return {
        "question": "pod ci/runner-5d8f-aaaaa",
        "first": "service-account-missing",
        "subject": "serviceaccount ci/runner",
        "fix": ["create serviceaccount runner -n ci"],
        "folds": ["deployment ci/runner"],
    }
