"""What hosts print: units, journals, ports, containers, firewalls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.read import read
from tests.bot.read.helpers import abouts, facts, one


def test_unit_status_says_state_result_and_exit_code() -> None:
    text = """\
[root@box1 ~]# systemctl status kubelet
● kubelet.service - Kubernetes Kubelet Server
   Loaded: loaded (/usr/lib/systemd/system/kubelet.service; disabled; vendor preset: disabled)
   Active: failed (Result: exit-code) since Mon 2025-06-02 10:00:00 UTC; 6min ago
  Process: 17652 ExecStart=/usr/bin/kubelet (code=exited, status=255)
 Main PID: 17652 (code=exited, status=255)

Jun 02 10:00:00 box1 systemd[1]: kubelet.service: main process exited, code=exited, status=255/n/a
"""
    seen = read(text)
    unit = one(seen, "unit")
    assert (unit["host"], unit["unit"], unit["active"], unit["enabled"]) == ("box1", "kubelet", "failed", "disabled")
    assert (unit["result"], unit["exit_code"], unit["since_s"]) == ("exit-code", 255, 360)
    assert {about["via"] for about in abouts(text, "main process exited")} == {"journal"}


def test_a_unit_that_is_not_installed_does_not_exist() -> None:
    text = "--- flanneld ---\ninactive\nFailed to get unit file state for flanneld.service: No such file or directory\n"
    assert one(text, "unit") == {"unit": "flanneld", "active": "inactive", "exists": False}


def test_is_active_of_several_units_is_read_in_their_order() -> None:
    text = "# systemctl is-active etcd kubelet.service docker\nactive\nfailed\ninactive\n"
    assert {made["unit"]: made["active"] for made in facts(text, "unit")} == {
        "etcd": "active",
        "kubelet": "failed",
        "docker": "inactive",
    }


def test_list_units_and_show_are_read() -> None:
    listed = "  UNIT             LOAD   ACTIVE     SUB          DESCRIPTION\n● docker.service   loaded failed     failed       Docker\n"
    assert one(listed, "unit")["active"] == "failed"
    shown = "Id=etcd.service\nLoadState=loaded\nActiveState=activating\nSubState=auto-restart\nNRestarts=41\nResult=exit-code\n"
    unit = one(shown, "unit")
    assert (unit["unit"], unit["sub"], unit["restarts"]) == ("etcd", "auto-restart", 41)


def test_units_that_were_only_asked_for_do_not_say_what_kind_of_cluster_it_is() -> None:
    seen = read("""\
$ systemctl show --property=Id,LoadState,ActiveState kube-apiserver.service k3s.service flanneld.service
Id=kube-apiserver.service
LoadState=loaded
ActiveState=active

Id=k3s.service
LoadState=not-found
ActiveState=inactive
""")
    cluster = one(seen, "cluster")
    assert (cluster["control_plane"], cluster.get("platform"), cluster.get("cni")) == ("units", None, None)


@pytest.mark.parametrize(
    ("state", "entered", "seconds"),
    [
        ("active", "Thu 2026-03-05 03:09:48 UTC", 12),
        ("failed", "Thu 2026-03-05 02:10:00 UTC", 3600),
        ("active", "Thu 2026-03-05 12:09:48 JST", None),
        ("active", "", None),
    ],
)
def test_systemctl_show_says_for_how_long_a_unit_is_in_its_state(state: str, entered: str, seconds: int | None) -> None:
    shown = f"Id=kubelet.service\nLoadState=loaded\nActiveState={state}\nNRestarts=7\nStateChangeTimestamp={entered}\n"
    seen = read(shown, now=datetime(2026, 3, 5, 3, 10, tzinfo=UTC))
    assert one(seen, "unit").get("since_s") == seconds


JOURNAL = """\
Jun 02 10:00:00 box1 systemd[1]: Started kubelet.
Jun 02 10:00:01 box1 kubelet[88]: E0602 10:00:01.000001      88 run.go:74] "command failed" err="swap is on"
Jun 02 10:00:01 box1 dockerd[9]: time="2025-06-02T10:00:01Z" level=error msg="no space left on device"
"""


def test_journal_lines_say_host_and_unit() -> None:
    (kubelet,) = abouts(JOURNAL, "swap is on")
    assert kubelet == {"via": "journal", "host": "box1", "unit": "kubelet"}
    (docker,) = abouts(JOURNAL, "no space left")
    assert docker["unit"] == "docker"


def test_numbers_of_grep_do_not_hide_the_journal() -> None:
    numbered = "\n".join(f"{number}:{line}" for number, line in enumerate(JOURNAL.splitlines(), start=27))
    assert abouts(numbered, "swap is on") == abouts(JOURNAL, "swap is on")


def test_container_logs_are_about_the_pod_of_the_command() -> None:
    text = "$ kubectl logs -n bakery oven-0 -c oven --previous\npanic: no flour\n\ngoroutine 1 [running]:\n"
    assert {"via": "log", "pod": "bakery/oven-0", "container": "oven", "namespace": "bakery"} in abouts(
        text, "no flour"
    )


def test_etcd_logs_are_known_by_their_callers() -> None:
    zap = '{"level":"warn","ts":"2025-06-02T10:00:00Z","caller":"rafthttp/stream.go:653","msg":"cluster ID mismatch"}\n'
    assert abouts(zap, "cluster ID mismatch") == [{"via": "log", "unit": "etcd"}]
    plain = "2019-10-09 09:02:16.160514 C | etcdmain: member count is unequal\n"
    assert abouts(plain, "unequal") == [{"via": "log", "unit": "etcd"}]


def test_netstat_and_ss_tell_loopback_from_public() -> None:
    netstat = "# netstat -tupln\ntcp        0      0 127.0.0.1:10251       0.0.0.0:*   LISTEN   7590/kube-scheduler\ntcp6       0      0 :::4001   :::*   LISTEN   941/etcd\n"
    assert [(made["port"], made["loopback"], made["process"]) for made in facts(netstat, "port")] == [
        (10251, True, "kube-scheduler"),
        (4001, False, "etcd"),
    ]
    ss = 'State    Recv-Q   Send-Q   Local Address:Port   Peer Address:Port\nLISTEN   0        128      *:10250              *:*       users:(("kubelet",pid=88,fd=9))\n'
    assert one(ss, "port")["process"] == "kubelet"


def test_wrapped_docker_rows_are_containers() -> None:
    text = '# docker ps -a\n61960bda2927  oven/oven:2 "/usr/bin/oven" 47 hours ago\n      Exited (3) 43 hours ago      myoven4\n'
    container = one(text, "host_container")
    assert (container["exit_code"], container["state"], container["container"]) == (3, "exited", "myoven4")


def test_a_container_of_a_pod_is_known_by_its_docker_name() -> None:
    text = '0123456789ab   oven:2   "/oven"   2 minutes ago   Exited (1) 1 minute ago             k8s_oven_oven-0_bakery_6f1e2d3c-0000-0000-0000-000000000000_4\n'
    container = one(text, "host_container")
    assert (container["pod"], container["container"], container["attempt"]) == ("bakery/oven-0", "oven", 4)


def test_crictl_rows_are_containers() -> None:
    text = """\
CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID
aaaaaaaaaaaaa       bbbbbbbbbbbbb       2 minutes ago       Exited              kube-apiserver      7                   ccccccccccccc
"""
    container = one(text, "host_container")
    assert (container["tool"], container["container"], container["attempt"]) == ("crictl", "kube-apiserver", 7)


def test_iptables_that_reject_the_rest_block_what_they_do_not_name() -> None:
    text = """\
# iptables -S
-P INPUT ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
"""
    blocked = {made["port"]: made["blocked"] for made in facts(text, "firewall")}
    assert blocked[8080] is False
    assert blocked[10250] is True


def test_firewalld_blocks_what_its_zone_does_not_list() -> None:
    text = "public (default, active)\n  interfaces: eth0\n  sources:\n  services: dhcpv6-client ssh\n  ports: 6443/tcp\n  masquerade: no\n"
    blocked = {made["port"]: made["blocked"] for made in facts(text, "firewall")}
    assert blocked[6443] is False
    assert blocked[10250] is True


def test_an_open_firewall_blocks_nothing() -> None:
    text = "# iptables -S\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
    assert facts(text, "firewall") == []


def test_json_lines_of_the_kubelet_are_its_journal() -> None:
    """With `--logging-format=json` only the caller says whose line it is."""
    line = (
        '{"ts":1738515496146.4,"caller":"kubelet/pod_workers.go:1301","msg":"Error syncing pod, skipping",'
        '"pod":{"name":"web-1","namespace":"shop"},"err":"failed to \\"StartContainer\\" for \\"web\\""}'
    )
    assert abouts(line, "Error syncing") == [{"via": "journal", "unit": "kubelet"}]
    other = line.replace("kubelet/pod_workers.go", "controller/controller.go")
    assert abouts(other, "Error syncing") == [{"via": "log"}]
