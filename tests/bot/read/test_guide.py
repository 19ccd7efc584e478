"""The guide's own tables and commands, as it prints them."""

from __future__ import annotations

from bot.read import read
from tests.bot.read.helpers import facts, one


def test_the_loop_over_the_master_services() -> None:
    text = """\
# for SERVICES in etcd flanneld kube-apiserver kube-controller-manager kube-scheduler;
    do echo --- $SERVICES --- ; systemctl is-active $SERVICES ;
    systemctl is-enabled $SERVICES ; echo "";  done
--- etcd ---
active
enabled
--- flanneld ---
inactive
disabled
--- kube-apiserver ---
active
disabled
"""
    seen = read(text)
    assert [(made["unit"], made["active"], made["enabled"]) for made in facts(seen, "unit")] == [
        ("etcd", "active", "enabled"),
        ("flanneld", "inactive", "disabled"),
        ("kube-apiserver", "active", "disabled"),
    ]
    assert one(seen, "cluster")["control_plane"] == "units"


def test_services_with_an_empty_selector_in_a_table_that_is_not_aligned() -> None:
    text = """\
# kubectl get services
NAME          LABELS                                  SELECTOR  IP             PORT
db-service    name=db                                 name=db   10.254.100.1   3306
kubernetes-ro component=apiserver,provider=kubernetes     10.254.186.33  80
kubernetes    component=apiserver,provider=kubernetes     10.254.198.9   443
"""
    assert [(made["service"], made["has_selector"], made["cluster_ip"]) for made in facts(text, "service")] == [
        ("db-service", True, "10.254.100.1"),
        ("kubernetes-ro", False, "10.254.186.33"),
        ("kubernetes", False, "10.254.198.9"),
    ]


def test_the_replication_controllers_table_with_its_blank_line() -> None:
    text = """\
# kubectl get replicationControllers
CONTROLLER           CONTAINER(S)    IMAGE(S)   SELECTOR               REPLICAS

webserver-controller apache-frontend webwithdb  selectorname=webserver 2
"""
    controller = one(text, "workload")
    assert (controller["name"], controller["desired"]) == ("webserver-controller", 2)
    assert controller["selector"] == "selectorname=webserver"


def test_the_ports_of_the_master() -> None:
    text = """\
tcp        0      0 192.168.122.249:7080  0.0.0.0:* LISTEN   636/kube-apiserver
tcp        0      0 127.0.0.1:10252       0.0.0.0:* LISTEN   7541/kube-controller
tcp6       0      0 :::7001               :::*      LISTEN   941/etcd
"""
    assert [(made["port"], made["loopback"]) for made in facts(text, "port")] == [
        (7080, False),
        (10252, True),
        (7001, False),
    ]


def test_directories_of_etcd() -> None:
    text = "# etcdctl ls /registry/minions\n/registry/minions/node1.example.com\n/registry/minions/node2.example.com\n"
    seen = read(text)
    assert [made["node"] for made in facts(seen, "registered_node")] == ["node1.example.com", "node2.example.com"]
    assert {"key": "/registry/minions", "exists": True, "dir": True, "children": 2} in facts(seen, "etcd_key")


def test_an_event_that_etcd_keeps() -> None:
    text = """\
# etcdctl get \\
  /registry/events/default/node1.example.com.13d8e29653ad9bbc | \\
  python -mjson.tool
{
    "apiVersion": "v1beta1",
    "creationTimestamp": "2015-04-27T09:40:16-04:00",
    "host": "node1.example.com",
    "id": "node1.example.com.13d8e29653ad9bbc",
    "involvedObject": {
        "kind": "Minion",
        "name": "node1.example.com"
    },
    "kind": "Event",
    "message": "Starting kubelet.",
    "reason": "starting",
    "source": "kubelet",
    "timestamp": "2015-04-27T09:40:16-04:00"
}
"""
    event = one(text, "event")
    assert (event["object"], event["reason"], event["message"]) == (
        "node node1.example.com",
        "Starting",
        "Starting kubelet.",
    )


def test_endpoints_and_leases_that_etcd_keeps() -> None:
    text = """\
# etcdctl get /coreos.com/network/subnets/10.20.24.0-24 | python -mjson.tool

{
    "BackendData": {
        "VtepMAC": "86:b1:2e:96:5f:35"
    },
    "BackendType": "vxlan",
    "PublicIP": "192.168.122.116"
}
"""
    assert one(text, "flannel_lease") == {"subnet": "10.20.24.0-24", "address": "192.168.122.116", "exists": True}


def test_the_manifest_of_the_controller() -> None:
    text = """\
id: "webserver-controller"
kind: "ReplicationController"
apiVersion: "v1beta1"
desiredState:
  replicas: 2
labels:
  name: "webserver-controller"
# kubectl create -f webserver-service.yaml
"""
    assert one(text, "manifest")["name"] == "webserver-controller"


def test_container_output_by_kubectl_log() -> None:
    text = """\
# kubectl log e1f4b268-e87d-11e4-926b-5254001aa4ee
2015-04-28T16:09:36.953130209Z 150428 12:09:36 mysqld_safe Logging to '/var/log/mariadb/mariadb.log'.
"""
    (passage,) = [passage for passage in read(text).passages if "mysqld_safe" in passage.text]
    assert dict(passage.about) == {"via": "log", "pod": "e1f4b268-e87d-11e4-926b-5254001aa4ee"}
