"""What hosts, etcd and lists say together. Facts in, facts out."""

from __future__ import annotations

import json
from typing import Any

from bot.collect.derive import derive, relate
from rules.kinds import Fact, fact
from rules.observations import Observations


def unit(host: str, name: str, active: str = "active", **more: Any) -> Fact:
    return fact("unit", host=host, unit=name, active=active, enabled="enabled", **more)


def port(host: str, number: int, process: str) -> Fact:
    return fact("port", host=host, port=number, listening=True, process=process)


def key(path: str, value: object = None) -> Fact:
    if value is None:
        return fact("etcd_key", key=path, exists=True, dir=True)
    return fact("etcd_key", key=path, exists=True, dir=False, value=json.dumps(value))


def derived(kind: str, *facts: Fact) -> list[dict[str, Any]]:
    return [dict(one.attributes) for one in derive(Observations(list(facts))) if one.kind == kind]


def related(*facts: Fact) -> set[tuple[str, str]]:
    seen = Observations(list(facts))
    seen.facts += derive(seen)
    return {(one.upper, one.lower) for one in relate(seen)}


NODE1 = key("/registry/minions/n1", {"kind": "Minion", "id": "n1", "apiVersion": "v1beta1", "hostIP": "10.0.0.1"})


# --- what kind of cluster ---------------------------------------------------------------------------------
def test_ports_with_their_daemons_tell_the_era() -> None:
    old = (port("m", 8080, "636/kube-apiserver"), port("m", 10251, "7590/kube-scheduler"))
    assert derived("cluster", *old) == [{"era": "2015"}]
    new = (port("m", 6443, "kube-apiserver"), port("m", 10259, "kube-scheduler"))
    assert derived("cluster", *new) == [{"era": "today"}]


def test_a_single_port_or_somebody_elses_tells_no_era() -> None:
    assert derived("cluster", port("m", 8080, "636/kube-apiserver")) == []
    assert derived("cluster", port("m", 8080, "12/java"), port("m", 4001, "13/node")) == []


def test_keys_of_the_old_api_tell_the_era_and_units_the_control_plane() -> None:
    assert derived("cluster", NODE1) == [{"era": "2015"}]
    seen = derived("cluster", unit("m", "kube-apiserver"), unit("n1", "docker"))
    assert seen == [{"control_plane": "units", "runtime": "docker"}]


def test_what_is_known_of_the_cluster_is_not_said_again() -> None:
    assert derived("cluster", NODE1, fact("cluster", era="today")) == []


# --- nodes ------------------------------------------------------------------------------------------------
def test_a_host_of_which_etcd_knows_no_node_is_below_its_kubelet() -> None:
    facts = (NODE1, unit("n1", "kubelet"), unit("n2", "kubelet", "failed"))
    assert {"node": "n2", "exists": False} in derived("registered_node", *facts)
    assert ("unit kubelet on n2", "node n2") in related(*facts)


def test_a_host_is_not_missed_where_nobody_listed_the_nodes() -> None:
    assert derived("registered_node", unit("n2", "kubelet")) == []


# --- flannel ----------------------------------------------------------------------------------------------
def test_a_missing_network_configuration_is_above_every_flanneld() -> None:
    facts = (key("/"), key("/registry"), unit("n1", "flanneld", "failed"), unit("n1", "kubelet"))
    assert {"key": "/coreos.com/network/config", "exists": False} in derived("etcd_key", *facts)
    assert ("etcd key /coreos.com/network/config", "unit flanneld on n1") in related(*facts)


# --- services in etcd -------------------------------------------------------------------------------------
def test_a_service_without_endpoints_tells_the_nearest_labels() -> None:
    seen = derived(
        "service",
        key("/registry/services/specs/default/till", {"id": "till", "selector": {"name": "till"}}),
        key("/registry/services/endpoints/default/till", {"id": "till", "endpoints": []}),
        key(
            "/registry/pods/default/a", {"id": "a", "labels": {"name": "tills"}, "currentState": {"status": "Running"}}
        ),
    )
    assert len(seen) == 1
    assert (seen[0]["endpoints"], seen[0]["matching_pods"]) == (0, 0)
    assert (seen[0]["nearest_labels"], seen[0]["differs"]) == ("name=tills", "name=till (they have name=tills)")


def test_an_endpoint_that_no_running_pod_has_is_told() -> None:
    pod = {"id": "a", "labels": {"name": "till"}, "currentState": {"status": "Running", "podIP": "10.20.1.3"}}
    seen = derived(
        "endpoint",
        key("/registry/services/specs/default/till", {"id": "till", "selector": {"name": "till"}}),
        key("/registry/services/endpoints/default/till", {"id": "till", "endpoints": ["10.20.1.3:80", "10.20.1.9:80"]}),
        key("/registry/pods/default/a", pod),
    )
    assert seen == [{"service": "default/till", "address": "10.20.1.9", "port": "80", "owned": False}]
