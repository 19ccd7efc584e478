"""Where etcd is, out of arguments."""

from __future__ import annotations

from typing import Any

from bot.collect.etcd.discover import urls_of_pod, urls_of_settings
from bot.collect.joins.components import components
from bot.collect.joins.texts import text_facts
from rules.kinds import Fact, Source
from rules.observations import Passage


def pod(component: str, *command: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{component}-m1", "labels": {"component": component}},
        "spec": {"containers": [{"name": component, "command": list(command)}]},
        "status": {"hostIP": "10.0.0.5"},
    }


def test_etcd_advertises_itself_and_the_api_server_calls_its_own_host() -> None:
    etcd = pod(
        "etcd", "etcd", "--advertise-client-urls=https://10.0.0.5:2379", "--listen-client-urls=https://0.0.0.0:1"
    )
    server = pod("kube-apiserver", "kube-apiserver", "--etcd-servers=https://127.0.0.1:2379,https://[fd00::7]:2379")
    assert list(urls_of_pod(etcd)) == ["https://10.0.0.5:2379"]
    assert list(urls_of_pod(server)) == ["https://10.0.0.5:2379", "https://[fd00::7]:2379"]


def test_any_other_pod_tells_nothing() -> None:
    assert list(urls_of_pod(pod("web", "--etcd-servers=http://10.0.0.9:2379"))) == []
    assert list(urls_of_pod({"metadata": None, "spec": {"containers": "x"}})) == []


def test_what_is_no_url_is_passed_over() -> None:
    odd = "--etcd-servers=unix:///run/etcd.sock,http://,http://h:port,ftp://a:1,http://10.0.0.6:4001"
    assert list(urls_of_pod(pod("etcd", odd))) == ["http://10.0.0.6:4001"]


def test_settings_of_the_api_server_alone_count() -> None:
    def setting(unit: str, value: str) -> Fact:
        return Fact("setting", {"unit": unit, "key": "etcd-servers", "value": value, "host": "m1"}, Source("m1"))

    settings = [setting("kube-apiserver", "http://127.0.0.1:4001"), setting("flanneld", "http://10.0.0.8:4001")]
    assert list(urls_of_settings(settings, "10.0.0.5")) == ["http://10.0.0.5:4001"]


def test_a_command_line_is_read_flag_by_flag() -> None:
    line = "kube-apiserver --etcd-servers=http://127.0.0.1:4001 --allow-privileged --etcd_servers http://10.0.0.6:4001"
    passages = [Passage(line, {"host": "m1"}, Source("m1:ps-unit"))]
    found = list(urls_of_settings(text_facts(passages, components()), "10.0.0.5"))
    assert found == ["http://10.0.0.5:4001", "http://10.0.0.6:4001"]
