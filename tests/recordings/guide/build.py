"""Writes the recordings of this folder: the guide's cluster with the fault of each row that is about a state.

    python -m tests.recordings.guide.build

A test holds that what it makes is what is kept here. A recording has only the parts (hosts, API objects, etcd) that its
row needs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.recordings.guide.cluster import ADDRESS, MASTER, NODE1, NODE2, SUBNET, Cluster, Files, guide_cluster, uid

HERE: Final = Path(__file__).parent
Recording = tuple[Cluster, dict[str, Any]]
_RECORDINGS: dict[str, Callable[[], Recording]] = {}


def recording(make: Callable[[], Recording]) -> Callable[[], Recording]:
    """Registers a recording under its function's name: `g01_etcd_down` -> `g01-etcd-down`."""
    _RECORDINGS[make.__name__.replace("_", "-")] = make
    return make


def all_files() -> Files:
    """Path below this folder -> content of every file of every recording."""
    return {f"{name}/{path}": text for name, make in _RECORDINGS.items() for path, text in _files(*make())}


def _files(cluster: Cluster, expected: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "expected.yaml", yaml.safe_dump(expected, sort_keys=False, allow_unicode=True, width=110)
    yield from sorted(cluster.files().items())


def first(id_: str, subject: str, *fix: str, **more: Any) -> dict[str, Any]:
    """What is expected: the first finding, its subject, a pattern for each command that must be among its fixes."""
    return {"first": id_, "subject": subject, "fix": list(fix)} | more


def host_file(cluster: Cluster, host: str, name: str, text: str) -> None:
    cluster.extra[f"hosts/{host}/{name}.txt"] = text


def not_ready(cluster: Cluster, host: str) -> None:
    """The node as the API server sees it when nothing is heard of its kubelet."""
    cluster.nodes[host]["status"]["conditions"][0] |= {
        "status": "Unknown",
        "reason": "Kubelet stopped posting node status.",
        "lastProbeTime": "2015-04-27T13:20:00Z",
        "lastTransitionTime": "2015-04-27T13:21:00Z",
    }


# --- nothing is wrong ------------------------------------------------------------------------------------
@recording
def healthy() -> Recording:
    return guide_cluster("hosts", "api", "etcd"), {"healthy": True}


@recording
def g03_flanneld_not_used() -> Recording:
    """flannel is optional: absent everywhere, and etcd has no key of it."""
    cluster = guide_cluster("hosts", "etcd")
    cluster.flannel_config = False
    cluster.leases.clear()
    for host in cluster.hosts:
        cluster.set_unit(
            host, "flanneld", "unknown", "Failed to get unit file state for flanneld.service: No such file"
        )
    return cluster, {"healthy": True}


@recording
def g06_etcd_elsewhere() -> Recording:
    """etcd is not on the master, and the API server's setting says so."""
    cluster = guide_cluster("hosts")
    cluster.set_unit(MASTER, "etcd", "inactive", "disabled")
    cluster.extra |= {
        f"hosts/{MASTER}/cat-apiserver.txt": 'KUBE_ETCD_SERVERS="--etcd_servers=http://etcd.example.com:4001"'
    }
    return cluster, {"healthy": True}


# --- daemons ---------------------------------------------------------------------------------------------
@recording
def g01_etcd_down() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.set_unit(MASTER, "etcd", "failed")
    cluster.set_unit(MASTER, "kube-apiserver", "failed")
    return cluster, first("unit-etcd-down", f"unit etcd on {MASTER}", "systemctl enable etcd && systemctl start etcd")


@recording
def g01_kube_apiserver_down() -> Recording:
    cluster = guide_cluster("hosts")
    for unit in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        cluster.set_unit(MASTER, unit, "failed")
    return cluster, first("unit-kube-apiserver-down", f"unit kube-apiserver on {MASTER}", "start kube-apiserver")


@recording
def g01_kube_scheduler_down() -> Recording:
    cluster = guide_cluster()
    cluster.set_unit(MASTER, "kube-scheduler", "inactive", "disabled")
    cluster.add_pod(uid(9), "db", "", status="Waiting")
    cluster.controllers["db-controller"]["desiredState"]["replicas"] = 3
    cluster.controllers["db-controller"]["currentState"]["replicas"] = 3
    return cluster, first("unit-kube-scheduler-down", f"unit kube-scheduler on {MASTER}", "start kube-scheduler")


@recording
def g02_kubelet_not_enabled() -> Recording:
    cluster = guide_cluster()
    cluster.set_unit(NODE1, "kubelet", "active", "disabled")
    return cluster, first("unit-active-but-not-enabled", f"unit kubelet on {NODE1}", "^systemctl enable kubelet$")


@recording
def g03_flanneld_down_where_it_is_used() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    cluster.set_unit(MASTER, "flanneld", "inactive", "disabled")
    return cluster, first("unit-flanneld-down", f"unit flanneld on {MASTER}", "systemctl start flanneld")


@recording
def g04_kubelet_down() -> Recording:
    cluster = guide_cluster()
    cluster.set_unit(NODE2, "kubelet", "inactive")
    not_ready(cluster, NODE2)
    return cluster, first(
        "node-kubelet-unit-down", f"node {NODE2}", "systemctl enable --now kubelet", "journalctl .*kubelet"
    )


@recording
def g04_docker_down() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.set_unit(NODE1, "docker", "failed")
    return cluster, first("unit-docker-down", f"unit docker on {NODE1}", "systemctl start docker")


@recording
def g04_kube_proxy_down() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.set_unit(NODE2, "kube-proxy", "failed")
    return cluster, first("unit-kube-proxy-down", f"unit kube-proxy on {NODE2}", "systemctl start kube-proxy")


@recording
def g05_nodes_before_the_master() -> Recording:
    """The API server came up an hour after the node had given up."""
    cluster = guide_cluster("hosts")
    for unit in ("kubelet", "kube-proxy"):
        cluster.set_unit(NODE2, unit, "failed")
        host_file(cluster, NODE2, f"systemctl-status-{unit}", _status(NODE2, unit, "failed (Result: exit-code)", "2h"))
    host_file(
        cluster, MASTER, "systemctl-status-kube-apiserver", _status(MASTER, "kube-apiserver", "active (running)", "1h")
    )
    return cluster, first("node-daemons-started-before-master", f"host {NODE2}", "restart .*kubelet")


def _status(host: str, unit: str, active: str, ago: str) -> str:
    return (
        f"● {unit}.service - Kubernetes {unit}\n"
        f"   Loaded: loaded (/usr/lib/systemd/system/{unit}.service; enabled)\n"
        f"   Active: {active} since Mon 2015-04-27 {'12' if ago == '2h' else '13'}:00:00 UTC; {ago} ago\n"
    )


@recording
def g06_etcd_absent_though_named() -> Recording:
    """The API server's setting points at the master, where there is no etcd."""
    cluster = guide_cluster("hosts")
    cluster.set_unit(
        MASTER, "etcd", "unknown", "Failed to get unit file state for etcd.service: No such file or directory"
    )
    cluster.set_unit(MASTER, "kube-apiserver", "failed")
    return cluster, first(
        "etcd-absent-where-apiserver-looks", f"unit etcd on {MASTER}", "--etcd_servers=http", "install etcd"
    )


@recording
def g07_fails_after_every_start() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.set_unit(NODE1, "kube-proxy", "failed")
    host_file(
        cluster,
        NODE1,
        "journalctl-kube-proxy",
        "".join(
            f"Apr 27 13:5{minute}:01 node1 systemd[1]: Started Kubernetes Kube-Proxy Server.\n"
            f"Apr 27 13:5{minute}:01 node1 kube-proxy[221{minute}]: F0427 13:5{minute}:01.118 221{minute} server.go:71] "
            'invalid argument "debug" for --v=debug: strconv.ParseInt: parsing "debug": invalid syntax\n'
            f"Apr 27 13:5{minute}:01 node1 systemd[1]: kube-proxy.service: main process exited, code=exited, "
            "status=255/n/a\n"
            f"Apr 27 13:5{minute}:01 node1 systemd[1]: Unit kube-proxy.service entered failed state.\n"
            for minute in range(5)
        )
        + "Apr 27 13:54:02 node1 systemd[1]: start request repeated too quickly for kube-proxy.service\n",
    )
    return cluster, first("unit-fails-after-every-start", f"unit kube-proxy on {NODE1}", "journalctl -l -u kube-proxy")


@recording
def g08_kube_controller_manager_down() -> Recording:
    """A pod was lost, and nobody replaces it."""
    cluster = guide_cluster()
    cluster.set_unit(MASTER, "kube-controller-manager", "failed")
    del cluster.pods[uid(4)]
    cluster.controllers["db-controller"]["currentState"]["replicas"] = 1
    cluster.leave_endpoints(uid(4))
    return cluster, first(
        "unit-kube-controller-manager-down",
        f"unit kube-controller-manager on {MASTER}",
        "start kube-controller-manager",
    )


# --- ports -----------------------------------------------------------------------------------------------
@recording
def g09_kubelet_port_closed() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.ports[NODE1] = [each for each in cluster.ports[NODE1] if each[1] != "kubelet"]
    return cluster, first("port-of-node-not-listening", f"port 10250 on {NODE1}", "kubelet")


@recording
def g10_scheduler_port_closed() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.ports[MASTER] = [each for each in cluster.ports[MASTER] if each[1] != "kube-scheduler"]
    return cluster, first("port-of-master-not-listening", f"port 10251 on {MASTER}", "kube-scheduler")


@recording
def g11_apiserver_on_loopback() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.ports[MASTER] = [
        ("127.0.0.1:8080", *each[1:]) if each[0] == ":::8080" else each
        for each in cluster.ports[MASTER]
        if not each[0].endswith(":7080")
    ]
    for host in (NODE1, NODE2):
        host_file(cluster, host, "curl-apiserver", _curl(host, f"http://{MASTER}:8080/version", "Connection refused"))
    return cluster, first("apiserver-bound-to-loopback", f"port 8080 on {MASTER}", "KUBE_API_ADDRESS")


def _curl(host: str, url: str, error: str = "", answer: str = "") -> str:
    name, port = url.removeprefix("http://").split("/")[0].split(":")
    said = f"curl: (7) Failed connect to {name}:{port}; {error}" if error else answer
    return f"[root@{host.partition('.')[0]} ~]# curl -sS -L {url}\n{said}"


@recording
def g12_firewall_blocks_the_apiserver() -> Recording:
    cluster = guide_cluster("hosts")
    host_file(
        cluster,
        MASTER,
        "firewall-cmd-list-all",
        "public (default, active)\n  interfaces: eth0\n  sources: \n  services: dhcpv6-client ssh\n"
        "  ports: 4001/tcp 7001/tcp 7080/tcp\n  masquerade: no\n  forward-ports: \n  icmp-blocks: \n  rich rules: ",
    )
    for host in (NODE1, NODE2):
        host_file(cluster, host, "curl-apiserver", _curl(host, f"http://{MASTER}:8080/version", "No route to host"))
    return cluster, first(
        "firewall-blocks-cluster-port", f"port 8080 on {MASTER}", "firewall-cmd --permanent .*8080/tcp"
    )


@recording
def g13_firewall_blocks_proxy_ports() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.ports[NODE1] += [(":::44281", "kube-proxy", 1255), (":::51903", "kube-proxy", 1255)]
    host_file(
        cluster,
        NODE1,
        "iptables-S",
        "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
        "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n"
        "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n"
        "-A INPUT -p tcp -m tcp --dport 10249 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 10250 -j ACCEPT\n"
        "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
    )
    return cluster, first("firewall-blocks-proxy-ports", f"unit kube-proxy on {NODE1}", "Port")


# --- services and controllers ----------------------------------------------------------------------------
@recording
def g14_labels_and_selector_empty() -> Recording:
    cluster = guide_cluster("api")
    for name in ("selector", "labels"):
        del cluster.services["db-service"][name]
    cluster.endpoints["db-service"] = []
    return cluster, first("service-labels-and-selector-not-indented", "service default/db-service", "db-service")


@recording
def g23_selector_missing() -> Recording:
    cluster = guide_cluster("api")
    del cluster.services["db-service"]["selector"]
    cluster.endpoints["db-service"] = []
    return cluster, first("service-of-2015-without-selector", "service default/db-service", "selector|db-service")


@recording
def g24_labels_missing() -> Recording:
    cluster = guide_cluster("api")
    del cluster.services["webserver-service"]["labels"]
    return cluster, first("service-of-2015-without-labels", "service default/webserver-service", "webserver-service")


@recording
def g25_own_services_absent() -> Recording:
    cluster = guide_cluster("api")
    for name in ("kubernetes", "kubernetes-ro"):
        del cluster.services[name], cluster.endpoints[name]
    return cluster, first("own-services-not-published", "service default/kubernetes", "restart kube-scheduler")


@recording
def g26_controller_without_id() -> Recording:
    cluster = guide_cluster("api")
    controller = cluster.controllers.pop("webserver-controller")
    controller["id"] = "d2a9b1c0-ece2-11e4-8ee6-5254001aa4ee"
    cluster.controllers[controller["id"]] = controller
    return cluster, first("controller-without-id", f"replicationcontroller default/{controller['id']}", "id")


# --- applications ----------------------------------------------------------------------------------------
def _crashes(cluster: Cluster, name: str, log: str, code: int = 1) -> None:
    """The pod's container has ended five times, with that log."""
    ended = {"exitCode": code, "startedAt": "2015-04-27T13:58:00Z", "finishedAt": "2015-04-27T13:58:01Z"}
    cluster.waits(name, "", restartCount=5, lastState={"termination": ended})
    state = cluster.pods[name]["currentState"]
    state["status"] = "Running"
    for each in state["info"].values():
        each["state"] = {"termination": ended}
    cluster.extra[f"default/{name}/logs.txt"] = log


@recording
def g31_pod_older_than_service() -> Recording:
    cluster = guide_cluster("api")
    cluster.services["db-service"]["creationTimestamp"] = "2015-04-27T13:30:00Z"
    _crashes(cluster, uid(1), "/usr/local/bin/action: line 4: DB_SERVICE_SERVICE_HOST: unbound variable")
    return cluster, first(
        "pod-older-than-service", f"pod default/{uid(1)}", f"delete pod {uid(1)}", question=f"pod {uid(1)}"
    )


@recording
def g32_service_looked_up_by_name() -> Recording:
    cluster = guide_cluster("api")
    _crashes(cluster, uid(2), "ERROR 2005 (HY000): Unknown MySQL server host 'db-service' (2)")
    return cluster, first(
        "service-name-not-resolved-2015", f"pod default/{uid(2)}", "get services", question=f"pod {uid(2)}"
    )


@recording
def g33_behind_nat() -> Recording:
    cluster = guide_cluster("api")
    _crashes(
        cluster, uid(2), "200 PORT command successful. Consider using PASV.\n425 Failed to establish data connection."
    )
    return cluster, first("protocol-not-fit-for-nat", f"pod default/{uid(2)}", "service", question=f"pod {uid(2)}")


# --- inspection ------------------------------------------------------------------------------------------
@recording
def g34_scheduler_stopped_a_pod() -> Recording:
    """Accepted, and not assigned: the second of the four steps."""
    cluster, expected = g01_kube_scheduler_down()
    stage = {"reached": "accepted", "stopped_by": "unit-kube-scheduler-down"}
    return cluster, expected | {"question": f"pod {uid(9)}", "stage": stage}


@recording
def g34_kubelet_stopped_a_pod() -> Recording:
    """Assigned, and not taken up: the third of the four steps."""
    cluster = guide_cluster()
    cluster.set_unit(NODE2, "kubelet", "failed")
    not_ready(cluster, NODE2)
    cluster.add_pod(uid(9), "db", NODE2, status="Waiting")
    stage = {"reached": "scheduled", "stopped_by": "node-kubelet-unit-down"}
    return cluster, first(
        "node-kubelet-unit-down", f"node {NODE2}", "enable --now kubelet", question=f"pod {uid(9)}", stage=stage
    )


@recording
def g36_fewer_pods_than_replicas() -> Recording:
    cluster = guide_cluster("api")
    del cluster.pods[uid(4)]
    cluster.controllers["db-controller"]["currentState"]["replicas"] = 1
    cluster.leave_endpoints(uid(4))
    return cluster, first(
        "workload-has-no-pods",
        "replicationcontroller default/db-controller",
        "kube-controller-manager",
        names=["wants 2", "only 1"],
        question="rc db-controller",
    )


@recording
def g37_selector_no_pod_carries() -> Recording:
    cluster = guide_cluster("api")
    cluster.services["db-service"]["selector"] = {"name": "db", "tier": "data"}
    cluster.endpoints["db-service"] = []
    return cluster, first(
        "service-selector-matches-no-pod",
        "service default/db-service",
        "db-service",
        names=["selects `name=db,tier=data`", "labelled `name=db,selectorname=db`"],
    )


# --- etcd ------------------------------------------------------------------------------------------------
@recording
def g38_etcd_tree() -> Recording:
    return guide_cluster("etcd"), {"question": "etcd /registry/minions", "healthy": True}


@recording
def g39_node_not_registered() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    del cluster.nodes[NODE2]
    return cluster, first("node-not-registered", f"node {NODE2}", "journalctl .*kubelet")


@recording
def g40_node_never_reported() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    cluster.nodes[NODE1]["status"] = {}
    return cluster, first("node-never-reported", f"node {NODE1}", "kubelet")


@recording
def g41_endpoints_empty() -> Recording:
    cluster = guide_cluster("etcd")
    for name in (uid(1), uid(2)):
        cluster.pods[name]["labels"]["name"] = "web-server"
    cluster.endpoints["webserver-service"] = []
    return cluster, first(
        "service-selector-matches-no-pod",
        "service default/webserver-service",
        "webserver-service",
        names=["selects `name=webserver`", "labelled `name=web-server,selectorname=webserver,uses=db`"],
    )


@recording
def g42_stale_endpoint() -> Recording:
    cluster = guide_cluster("etcd")
    cluster.endpoints["db-service"][1] = "10.20.56.77:3306"
    return cluster, first(
        "endpoint-stale", "service default/db-service", "kube-controller-manager", names=["10.20.56.77"]
    )


@recording
def g43_no_flannel_lease() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    del cluster.leases[f"{SUBNET[NODE2]}.0-24"]
    return cluster, first("flannel-lease-missing", f"unit flanneld on {NODE2}", "restart flanneld")


@recording
def g43_flannel_lease_of_another_address() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    cluster.leases[f"{SUBNET[NODE2]}.0-24"] = "10.0.2.15"
    return cluster, first("flannel-lease-of-another-address", f"unit flanneld on {NODE2}", "iface", names=["10.0.2.15"])


@recording
def g43_flannel_leases_share_an_address() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    cluster.leases[f"{SUBNET[NODE2]}.0-24"] = ADDRESS[NODE1]
    return cluster, first(
        "flannel-lease-of-another-address", f"unit flanneld on {NODE2}", "iface", names=[ADDRESS[NODE1]]
    )


@recording
def g44_no_flannel_configuration() -> Recording:
    cluster = guide_cluster("hosts", "etcd")
    cluster.flannel_config = False
    cluster.leases.clear()
    for host in cluster.hosts:
        cluster.set_unit(host, "flanneld", "failed")
    return cluster, first("flannel-network-config-missing", "etcd key /coreos.com/network/config", "Network")


@recording
def g45_event_in_etcd() -> Recording:
    cluster = guide_cluster("etcd")
    cluster.waits(uid(1), "Image: webwithdb is not ready on the node")
    cluster.event("Pod", uid(1), "failed", _pull("dial tcp: lookup index.docker.io: no such host"), NODE1)
    return cluster, first("registry-name-unknown", f"pod default/{uid(1)}", "index.docker.io")


def _pull(why: str) -> str:
    return f'Failed to pull image "webwithdb": {why}'


@recording
def g46_etcd_refuses_a_node() -> Recording:
    """etcd listens on loopback only: the master reaches it, no node does."""
    cluster = guide_cluster("hosts")
    cluster.ports[MASTER] = [
        ("127.0.0.1:4001", *each[1:]) if each[0] == ":::4001" else each for each in cluster.ports[MASTER]
    ]
    host_file(cluster, NODE1, "curl-etcd", _curl(NODE1, f"http://{MASTER}:4001/version", "Connection refused"))
    return cluster, first("etcd-bound-to-loopback", f"port 4001 on {MASTER}", "ETCD_LISTEN_CLIENT_URLS")


@recording
def g46_etcd_behind_a_firewall() -> Recording:
    cluster = guide_cluster("hosts")
    host_file(
        cluster,
        MASTER,
        "firewall-cmd-list-all",
        "public (default, active)\n  interfaces: eth0\n  sources: \n  services: dhcpv6-client ssh\n"
        "  ports: 8080/tcp 7080/tcp\n  masquerade: no\n  forward-ports: \n  icmp-blocks: \n  rich rules: ",
    )
    host_file(cluster, NODE2, "curl-etcd", _curl(NODE2, f"http://{MASTER}:4001/version", "No route to host"))
    return cluster, first("firewall-blocks-cluster-port", f"port 4001 on {MASTER}", "4001/tcp")


@recording
def g46_etcd_down_seen_from_a_node() -> Recording:
    cluster = guide_cluster("hosts")
    cluster.set_unit(MASTER, "etcd", "inactive")
    host_file(cluster, NODE1, "curl-etcd", _curl(NODE1, f"http://{MASTER}:4001/version", "Connection refused"))
    return cluster, first("unit-etcd-down", f"unit etcd on {MASTER}", "start etcd")


@recording
def g47_no_etcdctl() -> Recording:
    cluster = guide_cluster("hosts")
    host_file(cluster, MASTER, "etcdctl-ls", "[root@master ~]# etcdctl ls /\n-bash: etcdctl: command not found")
    return cluster, first("etcdctl-not-installed", f"host {MASTER}", "curl .*/v2/keys/")


# --- waiting pods ----------------------------------------------------------------------------------------
def _waits_for_image(cluster: Cluster) -> None:
    cluster.waits(uid(1), "Image: webwithdb is not ready on the node")


@recording
def g51_image_is_being_pulled() -> Recording:
    cluster = guide_cluster()
    _waits_for_image(cluster)
    cluster.event("Pod", uid(1), "pulling", 'Pulling image "webwithdb"', NODE1)
    host_file(
        cluster,
        NODE1,
        "journalctl-docker",
        'Apr 27 13:52:10 node1 docker[1101]: time="2015-04-27T13:52:10Z" level="info" msg="POST /v1.16/images/create'
        '?fromImage=webwithdb&tag=latest"\n'
        'Apr 27 13:52:10 node1 docker[1101]: time="2015-04-27T13:52:10Z" level="info" msg="+job pull(webwithdb, latest)"',
    )
    return cluster, first(
        "image-being-pulled", f"pod default/{uid(1)}", "journalctl .*docker", question=f"pod {uid(1)}"
    )


@recording
def g52_pull_fails_now_and_then() -> Recording:
    cluster = guide_cluster()
    _waits_for_image(cluster)
    cluster.event("Pod", uid(1), "failed", _pull("read tcp 52.1.38.175:443: connection reset by peer"), NODE1)
    return cluster, first(
        "image-download-damaged", f"pod default/{uid(1)}", "docker pull webwithdb", question=f"pod {uid(1)}"
    )


@recording
def g53_node_of_waiting_pods_is_down() -> Recording:
    cluster = guide_cluster("api")
    not_ready(cluster, NODE1)
    not_ready(cluster, NODE2)
    cluster.add_pod(uid(9), "db", "", status="Waiting")
    return cluster, first("node-kubelet-silent", f"node {NODE1}", "restart kubelet", question=f"pod {uid(9)}")


@recording
def g54_more_replicas_than_room() -> Recording:
    """Each node has 3 GiB; a db takes 2 of them."""
    cluster = guide_cluster("api")
    for number in (9, 10):
        cluster.add_pod(uid(number), "db", "", status="Waiting")
        cluster.event(
            "Pod",
            uid(number),
            "failedScheduling",
            "Error scheduling: failed to find fit for pod, Node node1.example.com: PodFitsResources, "
            "Node node2.example.com: PodFitsResources",
            source="scheduler",
        )
    for name in cluster.pods_of("db"):
        cluster.pods[name]["desiredState"]["manifest"]["containers"][0] |= {"cpu": 100, "memory": 2 << 30}
    cluster.controllers["db-controller"]["desiredState"]["replicas"] = 4
    cluster.controllers["db-controller"]["currentState"]["replicas"] = 4
    return cluster, first(
        "sched-nodes-full",
        f"pod default/{uid(9)}",
        "resize --replicas",
        names=["memory"],
        question=f"pod {uid(9)}",
    )


@recording
def g55_exits_right_after_start() -> Recording:
    cluster = guide_cluster("api")
    _crashes(cluster, uid(3), "", code=0)
    cluster.extra[f"default/{uid(3)}/logs.txt"] = "mysqld_safe Logging to '/var/log/mariadb/mariadb.log'."
    return cluster, first(
        "container-exits-0",
        f"pod default/{uid(3)}",
        f"kubectl log {uid(3)}",
        "docker run .*dbforweb",
        question=f"pod {uid(3)}",
    )


@recording
def g56_exited_container_unseen_by_the_kubelet() -> Recording:
    cluster = guide_cluster("hosts")
    path = f"hosts/{NODE1}/docker-ps-a.txt"
    listing = cluster.files()[path]
    cluster.extra[path] = listing.replace("Exited (0)", "Exited (3)").replace("myrhel-tools4", "web-by-hand")
    return cluster, first("container-exited-unseen", f"container web-by-hand on {NODE1}", "docker logs 61960bda2927")


def main() -> None:
    for name in _RECORDINGS:
        shutil.rmtree(HERE / name, ignore_errors=True)
    for path, text in all_files().items():
        file = HERE / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
