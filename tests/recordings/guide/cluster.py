"""The guide's own cluster of 2015 (master, node1, node2; webserver and db), whole and healthy, as files of a recording.

Each part can be changed before it is written, so that a recording differs from the healthy cluster in its fault only.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]
Files = dict[str, str]

MASTER: Final = "master.example.com"
NODE1: Final = "node1.example.com"
NODE2: Final = "node2.example.com"
ADDRESS: Final = {MASTER: "192.168.122.249", NODE1: "192.168.122.116", NODE2: "192.168.122.23"}
SUBNET: Final = {MASTER: "10.20.1", NODE1: "10.20.24", NODE2: "10.20.56"}
MADE: Final = "2015-04-27T10:00:00Z"
SEEN: Final = "2015-04-27T14:00:00Z"
"""The newest time in the recordings, so their clock."""
MASTER_UNITS: Final = ("etcd", "flanneld", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE_UNITS: Final = ("flanneld", "docker", "kube-proxy", "kubelet")
MASTER_PORTS: Final = (
    (f"{ADDRESS[MASTER]}:7080", "kube-apiserver", 636),
    (":::8080", "kube-apiserver", 636),
    ("127.0.0.1:10252", "kube-controller", 7541),
    ("127.0.0.1:10251", "kube-scheduler", 7590),
    (":::4001", "etcd", 941),
    (":::7001", "etcd", 941),
)
NODE_PORTS: Final = ((":::10249", "kube-proxy", 1255), (":::10250", "kubelet", 1256), ("0.0.0.0:22", "sshd", 800))
APPS: Final = {"webserver": ("apache-frontend", "webwithdb", 80), "db": ("db", "dbforweb", 3306)}
PORTALS: Final = {"webserver": "10.254.100.50", "db": "10.254.100.1"}


def uid(number: int) -> str:
    """Like those of the guide's pods.

    >>> uid(1)
    '00000001-ece2-11e4-8ee6-5254001aa4ee'
    """
    return f"{number:08x}-ece2-11e4-8ee6-5254001aa4ee"


@dataclass
class Cluster:
    """The parts of a recording. `parts` are those that are written: hosts, api, etcd."""

    parts: tuple[str, ...] = ("hosts", "api")
    hosts: tuple[str, ...] = (MASTER, NODE1, NODE2)
    units: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """By host: unit -> what `systemctl is-active` and `is-enabled` print."""
    ports: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    """By host: address with port, process, process id."""
    pods: dict[str, Json] = field(default_factory=dict)
    services: dict[str, Json] = field(default_factory=dict)
    controllers: dict[str, Json] = field(default_factory=dict)
    nodes: dict[str, Json] = field(default_factory=dict)
    endpoints: dict[str, list[str]] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    leases: dict[str, str] = field(default_factory=dict)
    """Subnet -> PublicIP."""
    flannel_config: bool = True
    extra: Files = field(default_factory=dict)

    # --- changes ----------------------------------------------------------------------------------------
    def set_unit(self, host: str, unit: str, active: str, enabled: str = "enabled") -> None:
        self.units[host][unit] = (active, enabled)
        if active != "active":
            short = {"kube-controller-manager": "kube-controller"}.get(unit, unit)
            self.ports[host] = [each for each in self.ports[host] if each[1] != short]

    def pods_of(self, app: str) -> list[str]:
        return [name for name, pod in self.pods.items() if pod["labels"]["selectorname"] == app]

    def add_pod(self, name: str, app: str, host: str, address: str = "", status: str = "Running") -> Json:
        container, image, port = APPS[app]
        labels = {"name": app, "selectorname": app} | ({"uses": "db"} if app == "webserver" else {})
        manifest = {
            "version": "v1beta2",
            "id": "",
            "containers": [{"name": container, "image": image, "ports": [{"containerPort": port, "protocol": "TCP"}]}],
            "restartPolicy": {"always": {}},
        }
        running = {"state": {"running": {"startedAt": MADE}}, "ready": True, "restartCount": 0, "image": image}
        state: Json = {"status": status}
        if host:
            state |= {"host": host, "hostIP": ADDRESS.get(host)}
        if status == "Running":
            state |= {
                "podIP": address,
                "info": {container: running},
                "Condition": [{"type": "Ready", "status": "Full"}],
            }
        pod: Json = {
            "id": name,
            "kind": "Pod",
            "apiVersion": "v1beta1",
            "namespace": "default",
            "uid": name,
            "creationTimestamp": MADE,
            "labels": labels,
            "desiredState": {"manifest": manifest},
            "currentState": state,
        }
        self.pods[name] = pod
        return pod

    def waits(self, name: str, reason: str, message: str = "", **more: Any) -> None:
        """The pod's container waits for that reason. `more`: termination of the time before, restarts."""
        state = self.pods[name]["currentState"]
        container = self.pods[name]["desiredState"]["manifest"]["containers"][0]
        waiting = {"reason": reason} | ({"message": message} if message else {})
        state["status"] = "Waiting"
        state["info"] = {
            container["name"]: {
                "state": {"waiting": waiting},
                "ready": False,
                "restartCount": 0,
                "image": container["image"],
            }
            | more
        }
        state.pop("podIP", None)
        state["Condition"] = [{"type": "Ready", "status": "None"}]
        self.leave_endpoints(name)

    def leave_endpoints(self, name: str) -> None:
        """Endpoints as they are when only pods that run are in them."""
        for app, (_, _, port) in APPS.items():
            self.endpoints[f"{app}-service"] = [
                f"{pod['currentState']['podIP']}:{port}"
                for pod in self.pods.values()
                if pod["labels"]["name"] == app and pod["currentState"].get("podIP")
            ]

    def event(self, kind: str, name: str, reason: str, message: str, host: str = "", source: str = "kubelet") -> None:
        self.events.append(
            {
                "id": f"{name}.13d8e2965{len(self.events):07x}",
                "kind": "Event",
                "apiVersion": "v1beta1",
                "namespace": "default",
                "creationTimestamp": SEEN,
                "timestamp": SEEN,
                "involvedObject": {"kind": kind, "name": name, "namespace": "default", "uid": name},
                "reason": reason,
                "message": message,
                "source": source,
                "host": host,
                "count": 1,
            }
        )

    # --- files ------------------------------------------------------------------------------------------
    def files(self) -> Files:
        """Path -> content of every file of the recording."""
        found: Files = {}
        if "hosts" in self.parts:
            for host in self.hosts:
                found |= self._host(host)
        if "api" in self.parts:
            found |= self._api()
        if "etcd" in self.parts:
            found |= {f"etcd{key}": _json(value) for key, value in self.keys().items()}
        return {path: text if text.endswith("\n") else f"{text}\n" for path, text in (found | self.extra).items()}

    def _host(self, host: str) -> Files:
        folder = f"hosts/{host}"
        loop = "".join(
            f"--- {unit} ---\n{active}\n{enabled}\n\n" for unit, (active, enabled) in self.units[host].items()
        )
        rows = [
            f"{'tcp' if address[0].isdigit() else 'tcp6':<6} 0      0 {address:<23} "
            f"{'0.0.0.0:*' if address[0].isdigit() else ':::*':<12} LISTEN      {number}/{process}"
            for address, process, number in self.ports[host]
        ]
        head = (
            "Active Internet connections (only servers)\n"
            "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name"
        )
        found = {
            f"{folder}/systemctl-is-active.txt": loop,
            f"{folder}/netstat-tupln.txt": "\n".join([head, *rows]),
            f"{folder}/ping.txt": _ping(host),
        }
        if host != MASTER:
            found[f"{folder}/docker-ps-a.txt"] = _containers([pod for pod in self.pods.values() if _runs(pod, host)])
        else:
            found[f"{folder}/cat-apiserver.txt"] = f"# {host}\n" + (
                'KUBE_API_ADDRESS="--address=0.0.0.0"\n'
                f'KUBE_ETCD_SERVERS="--etcd_servers=http://{MASTER}:4001"\n'
                'KUBE_SERVICE_ADDRESSES="--portal_net=10.254.0.0/16"\n'
            )
        return found

    def _api(self) -> Files:
        return {
            "nodes.json": _list("Minion", self.nodes.values()),
            "default/pods.json": _list("Pod", self.pods.values()),
            "default/services.json": _list("Service", self.services.values()),
            "default/replication-controllers.json": _list("ReplicationController", self.controllers.values()),
            "default/endpoints.json": _list(
                "Endpoints",
                [_endpoints(name, each) for name, each in self.endpoints.items()],
            ),
            "default/events.json": _list("Event", self.events),
        }

    def keys(self) -> Json:
        """etcd's tree, as far as the guide shows it."""
        registry: Json = {f"/minions/{name}": node for name, node in self.nodes.items()}
        registry |= {f"/pods/default/{name}": pod for name, pod in self.pods.items()}
        registry |= {f"/services/specs/default/{name}": each for name, each in self.services.items()}
        registry |= {f"/services/endpoints/default/{n}": _endpoints(n, each) for n, each in self.endpoints.items()}
        registry |= {f"/controllers/default/{name}": each for name, each in self.controllers.items()}
        registry |= {f"/events/default/{each['id']}": each for each in self.events}
        found = {f"/registry{key}": value for key, value in registry.items()}
        if self.flannel_config:
            found["/coreos.com/network/config"] = {
                "Network": "10.20.0.0/16",
                "SubnetLen": 24,
                "Backend": {"Type": "vxlan", "VNI": 1},
            }
        for number, (subnet, address) in enumerate(self.leases.items()):
            found[f"/coreos.com/network/subnets/{subnet}"] = {
                "PublicIP": address,
                "BackendType": "vxlan",
                "BackendData": {"VtepMAC": f"86:b1:2e:96:5f:{0x35 + number:02x}"},
            }
        return found


def guide_cluster(*parts: str) -> Cluster:
    """The guide's cluster as it should be. `parts`: of hosts, api, etcd; the first two by default."""
    cluster = Cluster(parts or ("hosts", "api"))
    for host in cluster.hosts:
        names = MASTER_UNITS if host == MASTER else NODE_UNITS
        cluster.units[host] = dict.fromkeys(names, ("active", "enabled"))
        cluster.ports[host] = list(MASTER_PORTS if host == MASTER else NODE_PORTS)
        cluster.leases[f"{SUBNET[host]}.0-24"] = ADDRESS[host]
    for host in (NODE1, NODE2):
        cluster.nodes[host] = {
            "id": host,
            "kind": "Minion",
            "apiVersion": "v1beta1",
            "uid": uid(40 + len(cluster.nodes)),
            "creationTimestamp": "2015-04-21T16:59:22Z",
            "hostIP": ADDRESS[host],
            "resources": {"capacity": {"cpu": "1", "memory": 3221225472}},
            "status": {
                "conditions": [
                    {
                        "kind": "Ready",
                        "status": "Full",
                        "lastProbeTime": SEEN,
                        "lastTransitionTime": MADE,
                        "reason": "kubelet is posting ready status",
                    }
                ]
            },
        }
    number = 0
    for app, (container, image, port) in APPS.items():
        for host in (NODE1, NODE2):
            number += 1
            cluster.add_pod(uid(number), app, host, f"{SUBNET[host]}.{number + 1}")
        cluster.services[f"{app}-service"] = {
            "id": f"{app}-service",
            "kind": "Service",
            "apiVersion": "v1beta1",
            "namespace": "default",
            "uid": uid(20 + number),
            "creationTimestamp": "2015-04-21T18:29:43Z",
            "port": port,
            "portalIP": PORTALS[app],
            "selector": {"name": app},
            "labels": {"name": app},
        }
        cluster.controllers[f"{app}-controller"] = {
            "id": f"{app}-controller",
            "kind": "ReplicationController",
            "apiVersion": "v1beta1",
            "namespace": "default",
            "uid": uid(30 + number),
            "creationTimestamp": MADE,
            "labels": {"name": f"{app}-controller"},
            "currentState": {"replicas": 2},
            "desiredState": {
                "replicas": 2,
                "replicaSelector": {"selectorname": app},
                "podTemplate": {
                    "labels": deepcopy(cluster.pods[uid(number)]["labels"]),
                    "desiredState": {
                        "manifest": {
                            "version": "v1beta1",
                            "id": f"{app}-controller",
                            "containers": [{"name": container, "image": image, "ports": [{"containerPort": port}]}],
                        }
                    },
                },
            },
        }
    cluster.leave_endpoints("")
    for name, address, port in (("kubernetes", "10.254.92.19", 443), ("kubernetes-ro", "10.254.206.141", 80)):
        cluster.services[name] = {
            "id": name,
            "kind": "Service",
            "apiVersion": "v1beta1",
            "namespace": "default",
            "uid": uid(port),
            "creationTimestamp": "2015-04-21T16:50:00Z",
            "port": port,
            "portalIP": address,
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        }
        cluster.endpoints[name] = [f"{ADDRESS[MASTER]}:{7080 if port == 80 else 6443}"]
    cluster.event("Minion", NODE1, "starting", "Starting kubelet.", NODE1)
    return cluster


# --- shapes ----------------------------------------------------------------------------------------------
def _json(value: object) -> str:
    return json.dumps(value, separators=(", ", ": "))


def _list(kind: str, items: Any) -> str:
    """A list of v1beta1, an item a line."""
    rows = ",\n".join(_json(each) for each in items)
    return f'{{"kind": "{kind}List", "apiVersion": "v1beta1", "items": [\n{rows}\n]}}'


def _endpoints(name: str, addresses: list[str]) -> Json:
    return {
        "id": name,
        "kind": "Endpoints",
        "apiVersion": "v1beta1",
        "namespace": "default",
        "creationTimestamp": "2015-04-21T18:29:43Z",
        "endpoints": addresses,
    }


def _runs(pod: Json, host: str) -> bool:
    return bool(pod["currentState"].get("podIP")) and pod["currentState"].get("host") == host


def _containers(pods: list[Json]) -> str:
    """`docker ps -a` on a node: its pods' containers, and one that somebody ran by hand and that ended well."""
    rows = [
        (
            pod["id"][:8].rjust(12, "a"),
            pod["desiredState"]["manifest"]["containers"][0]["image"] + ":latest",
            '"/usr/bin/action"',
            "4 hours ago",
            "Up 4 hours",
            f"k8s_{pod['desiredState']['manifest']['containers'][0]['name']}.5f1c2d3e_{pod['id']}.default.api_9a",
        )
        for pod in pods
    ]
    rows.append(
        (
            "61960bda2927",
            "rhel7/rhel-tools:latest",
            '"/usr/bin/bash"',
            "47 hours ago",
            "Exited (0) 43 hours ago",
            "myrhel-tools4",
        )
    )
    head = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "NAMES")
    return "\n".join(f"{a:<20}{b:<26}{c:<20}{d:<20}{e:<28}{f}" for a, b, c, d, e, f in (head, *rows))


def _ping(host: str) -> str:
    address = ADDRESS[host]
    return (
        f"PING {host} ({address}) 56(84) bytes of data.\n"
        f"64 bytes from {host} ({address}): icmp_seq=1 ttl=64 time=0.41 ms\n\n"
        f"--- {host} ping statistics ---\n"
        "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
    )
