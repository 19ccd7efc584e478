"""An application complains; the fault is in what it depends on."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


@scenario(SCENARIOS)
def database_crash_behind_refused_connections(c: Cluster) -> dict[str, Any]:
    """The web Pods end since their database refuses connections: it is out of disk."""
    c.nodes("n1", "n2")
    c.add(
        "StatefulSet",
        "db",
        "shop",
        spec={
            "replicas": 1,
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db"}]}},
        },
        status={"replicas": 1, "readyReplicas": 0},
    )
    c.crashing(
        "db-0", "shop", "n2", "LOG:  starting PostgreSQL 16.4",
        'PANIC:  could not write to file "pg_wal/xlogtemp.29": No space left on device',
        app="db", age=4000, since=44, owner=("StatefulSet", "db"),
    )  # fmt: skip
    c.service("db", "shop", port=5432, target=5432)
    owner = c.deployment("web", "shop", 1, 0)
    name = c.crashing(
        "web-5d8f-aaaaa", "shop", "n1", "web 1.4 starting",
        'django.db.utils.OperationalError: connection to server at "db" (10.96.4.7), port 5432 failed: Connection refused',
        "\tIs the server running on that host and accepting TCP/IP connections?", app="web", owner=owner,
    )  # fmt: skip
    return {
        "question": "pod shop/" + name,
        "first": "app-volume-full",
        "subject": "pod shop/db-0",
        "names": ["space|full"],
        "folds": ["pod shop/" + name],
    }


@scenario(SCENARIOS)
def init_container_waits_for_dead_service(c: Cluster) -> dict[str, Any]:
    """The init container waits for a Service whose Pods cannot pull their image."""
    c.nodes("n1")
    owner = c.deployment("auth", "shop", 1, 0)
    c.pull_fails(
        "auth-5d8f-aaaaa", "shop", "n1", "registry.example.com/shop/auth:v8", app="auth", age=90, owner=owner,
    )  # fmt: skip
    c.service("auth", "shop", address="10.96.4.4")
    owner = c.deployment("web", "shop", 1, 0)
    pod = c.pod(
        "web-5d8f-bbbbb",
        "shop",
        "n1",
        age=60,
        owner=owner,
        labels={"app": "web"},
        waiting=("PodInitializing", ""),
        spec={
            "initContainers": [
                {
                    "name": "wait",
                    "image": "busybox:1.36",
                    "command": ["sh", "-c", "until nc -z auth 80; do sleep 2; done"],
                }
            ]
        },
    )
    pod["status"]["initContainerStatuses"] = [
        {
            "name": "wait",
            "image": "busybox:1.36",
            "ready": False,
            "restartCount": 0,
            "state": {"running": {"startedAt": ago(59)}},
        }
    ]
    c.log("web-5d8f-bbbbb", "shop", "nc: connect to auth (10.96.4.4) port 80 (tcp) failed: Connection refused")
    return {
        "question": "pod shop/web-5d8f-bbbbb",
        "first": "image-tag-not-found",
        "subject": "pod shop/auth-5d8f-aaaaa",
        "folds": ["pod shop/web-5d8f-bbbbb"],
    }


@scenario(SCENARIOS)
def cluster_dns_down_behind_unknown_hosts(c: Cluster) -> dict[str, Any]:
    """CoreDNS crashes over its Corefile; applications report unknown hosts."""
    c.nodes("n1", "n2")
    owner = c.deployment("coredns", "kube-system", 2, 0)
    for suffix in ("aaaaa", "bbbbb"):
        c.crashing(
            f"coredns-5d8f-{suffix}", "kube-system", "n1", "/etc/coredns/Corefile:14 - Error during parsing: Unknown directive 'forwrad'",
            app="coredns", age=700, since=60, owner=owner, labels={"app": "coredns", "k8s-app": "kube-dns"},
        )  # fmt: skip
    c.service("kube-dns", "kube-system", selector={"k8s-app": "kube-dns"}, port=53, target=53)
    owner = c.deployment("web", "shop", 1, 0)
    name = c.crashing(
        "web-5d8f-ccccc", "shop", "n2", "Error: getaddrinfo EAI_AGAIN catalog.shop.svc.cluster.local",
        "    at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:120:26)", app="web", age=50, owner=owner,
    )  # fmt: skip
    c.app("catalog", "shop", "n2")
    return {
        "question": "summary",
        "first": "coredns-corefile-invalid",
        "subject": "pod kube-system/coredns-5d8f-aaaaa",
        "names": ["forwrad|Corefile"],
        "folds": ["pod shop/" + name],
    }


@scenario(SCENARIOS)
def sidecar_crash_makes_pod_unready(c: Cluster) -> dict[str, Any]:
    """The main container is well; its proxy has a bad certificate file, so the Pod is not ready and the Service is empty."""
    c.nodes("n1")
    owner = c.deployment("api", "shop", 1, 0)
    pod = c.pod("api-5d8f-aaaaa", "shop", "n1", age=80, owner=owner, labels={"app": "api"}, ready=False, since=78)
    pod["spec"]["containers"].append({"name": "proxy", "image": "registry.example.com/mesh/proxy:2"})
    pod["status"]["containerStatuses"][0]["ready"] = True
    pod["status"]["containerStatuses"].append({
        "name": "proxy", "image": "registry.example.com/mesh/proxy:2", "ready": False, "restartCount": 19, "started": False,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=proxy pod=api-5d8f-aaaaa_shop"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(2.1), "finishedAt": ago(2)}},
    })  # fmt: skip
    c.log(
        "api-5d8f-aaaaa",
        "shop",
        "==== START logs for container proxy of pod shop/api-5d8f-aaaaa ====",
        'nginx: [emerg] cannot load certificate "/etc/tls/tls.crt": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory)',
        "==== END logs for container proxy of pod shop/api-5d8f-aaaaa ====",
        previous=True,
    )
    c.event(
        "Pod",
        "api-5d8f-aaaaa",
        "shop",
        "BackOff",
        "Back-off restarting failed container proxy in pod api-5d8f-aaaaa_shop",
        first=77,
    )
    c.service("api", "shop")
    return {
        "question": "service shop/api",
        "first": "app-config-invalid",
        "subject": "pod shop/api-5d8f-aaaaa",
        "names": ["tls.crt|certificate"],
        "folds": ["service shop/api"],
    }


@scenario(SCENARIOS)
def liveness_probe_kills_slow_starter(c: Cluster) -> dict[str, Any]:
    """The application needs 90 s to start, its liveness probe begins after 10 s: it is killed each time."""
    c.nodes("n1")
    owner = c.deployment("erp", "shop", 1, 0)
    name = "erp-5d8f-aaaaa"
    c.pod(
        name, "shop", "n1", age=45, owner=owner, labels={"app": "erp"}, ready=False, restarts=13, state={"running": {"startedAt": ago(0.4)}},
        last={"terminated": {"exitCode": 137, "reason": "Error", "startedAt": ago(1.6), "finishedAt": ago(0.5)}},
        ports=[{"containerPort": 8080}],
        container={"livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "initialDelaySeconds": 10, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 1}},
    )  # fmt: skip
    c.event(
        "Pod",
        name,
        "shop",
        "Unhealthy",
        'Liveness probe failed: Get "http://10.244.3.9:8080/health": dial tcp 10.244.3.9:8080: connect: connection refused',
        first=44,
        last=0.7,
        container="erp",
    )
    c.event(
        "Pod",
        name,
        "shop",
        "Killing",
        "Container erp failed liveness probe, will be restarted",
        first=43,
        last=0.6,
        type_="Normal",
        container="erp",
    )
    c.log(name, "shop", "INFO  Starting ErpApplication", "INFO  Loading 1,204 modules, this takes about 90 seconds")
    return {
        "question": "pod shop/" + name,
        "first": "probe-refused",
        "subject": "pod shop/erp-5d8f-aaaaa",
        "names": ["liveness|probe"],
        "fix": ["startupProbe|initialDelay|probe"],
    }


@scenario(SCENARIOS)
def new_node_cannot_resolve_the_registry(c: Cluster) -> dict[str, Any]:
    """Old nodes have the image cached; the new node cannot resolve the registry's name."""
    c.nodes("n1", "n2")
    c.node("n3")
    owner = c.deployment("web", "shop", 3, 2)
    for number, node in enumerate(("n1", "n2")):
        c.pod(f"web-5d8f-{'ab'[number] * 5}", "shop", node, owner=owner, labels={"app": "web"})
    name = "web-5d8f-ccccc"
    c.pod(
        name,
        "shop",
        "n3",
        age=15,
        owner=owner,
        labels={"app": "web"},
        waiting=(
            "ErrImagePull",
            'failed to pull and unpack image "registry.example.com/shop/web:1.4": failed to resolve reference "registry.example.com/shop/web:1.4": failed to do request: Head "https://registry.example.com/v2/shop/web/manifests/1.4": dial tcp: lookup registry.example.com on 10.9.9.9:53: i/o timeout',
        ),
    )
    c.event(
        "Pod",
        name,
        "shop",
        "Failed",
        'Failed to pull image "registry.example.com/shop/web:1.4": failed to pull and unpack image "registry.example.com/shop/web:1.4": failed to resolve reference "registry.example.com/shop/web:1.4": failed to do request: Head "https://registry.example.com/v2/shop/web/manifests/1.4": dial tcp: lookup registry.example.com on 10.9.9.9:53: i/o timeout',
        first=14,
    )
    return {
        "question": "deployment shop/web",
        "first": "registry-dns-broken",
        "subject": "node n3",
        "names": ["DNS|resolve|name"],
        "folds": ["deployment shop/web"],
    }


@scenario(SCENARIOS)
def program_without_its_token(c: Cluster) -> dict[str, Any]:
    """No token is mounted: told once, though a client's and a program's sign both know the words."""
    c.nodes("n1")
    owner = c.deployment("ctl", "ops", 1, 0)
    c.crashing(
        "ctl-5d8f-aaaaa", "ops", "n1",
        "panic: unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
        app="ctl", owner=owner, spec={"automountServiceAccountToken": False},
    )  # fmt: skip
    return {
        "question": "deployment ops/ctl",
        "first": "app-in-cluster-config-missing",
        "fix": ["automountServiceAccountToken"],
        "folds": ["deployment ops/ctl"],
    }
