"""What etcd's tools and its v2 keys API print."""

from __future__ import annotations

from bot.read import read
from tests.bot.read.helpers import facts, one


def test_health_tells_the_reason_of_each_endpoint() -> None:
    text = """\
https://10.0.0.5:2379 is healthy: successfully committed proposal: took = 2.3ms
https://10.0.0.6:2379 is unhealthy: failed to commit proposal: context deadline exceeded
"""
    good, bad = facts(text, "etcd_endpoint")
    assert good["healthy"] is True
    assert (bad["healthy"], bad["reason"]) == (False, "timeout")


def test_cluster_health_of_v2_is_read_line_by_line() -> None:
    text = """\
member 11aa22bb33cc44dd is healthy: got healthy result from http://10.0.0.5:2379
member 55aa66bb77cc88dd is unreachable: no available published client urls
cluster is degraded
"""
    assert [made["healthy"] for made in facts(text, "etcd_endpoint")] == [True, False]


def test_status_tables_give_size_leader_and_alarm() -> None:
    text = """\
+----------------+------------------+---------+---------+-----------+------------------------+
|    ENDPOINT    |        ID        | VERSION | DB SIZE | IS LEADER |         ERRORS         |
+----------------+------------------+---------+---------+-----------+------------------------+
| 10.0.0.5:2379  | 11aa22bb33cc44dd |  3.5.4  | 2.1 GB  |   true    | memberID:1 alarm:NOSPACE |
+----------------+------------------+---------+---------+-----------+------------------------+
"""
    endpoint = one(text, "etcd_endpoint")
    assert (endpoint["db_bytes"], endpoint["leader"], endpoint["alarm"]) == (2_100_000_000, True, "NOSPACE")


def test_v2_keys_by_curl_give_keys_nodes_and_leases() -> None:
    text = """\
# curl -s -L http://master:4001/v2/keys/coreos.com/network/subnets
{"action":"get","node":{"key":"/coreos.com/network/subnets","dir":true,"nodes":[{"key":"/coreos.com/network/subnets/10.20.7.0-24","value":"{\\"PublicIP\\":\\"192.0.2.7\\"}"}]}}
"""
    seen = read(text)
    assert "/coreos.com/network/subnets" in [key["key"] for key in facts(seen, "etcd_key")]
    assert {"subnet": "10.20.7.0-24", "address": "192.0.2.7", "exists": True} in facts(seen, "flannel_lease")


def test_a_missing_key_is_an_observed_absence() -> None:
    text = '{"errorCode":100,"message":"Key not found","cause":"/atomic.io","index":7}\n'
    assert one(text, "etcd_key") == {"key": "/atomic.io", "exists": False}


def test_a_node_with_an_empty_status_never_reported() -> None:
    text = """\
# etcdctl get /registry/minions/box1.lan | python -mjson.tool
{
    "apiVersion": "v1beta1",
    "creationTimestamp": "2015-04-21T16:59:22-04:00",
    "hostIP": "192.0.2.16",
    "id": "box1.lan",
    "kind": "Minion",
    "status": {},
    "uid": "4926bc0c"
}
"""
    node = one(text, "registered_node")
    assert (node["node"], node["reported"], node["address"]) == ("box1.lan", False, "192.0.2.16")


def test_only_key_not_found_says_that_a_key_is_absent() -> None:
    absent = '{"errorCode":100,"message":"Key not found","cause":"/registry/pods/shop","index":12}\n'
    assert one(absent, "etcd_key")["exists"] is False
    assert facts('{"errorCode":102,"message":"Not a file","cause":"/registry/pods","index":12}\n', "etcd_key") == []
