"""What several objects say together: controllers, Services, references, policies, storage, quotas, webhooks, nodes."""

from __future__ import annotations

from typing import Any

from .builders import deployment, event, facts, meta, node, odd, one, owned, pod, project, related, running, waiting

LABELS = {"labels": {"app": "web"}}


def service(name: str = "web", selector: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": 8080}]
    return {
        "kind": "Service",
        "metadata": meta(name),
        "spec": {"selector": selector or {"app": "web"}, "ports": ports, **spec},
    }


def endpoints(name: str, *addresses: str) -> dict[str, Any]:
    subsets = [{"addresses": [{"ip": each} for each in addresses]}] if addresses else []
    return {"kind": "Endpoints", "metadata": meta(name), "subsets": subsets}


# --- controllers -----------------------------------------------------------------------------------------
def test_a_controller_with_all_its_pods_gives_no_facts() -> None:
    assert odd(project(deployment(), listed="deployments pods")) == []


def test_a_short_controller_tells_how_many_are_missing() -> None:
    failure = {"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no"}]}
    observations = project(deployment(desired=3, ready=0, status={"replicas": 1, **failure}))
    found = one(observations, "workload")
    assert (found["short"], found["missing"], found["unready"]) == (True, 2, 1)
    assert one(observations, "workload_condition")["reason"] == "FailedCreate"


def test_a_cron_schedule_that_cannot_be_parsed_is_told() -> None:
    cron = {"kind": "CronJob", "metadata": meta("nightly"), "spec": {"schedule": "every night"}}
    assert one(project(cron), "workload")["schedule_valid"] is False


def test_a_time_zone_that_nobody_knows_is_told() -> None:
    cron = {"kind": "CronJob", "metadata": meta("nightly"), "spec": {"schedule": "0 2 * * *", "timeZone": "Mars/Base"}}
    assert one(project(cron), "workload")["time_zone_valid"] is False


def test_starts_that_were_missed_are_counted_and_the_job_that_runs_is_named() -> None:
    spec = {"schedule": "*/5 * * * *", "concurrencyPolicy": "Forbid"}
    cron = {"kind": "CronJob", "metadata": meta("sync"), "spec": spec}
    on_time = cron | {"status": {"lastScheduleTime": "2025-06-10T11:55:00Z"}}
    assert facts(project(on_time), "workload") == []
    job = {"kind": "Job", "metadata": meta("sync-1", **owned("CronJob", "sync")), "spec": {}, "status": {"active": 1}}
    late = project(cron | {"status": {"lastScheduleTime": "2025-06-10T11:30:00Z"}}, job)
    found = one(late, "workload")
    assert (found["missed_starts"], found["active_job"], found["concurrency"]) == (5, "shop/sync-1", "Forbid")
    assert ("job shop/sync-1", "cronjob shop/sync") in related(late)
    assert facts(project(cron | {"spec": spec | {"suspend": True}}), "workload") == []


def test_a_failed_run_is_healthy_once_a_later_run_completed() -> None:
    def job(name: str, made: str, condition: str) -> dict[str, Any]:
        metadata = meta(name, creationTimestamp=made, **owned("CronJob", "nightly"))
        status = {"failed": 1, "conditions": [{"type": condition, "status": "True"}]}
        return {"kind": "Job", "metadata": metadata, "spec": {}, "status": status}

    cron = {"kind": "CronJob", "metadata": meta("nightly"), "spec": {"schedule": "0 2 * * *"}}
    early = job("n-1", "2025-06-09T02:00:00Z", "Failed")
    assert odd(project(cron, early, job("n-2", "2025-06-10T02:00:00Z", "Complete"), listed="jobs")) == []
    assert one(project(cron, early, listed="jobs"), "workload")["short"] is True


# --- services --------------------------------------------------------------------------------------------
def test_a_service_without_pods_tells_the_nearest_labels() -> None:
    other = pod(labels={"app": "wbe"})
    observations = project(service(), endpoints("web"), other, listed="pods services endpoints")
    found = one(observations, "service")
    assert (found["endpoints"], found["matching_pods"], found["nearest_labels"]) == (0, 0, "app=wbe")
    assert found["differs"] == "app=web (they have app=wbe)"


def test_a_service_scaled_to_zero_is_not_odd() -> None:
    observations = project(
        service(), endpoints("web"), deployment(desired=0, ready=0), listed="pods services endpoints"
    )
    assert facts(observations, "service") == []


def test_endpoints_that_were_not_recorded_are_not_counted() -> None:
    found = one(project(service(), listed="pods services"), "service")
    assert found.get("endpoints") is None
    assert found["matching_pods"] == 0


def test_a_port_name_that_no_pod_has_does_not_resolve() -> None:
    named = service(ports=[{"port": 80, "targetPort": "http"}])
    web = pod(spec={"containers": [{"name": "app", "ports": [{"name": "web", "containerPort": 80}]}]}, **LABELS)
    found = one(project(named, endpoints("web", "10.0.0.1"), web, listed="pods services endpoints"), "service_port")
    assert (found["target"], found["offered"], found["named"]) == ("http", "web=80", True)


def test_an_address_that_no_pod_owns_is_told() -> None:
    found = one(
        project(service(), endpoints("web", "10.9.9.9"), pod(**LABELS), listed="pods services endpoints"), "endpoint"
    )
    assert (found["address"], found["owned"]) == ("10.9.9.9", False)


def test_an_ingress_tells_a_backend_that_does_not_exist() -> None:
    backend = {"service": {"name": "wbe", "port": {"number": 80}}}
    ingress = {
        "kind": "Ingress",
        "metadata": meta("front"),
        "spec": {"ingressClassName": "nginx", "rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}]},
    }
    observations = project(
        ingress, service(), endpoints("web", "10.0.0.1"), listed="services ingresses ingressclasses endpoints"
    )
    found = one(observations, "ingress_backend")
    assert (found["service_exists"], found["similar"]) == (False, "shop/web")
    assert one(observations, "ingress")["class_exists"] is False


def test_an_ingress_without_a_class_is_told_where_none_is_the_default() -> None:
    ingress = {"kind": "Ingress", "metadata": meta("front"), "spec": {"rules": []}}
    listed = "services ingresses ingressclasses endpoints"
    other = {"kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {"controller": "example.com/nginx"}}
    found = one(project(ingress, other, listed=listed), "ingress")
    assert (found["has_class"], found["default_class"], found["has_address"]) == (False, False, False)
    default = {
        **other,
        "metadata": {"name": "nginx", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
    }
    assert facts(project(ingress, default, listed=listed), "ingress") == []


# --- references ------------------------------------------------------------------------------------------
def reading(name: str, key: str) -> dict[str, Any]:
    env = [{"name": "U", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}]
    return {"containers": [{"name": "app", "env": env}]}


def secret(name: str, *keys: str, namespace: str = "shop") -> dict[str, Any]:
    return {"kind": "Secret", "metadata": meta(name, namespace), "data": dict.fromkeys(keys, "eA==")}


def test_a_missing_secret_is_told_with_the_one_that_was_meant() -> None:
    sick = pod("web-0", waiting("CreateContainerConfigError"), phase="Pending", spec=reading("database", "user"))
    observations = project(sick, secret("databse", "user"), secret("database", namespace="old"), listed="secrets pods")
    found = one(observations, "reference")
    assert (found["exists"], found["similar"], found["elsewhere"]) == (False, "databse", "old")
    assert ("secret shop/database", "pod shop/web-0") in related(observations)


def test_a_missing_key_is_told() -> None:
    sick = pod("web-0", waiting("CreateContainerConfigError"), phase="Pending", spec=reading("db", "usr"))
    found = one(project(sick, secret("db", "user"), listed="secrets pods"), "reference")
    assert (found["exists"], found["key_exists"], found["similar"]) == (True, False, "user")


def test_nothing_is_missing_from_a_kind_that_was_not_listed() -> None:
    sick = pod("web-0", waiting("CreateContainerConfigError"), phase="Pending", spec=reading("database", "user"))
    assert facts(project(sick), "reference") == []


def test_values_of_secrets_are_never_kept() -> None:
    sick = pod("web-0", waiting("CreateContainerConfigError"), phase="Pending", spec=reading("db", "x"))
    observations = project(sick, secret("db", "user"), listed="secrets pods")
    assert "eA==" not in str(observations)


# --- policies, storage, quotas ---------------------------------------------------------------------------
def policy(selector: dict[str, str], *types: str, **spec: Any) -> dict[str, Any]:
    shape = {"podSelector": {"matchLabels": selector} if selector else {}, "policyTypes": list(types), **spec}
    return {"kind": "NetworkPolicy", "metadata": meta("deny"), "spec": shape}


def test_a_policy_that_selects_nothing_is_told_with_the_nearest_labels() -> None:
    found = one(project(policy({"app": "wbe"}, "Ingress"), pod(**LABELS), listed="pods"), "network_policy")
    assert (found["selects"], found["nearest_labels"]) == (0, "app=web")


def test_a_policy_on_healthy_pods_that_nobody_asked_about_is_not_told() -> None:
    assert odd(project(policy({}, "Egress"), pod(**LABELS), listed="pods")) == []


def test_policies_on_a_pod_add_up() -> None:
    dns = policy({}, "Egress", egress=[{"ports": [{"port": 53, "protocol": "UDP"}]}])
    dns["metadata"]["name"] = "allow-dns"
    observations = project(policy({}, "Egress"), dns, pod(**LABELS), listed="pods", asked="pod shop/web-0")
    assert {(each["allows_nothing"], each["allows_dns"]) for each in facts(observations, "policy_on_pod")} == {
        (False, True)
    }


def test_a_volume_whose_only_node_is_cordoned_is_told() -> None:
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}
    volume = {
        "kind": "PersistentVolume",
        "metadata": meta("pv-1", None),
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}},
        "status": {"phase": "Bound"},
    }
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": meta("data"),
        "spec": {"volumeName": "pv-1"},
        "status": {"phase": "Bound"},
    }
    sick = pod(
        "db-0", waiting("x"), phase="Pending", node=None,
        spec={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]},
    )  # fmt: skip
    nodes = [node("n1", labels={"zone": "a"}), node("n2", labels={"zone": "b"}, unschedulable=True)]
    observations = project(volume, claim, sick, *nodes, listed="pods nodes")
    found = one(observations, "volume")
    assert (found["nodes_usable"], found["blocked_node"], found["blocked_by"]) == (0, "n2", "cordoned")
    assert {
        ("persistentvolume pv-1", "persistentvolumeclaim shop/data"),
        ("persistentvolumeclaim shop/data", "pod shop/db-0"),
    } <= related(observations)


def test_a_pending_claim_that_waits_for_its_first_user_is_healthy() -> None:
    late = {"kind": "StorageClass", "metadata": meta("late", None), "volumeBindingMode": "WaitForFirstConsumer"}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": meta("data"),
        "spec": {"storageClassName": "late"},
        "status": {"phase": "Pending"},
    }
    assert odd(project(late, claim, listed="pods")) == []
    assert one(project(claim, listed="storageclasses"), "claim")["class_exists"] is False


def test_a_full_quota_tells_who_uses_it() -> None:
    quota = {
        "kind": "ResourceQuota",
        "metadata": meta("team"),
        "status": {"hard": {"pods": "2"}, "used": {"pods": "2"}},
    }
    users = [pod(f"load-{n}", **owned("StatefulSet", "load")) for n in range(2)]
    observations = project(quota, *users, deployment(ready=0, status={"replicas": 0}), listed="pods")
    found = one(observations, "quota")
    assert (found["full"], found["top_user"], found["top_used"]) == (True, "statefulset shop/load", 2)
    assert ("resourcequota shop/team", "deployment shop/web") in related(observations)


def test_an_autoscaler_at_its_minimum_is_healthy_and_one_without_metrics_is_not() -> None:
    def autoscaler(condition: dict[str, str]) -> dict[str, Any]:
        return {
            "kind": "HorizontalPodAutoscaler",
            "metadata": meta("web"),
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [{"resource": {"name": "cpu"}}],
            },
            "status": {"currentReplicas": 1, "desiredReplicas": 1, "conditions": [condition]},
        }

    limited = {"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas"}
    inactive = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}
    assert odd(project(autoscaler(limited), deployment())) == []
    assert (
        one(project(autoscaler(inactive), deployment()), "autoscaler_condition")["container_without_request"] == "app"
    )


def test_a_webhook_without_endpoints_stands_above_what_it_refused() -> None:
    configuration = {
        "kind": "MutatingWebhookConfiguration",
        "metadata": meta("injector", None),
        "webhooks": [
            {"name": "inject.example.com", "clientConfig": {"service": {"name": "web", "namespace": "shop"}}},
        ],
    }
    refused = event("Deployment", "api", "FailedCreate", 'failed calling webhook "inject.example.com": no endpoints')
    observations = project(
        configuration,
        service(),
        endpoints("web"),
        deployment("api", ready=0),
        refused,
        listed="pods services endpoints",
    )
    found = one(observations, "webhook")
    assert (found["endpoints"], found["service_exists"], found["all_namespaces"]) == (0, True, True)
    above = {("service shop/web", "webhook inject.example.com"), ("webhook inject.example.com", "deployment shop/api")}
    assert above <= related(observations)


# --- nodes and the cluster -------------------------------------------------------------------------------
def test_a_healthy_node_gives_no_facts_and_the_cluster_is_described() -> None:
    observations = project(node(), listed="nodes")
    assert odd(observations) == []
    found = one(observations, "cluster")
    assert (found["era"], found["runtime"], found["nodes_ready"]) == ("today", "containerd", 1)


def test_a_silent_node_tells_its_pods() -> None:
    observations = project(node(ready="Unknown"), pod("web-0", ready=False), pod("web-1"), listed="nodes pods")
    found = one(observations, "node")
    assert (found["ready"], found["not_ready_s"], found["pods"], found["pods_affected"]) == ("Unknown", 1800, 2, 1)
    assert {("node n1", "pod shop/web-0"), ("node n1", "pod shop/web-1")} <= related(observations)


def test_a_namespace_that_will_not_go_tells_what_remains() -> None:
    stuck = {
        "kind": "Namespace",
        "metadata": meta("old", None, deletionTimestamp="2025-06-10T11:00:00Z"),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {
            "phase": "Terminating",
            "conditions": [{"type": "NamespaceFinalizersRemaining", "status": "True", "message": "x in 1"}],
        },
    }
    found = one(project(stuck), "namespace")
    assert (found["terminating_s"], found["condition"]) == (3600, "NamespaceFinalizersRemaining")


# --- disruption, aggregation, deletion ---------------------------------------------------------------------
def _budget(name: str, **spec: Any) -> dict[str, Any]:
    status = {"disruptionsAllowed": 0, "expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1}
    selector = {"selector": {"matchLabels": {"app": "web"}}}
    return {"kind": "PodDisruptionBudget", "metadata": meta(name), "spec": selector | spec, "status": status}


def test_a_budget_that_keeps_a_pod_on_a_cordoned_node_is_told() -> None:
    web = pod(**LABELS)
    assert facts(project(_budget("web"), web, node("n1")), "disruption_budget") == []
    observations = project(_budget("web", maxUnavailable=0), _budget("all"), web, node("n1", unschedulable=True))
    first, second = facts(observations, "disruption_budget")
    assert (first["node"], first["pod"], first["never_allows"], first["also"]) == ("n1", "shop/web-0", True, "shop/all")
    assert second["also"] == "shop/web"
    assert ("poddisruptionbudget shop/web", "node n1") in related(observations)


def test_an_api_that_does_not_answer_is_above_autoscalers_and_dying_namespaces() -> None:
    down = {"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "no addresses"}
    api = {
        "kind": "APIService",
        "metadata": meta("v1beta1.metrics.k8s.io", None),
        "spec": {"service": {"namespace": "shop", "name": "web"}},
        "status": {"conditions": [down]},
    }
    dying = {"kind": "Namespace", "metadata": meta("old", None), "status": {"phase": "Terminating"}}
    blind = {"status": {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetScale"}]}}
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": meta("web"), "spec": {"metrics": [{"resource": {}}]}}
    other = {"kind": "HorizontalPodAutoscaler", "metadata": meta("queue"), "spec": {"metrics": [{"external": {}}]}}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": meta("data", "old", deletionTimestamp="2025-06-10T11:00:00Z", finalizers=["x/y"]),
    }
    observations = project(api, dying, scaler | blind, other | blind, claim, service(), deployment())
    assert one(observations, "api_service")["workload"] == "deployment shop/web"
    found = related(observations)
    assert {
        ("apiservice v1beta1.metrics.k8s.io", "namespace old"),
        ("persistentvolumeclaim old/data", "namespace old"),
    } <= found
    assert ("apiservice v1beta1.metrics.k8s.io", "horizontalpodautoscaler shop/web") in found
    assert ("apiservice v1beta1.metrics.k8s.io", "horizontalpodautoscaler shop/queue") not in found


def test_conditions_of_a_definition_that_are_not_as_they_should_be_are_told() -> None:
    conditions = [
        {"type": "NamesAccepted", "status": "False", "reason": "KindConflict", "message": "taken"},
        {"type": "Established", "status": "True"},
    ]
    crd = {
        "kind": "CustomResourceDefinition",
        "metadata": meta("a.example.com", None),
        "status": {"conditions": conditions},
    }
    assert one(project(crd), "custom_resource_definition")["reason"] == "KindConflict"


def test_a_bound_claim_is_told_only_with_a_failed_change() -> None:
    claim: dict[str, Any] = {"kind": "PersistentVolumeClaim", "metadata": meta("data"), "status": {"phase": "Bound"}}
    assert odd(project(claim)) == []
    claim["status"]["allocatedResourceStatuses"] = {"storage": "ControllerResizeInfeasible"}
    assert one(project(claim), "claim_condition")["condition"] == "ControllerResizeInfeasible"


def test_what_a_namespace_says_just_after_its_deletion_was_asked_for_is_not_taken_for_a_fault() -> None:
    def passages(asked_at: str) -> int:
        left = {"type": "NamespaceContentRemaining", "status": "True", "message": "pods remain"}
        dying = {
            "kind": "Namespace",
            "metadata": meta("old", None, deletionTimestamp=asked_at),
            "status": {"phase": "Terminating", "conditions": [left]},
        }
        return len(project(dying).passages)

    assert passages("2025-06-10T11:59:30Z") == 0
    assert passages("2025-06-10T11:00:00Z") == 1


def test_a_port_that_only_a_sidecar_declares_says_nothing_of_the_application() -> None:
    app, exporter = {"name": "app"}, {"name": "exporter", "ports": [{"containerPort": 9113}]}
    labels = {"labels": {"app": "web"}}
    both = [running("app"), running("exporter")]
    quiet = project(service(), pod("web-0", *both, spec={"containers": [app, exporter]}, **labels))
    assert facts(quiet, "service_port") == []
    said = project(service(), pod("web-0", *both, spec={"containers": [exporter, app]}, **labels))
    assert one(said, "service_port")["offered"] == "9113"
