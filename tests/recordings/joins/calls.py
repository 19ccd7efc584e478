"""A Pod calls another part: what is wrong there, or on the way, and what its own spec and log say of the call."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


def _waits_in_init(c: Cluster, name: str, command: str, *said: str, age: float = 30) -> str:
    """A Pod of `shop` whose init container `wait` runs and does not end; its name."""
    owner = c.deployment(name, "shop", 1, 0)
    pod = c.pod(
        f"{name}-5d8f-aaaaa", "shop", "n1", age=age, owner=owner, labels={"app": name}, waiting=("PodInitializing", ""),
        spec={"initContainers": [{"name": "wait", "image": "busybox:1.36", "command": ["sh", "-c", command]}]},
    )  # fmt: skip
    pod["status"]["initContainerStatuses"] = [
        {"name": "wait", "image": "busybox:1.36", "ready": False, "restartCount": 0,
         "state": {"running": {"startedAt": ago(age - 0.5)}}}
    ]  # fmt: skip
    if said:
        c.log(
            pod["metadata"]["name"], "shop", f"==== START logs for container wait of pod shop/{name}-5d8f-aaaaa ====",
            *said, f"==== END logs for container wait of pod shop/{name}-5d8f-aaaaa ====",
        )  # fmt: skip
    return str(pod["metadata"]["name"])


@scenario(SCENARIOS)
def init_waits_for_a_service_that_is_not_there(c: Cluster) -> dict[str, Any]:
    """The init container looks up mysql-svc; the Service is called mysql-service."""
    c.nodes("n1")
    c.app("mysql", "shop", "n1", service=False, port=3306)
    c.service("mysql-service", "shop", selector={"app": "mysql"}, port=3306, target=3306)
    name = _waits_in_init(c, "web", "until nslookup mysql-svc; do echo waiting for database; sleep 2; done")
    return {
        "question": f"pod shop/{name}",
        "first": "called-service-missing",
        "subject": f"pod shop/{name}",
        "names": ["mysql-svc", "mysql-service"],
        "fix": ["edit deployment/web"],
    }


@scenario(SCENARIOS)
def init_waits_in_silence_for_a_database_of_another_version(c: Cluster) -> dict[str, Any]:
    """Nothing in the waiting Pod's log: its command names the Service whose Pod cannot read its files."""
    c.nodes("n1", "n2")
    c.crashing(
        "postgres-0", "shop", "n2", "PostgreSQL Database directory appears to contain a database; Skipping initialization",
        "FATAL:  database files are incompatible with server",
        "DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 16.3.",
        app="postgres", since=40, age=4000,
    )  # fmt: skip
    c.service("postgres", "shop", port=5432, target=5432)
    name = _waits_in_init(c, "keycloak", "until nc -z postgres 5432; do sleep 2; done", "waiting", "waiting")
    return {
        "question": f"pod shop/{name}",
        "first": "app-db-data-incompatible",
        "subject": "pod shop/postgres-0",
        "folds": [f"pod shop/{name}", "service shop/postgres"],
    }


@scenario(SCENARIOS)
def service_of_another_namespace_called_by_its_bare_name(c: Cluster) -> dict[str, Any]:
    """REDIS_HOST=redis, and redis is a Service of the namespace cache."""
    c.nodes("n1")
    c.app("redis", "cache", "n1", port=6379)
    c.listed("shop/services")
    owner = c.deployment("worker", "shop", 1, 0)
    name = c.crashing(
        "worker-5d8f-aaaaa", "shop", "n1",
        "redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service not known.",
        app="worker", owner=owner, container={"env": [{"name": "REDIS_HOST", "value": "redis"}]},
    )  # fmt: skip
    return {
        "question": "deployment shop/worker",
        "first": "called-service-missing",
        "subject": f"pod shop/{name}",
        "names": ["redis.cache"],
        "fix": ["edit deployment/worker"],
    }


@scenario(SCENARIOS)
def policy_admits_other_callers_only(c: Cluster) -> dict[str, Any]:
    """The policy on api lets role=frontend in; the client carries role=front, so its packets are dropped."""
    c.nodes("n1")
    c.app("api", "shop", "n1")
    name = c.crashing(
        "client", "shop", "n1",
        "curl: (28) Failed to connect to api.shop.svc.cluster.local port 80 after 130012 ms: Couldn't connect to server",
        code=28, labels={"role": "front"},
    )  # fmt: skip
    c.add(
        "NetworkPolicy", "api-in", "shop",
        spec={
            "podSelector": {"matchLabels": {"app": "api"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"role": "frontend"}}}], "ports": [{"port": 8080}]}],
        },
    )  # fmt: skip
    return {
        "question": f"pod shop/{name}",
        "first": "policy-blocks-call",
        "subject": "networkpolicy shop/api-in",
        "names": ["role=front", "shop/api"],
        "fix": ["edit networkpolicy api-in"],
        "folds": [f"pod shop/{name}"],
    }


@scenario(SCENARIOS)
def front_is_well_and_complains_of_a_backend_without_database(c: Cluster) -> dict[str, Any]:
    """The Pods asked about are ready; their log names the Service whose Pod cannot reach a database that is out of disk."""
    c.nodes("n1", "n2")
    c.crashing(
        "postgres-0", "shop", "n2", 'PANIC:  could not write to file "pg_wal/xlogtemp.27": No space left on device',
        app="postgres", age=4000, since=45, owner=("StatefulSet", "postgres"),
    )  # fmt: skip
    c.service("postgres", "shop", port=5432, target=5432)
    owner = c.deployment("api", "shop", 1, 0)
    c.crashing(
        "api-5d8f-aaaaa", "shop", "n1", "FATAL could not connect to postgres:5432: connection refused",
        app="api", owner=owner,
    )  # fmt: skip
    c.service("api", "shop", address="10.96.4.4")
    c.app("front", "shop", "n1")
    c.log(
        "front-5d8f-bbbbb", "shop",
        '[error] 31#31: *402 connect() failed (111: Connection refused) while connecting to upstream, client: 10.1.1.1, upstream: "http://10.96.4.4:80/api", host: "shop.example.com"',
        "proxying to http://api:80",
    )  # fmt: skip
    return {
        "question": "deployment shop/front",
        "first": "app-volume-full",
        "subject": "pod shop/postgres-0",
        "folds": ["service shop/postgres", "service shop/api", "pod shop/api-5d8f-aaaaa"],
    }


@scenario(SCENARIOS)
def name_server_of_its_own(c: Cluster) -> dict[str, Any]:
    """dnsPolicy None with a server that does not answer; CoreDNS is well."""
    c.nodes("n1")
    c.app("api", "shop", "n1")
    name = c.crashing(
        "resolver", "shop", "n1",
        "dial tcp: lookup api.shop.svc.cluster.local on 192.0.2.53:53: read udp 10.244.1.9:40112->192.0.2.53:53: i/o timeout",
        spec={"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.53"]}},
    )  # fmt: skip
    return {
        "question": f"pod shop/{name}",
        "first": "pod-own-nameserver-fails",
        "subject": f"pod shop/{name}",
        "names": ["192.0.2.53"],
        "fix": ["replace --force -f resolver.yaml"],
    }


@scenario(SCENARIOS)
def role_that_allows_something_else(c: Cluster) -> dict[str, Any]:
    """The Pod is ready and may not list Pods: its Role names deployments."""
    c.nodes("n1")
    owner = c.deployment("lister", "shop", 1)
    name = "lister-5d8f-aaaaa"
    c.pod(name, "shop", "n1", owner=owner, labels={"app": "lister"}, spec={"serviceAccountName": "reader"})
    said = 'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:shop:reader" cannot list resource "pods" in API group "" in the namespace "shop"'
    c.log(name, "shop", *[said] * 6)
    c.add("ServiceAccount", "reader", "shop")
    c.add("Role", "pod-reader", "shop", rules=[{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}])  # fmt: skip
    c.add(
        "RoleBinding", "read-pods", "shop", subjects=[{"kind": "ServiceAccount", "name": "reader", "namespace": "shop"}],
        roleRef={"kind": "Role", "name": "pod-reader", "apiGroup": "rbac.authorization.k8s.io"},
    )  # fmt: skip
    return {
        "question": "deployment shop/lister",
        "first": "rbac-forbidden-service-account",
        "subject": "serviceaccount shop/reader",
        "names": ["list pods", "pod-reader", "get,list deployments"],
        "fix": ["edit role pod-reader"],
    }


@scenario(SCENARIOS)
def registry_down_behind_three_workloads(c: Cluster) -> dict[str, Any]:
    """Pods of two namespaces cannot pull: nothing listens at the registry. One cause, not three."""
    c.nodes("n1")
    why = 'failed to do request: Head "https://registry.corp.example.com/v2/app/manifests/3": dial tcp 10.7.0.9:443: connect: connection refused'
    for namespace, app in (("pay", "ledger"), ("shop", "api"), ("shop", "web")):
        owner = c.deployment(app, namespace, 1, 0)
        image = f"registry.corp.example.com/{app}:3"
        c.pull_fails(f"{app}-5d8f-aaaaa", namespace, "n1", image, why, app=app, owner=owner)
    return {
        "question": "summary",
        "first": "registry-refuses-connection",
        "names": ["registry.corp.example.com"],
        "folds": ["pod shop/api-5d8f-aaaaa", "pod shop/web-5d8f-aaaaa", "deployment shop/web"],
    }


@scenario(SCENARIOS)
def metrics_server_refuses_the_kubelets_certificates(c: Cluster) -> dict[str, Any]:
    """metrics-server never gets ready: the kubelets' self-signed certificates name no address."""
    c.nodes("n1")
    owner = c.deployment("metrics-server", "kube-system", 1, 0)
    name = "metrics-server-5d8f-aaaaa"
    c.pod(
        name, "kube-system", "n1", age=100, owner=owner, labels={"app": "metrics-server"}, ready=False, since=99,
        container={"readinessProbe": {"httpGet": {"path": "/readyz", "port": 10250}}},
    )  # fmt: skip
    c.event(
        "Pod", name, "kube-system", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500",
        first=99, count=600, container="metrics-server",
    )  # fmt: skip
    c.log(
        name, "kube-system",
        'E0304 03:09:00.1 1 scraper.go:149] "Failed to scrape node" err="Get \\"https://10.1.0.1:10250/metrics/resource\\": tls: failed to verify certificate: x509: cannot validate certificate for 10.1.0.1 because it doesn\'t contain any IP SANs" node="n1"',
    )  # fmt: skip
    c.service("metrics-server", "kube-system", target=10250, port=443)
    c.add(
        "APIService", "v1beta1.metrics.k8s.io",
        spec={"group": "metrics.k8s.io", "version": "v1beta1", "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443}},
        status={"conditions": [condition("Available", "False", 98, reason="MissingEndpoints", message='endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"')]},
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "metrics-server-kubelet-certificate",
        "subject": "deployment kube-system/metrics-server",
        "fix": ["kubelet-insecure-tls"],
        "folds": ["apiservice v1beta1.metrics.k8s.io", "service kube-system/metrics-server"],
    }


@scenario(SCENARIOS)
def words_that_no_signature_knows(c: Cluster) -> dict[str, Any]:
    """An application of which nobody has heard: its log's last complaint is shown as it stands."""
    c.nodes("n1")
    owner = c.deployment("press", "shop", 1, 0)
    c.crashing(
        "press-5d8f-aaaaa", "shop", "n1", "press 0.3", "the ink store is unsupported on this carriage", "bye",
        app="press", code=4, owner=owner,
    )  # fmt: skip
    return {
        "question": "deployment shop/press",
        "first": "application-exits",
        "subject": "pod shop/press-5d8f-aaaaa",
        "names": ["code 4", "ink store is unsupported"],
    }


@scenario(SCENARIOS)
def password_changed_without_a_restart(c: Cluster) -> dict[str, Any]:
    """The Secret has had a new password for ten minutes; the Pod took its variables yesterday."""
    c.nodes("n1")
    owner = c.deployment("api", "shop", 1, 0)
    c.pod(
        "api-5d8f-aaaaa", "shop", "n1", age=1440, owner=owner, labels={"app": "api"}, phase="Running", ready=False, since=9,
        container={"envFrom": [{"secretRef": {"name": "db"}}]}, state={"running": {"startedAt": ago(1439)}},
    )  # fmt: skip
    said = 'FATAL: password authentication failed for user "api" (SQLSTATE 28P01)'
    c.log("api-5d8f-aaaaa", "shop", *[said] * 4)
    changed = {"managedFields": [{"manager": "kubectl-edit", "operation": "Update", "time": ago(10)}]}
    c.add("Secret", "db", "shop", metadata=changed, type="Opaque", data={"password": "eA=="})
    return {
        "question": "deployment shop/api",
        "first": "config-changed-without-restart",
        "subject": "pod shop/api-5d8f-aaaaa",
        "names": ["secret `db`"],
        "fix": ["rollout restart deployment/api"],
        "folds": ["deployment shop/api"],
    }


@scenario(SCENARIOS)
def probe_command_looks_for_a_file_that_nobody_makes(c: Cluster) -> dict[str, Any]:
    """The startup probe cats a file that the application does not write: killed again and again."""
    c.nodes("n1")
    owner = c.deployment("shop", "shop", 1, 0)
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 5, "failureThreshold": 3}
    name = c.crashing(
        "shop-5d8f-aaaaa", "shop", "n1", app="shop", code=137, owner=owner, container={"startupProbe": probe}
    )
    failed = "Startup probe failed: cat: can't open '/tmp/ready': No such file or directory"
    c.event("Pod", name, "shop", "Unhealthy", failed, container="shop")
    c.event("Pod", name, "shop", "Killing", "Container shop failed startup probe, will be restarted", container="shop", type_="Normal")  # fmt: skip
    return {
        "question": "deployment shop/shop",
        "first": "probe-exec-fails",
        "subject": f"pod shop/{name}",
        "names": ["startup", "cat /tmp/ready"],
        "fix": ["edit deployment/shop"],
        "folds": ["deployment shop/shop"],
    }


@scenario(SCENARIOS)
def policy_admits_another_namespace_only(c: Cluster) -> dict[str, Any]:
    """The database lets the namespace billing in; a Deployment of the shop, which its variables do not betray, times out."""
    c.nodes("n1")
    c.app("pg", "data", "n1", port=5432)
    c.app("web", "shop", "n1")
    owner = c.deployment("orders", "shop", 1, 0)
    c.crashing(
        "orders-5d8f-aaaaa", "shop", "n1",
        'psycopg2.OperationalError: connection to server at "pg.data" (10.96.4.2), port 5432 failed: Connection timed out',
        app="orders", owner=owner,
    )  # fmt: skip
    c.add(
        "NetworkPolicy", "pg-in", "data",
        spec={
            "podSelector": {"matchLabels": {"app": "pg"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "billing"}}}]}],
        },
    )  # fmt: skip
    for name in ("data", "shop", "billing"):
        c.add("Namespace", name, metadata={"labels": {"kubernetes.io/metadata.name": name}}, status={"phase": "Active"})
    return {
        "question": "deployment shop/orders",
        "first": "policy-blocks-call",
        "subject": "networkpolicy data/pg-in",
        "fix": ["edit networkpolicy pg-in -n data"],
        "folds": ["pod shop/orders-5d8f-aaaaa"],
    }


@scenario(SCENARIOS)
def api_server_throttles_a_scanner(c: Cluster) -> dict[str, Any]:
    """A program that lists all Pods again and again is refused with 429, and ends: the API server's limit is the cause."""
    c.nodes("n1")
    owner = c.deployment("scanner", "ops", 1, 0)
    c.crashing(
        "scanner-5d8f-aaaaa", "ops", "n1",
        "Error: the server has received too many requests and has asked us to try again later (get pods)",
        app="scanner", owner=owner,
    )  # fmt: skip
    return {
        "question": "deployment ops/scanner",
        "first": "apiserver-throttles",
        "subject": "apiserver",
        "folds": ["pod ops/scanner-5d8f-aaaaa", "deployment ops/scanner"],
    }


@scenario(SCENARIOS)
def what_is_called_was_scaled_to_zero(c: Cluster) -> dict[str, Any]:
    """The portal is ready, and every request fails: its backend in another namespace has no replicas."""
    c.nodes("n1")
    c.deployment("pricing", "core", 0, 0)
    c.service("pricing", "core", address="10.96.4.40")
    owner = c.deployment("portal", "web", 1)
    name = "portal-5d8f-aaaaa"
    c.pod(
        name, "web", "n1", owner=owner, labels={"app": "portal"},
        container={"env": [{"name": "PRICING_URL", "value": "http://pricing.core.svc.cluster.local"}]},
    )  # fmt: skip
    c.log(name, "web", *["ERROR GET /price: dial tcp 10.96.4.40:80: connect: connection refused"] * 4)
    return {
        "question": "deployment web/portal",
        "first": "service-workload-scaled-to-zero",
        "subject": "service core/pricing",
        "fix": ["scale deployment/pricing --replicas=1 -n core"],
        "folds": [f"pod web/{name}"],
    }
