"""A recorded cluster is read as it is, with what it lacks as gaps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.collect.dump import Dump
from bot.collect.objects import files
from bot.questions import Question
from rules.errors import KdiagError
from rules.kinds import fact
from rules.observations import Observations

from .objects.builders import facts, node, odd, one, pod, waiting

SUMMARY = Question("summary")


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def as_list(kind: str, *items: dict[str, Any]) -> dict[str, Any]:
    bare = [{key: value for key, value in each.items() if key != "kind"} for each in items]
    return {"kind": f"{kind}List", "apiVersion": "v1", "items": bare}


SICK = pod("web-0", waiting("CrashLoopBackOff"), uid="11111111-aaaa")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    write(tmp_path / "nodes.json", as_list("Node", node()))
    write(tmp_path / "shop/pods.json", as_list("Pod", SICK, pod("web-1", uid="22222222-bbbb"), pod("web")))
    write(tmp_path / "shop/events.json", as_list("Event"))
    return tmp_path


def test_a_recording_is_collected(recording: Path) -> None:
    observations = Dump(recording).collect(SUMMARY)
    assert one(observations, "pod")["pod"] == "shop/web-0"
    assert observations.gaps == []


def test_the_clock_is_the_newest_time_in_the_recording(recording: Path) -> None:
    assert Dump(recording).clock() == datetime(2025, 6, 10, 11, 59, tzinfo=UTC)
    given = datetime(2025, 7, 1, tzinfo=UTC)
    assert Dump(recording).clock(given) == given


def test_a_time_that_lies_ahead_is_not_the_clock(recording: Path) -> None:
    dying = pod("web-9", deletionTimestamp="2025-06-10T13:00:00Z", annotations={"expires": "2030-01-01T00:00:00Z"})
    write(recording / "old/pods.json", as_list("Pod", dying))
    assert Dump(recording).clock() == datetime(2025, 6, 10, 11, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("shop/web-0", ["shop/web-0"]),
        ("web-0", ["shop/web-0"]),
        ("web", ["shop/web"]),
        ("11111111-aaaa", ["shop/web-0"]),
        ("1111", ["shop/web-0"]),
        ("web-...", ["shop/web-0", "shop/web-1"]),
        ("shop/web-", ["shop/web-0", "shop/web-1"]),
        ("api", []),
    ],
)
def test_a_name_is_resolved(recording: Path, name: str, found: list[str]) -> None:
    assert Dump(recording).resolve("pod", name) == found


def test_the_nearest_name_is_offered(recording: Path) -> None:
    assert Dump(recording).nearest("pod", "wbe-0") == "shop/web-0"


@pytest.mark.parametrize("content", ["", "{", "not json", "[1, 2", '{"kind": "Status"}', "null", "\x00\x01"])
def test_a_broken_file_is_a_gap_and_proves_no_absence(recording: Path, content: str) -> None:
    write(recording / "shop/serviceaccounts.json", content)
    sick = pod("web-0", waiting("x"), phase="Pending", spec={"serviceAccountName": "gone"})
    write(recording / "shop/pods.json", as_list("Pod", sick))
    observations = Dump(recording).collect(SUMMARY)
    (gap,) = observations.gaps
    assert "serviceaccounts.json" in gap.why
    assert gap.command == "kubectl get serviceaccount -n shop -o json"
    assert facts(observations, "reference") == []
    assert not [each for each in facts(observations, "recorded") if each["kind"] == "serviceaccount"]


def test_what_a_cut_off_file_still_holds_is_read(recording: Path) -> None:
    whole = json.dumps(as_list("Pod", SICK, pod("web-1")))
    write(recording / "shop/pods.json", whole[: whole.index('"web-1"') + 30])
    observations = Dump(recording).collect(SUMMARY)
    assert one(observations, "pod")["pod"] == "shop/web-0"
    assert "pods.json is not whole JSON" in observations.gaps[0].why


@pytest.mark.parametrize("indent", [None, 4])
def test_a_large_file_is_read_item_by_item(
    recording: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None
) -> None:
    tricky = pod("web-7", waiting("x"), annotations={"note": 'a}, {"metadata": {"'})
    many = [SICK, tricky, *(pod(f"ok-{number}") for number in range(50))]
    write(recording / "shop/pods.json", json.dumps(as_list("Pod", *many), indent=indent))
    before = Dump(recording).collect(SUMMARY)
    monkeypatch.setattr(files, "PIECEMEAL_BYTES", 100)
    after = Dump(recording).collect(SUMMARY)
    assert set(after.facts) == set(before.facts)
    assert after.gaps == []


@pytest.mark.parametrize("name", ["replication-controllers.json", "replicationcontrollers.json", "rc.json"])
def test_files_are_known_under_each_of_their_names(recording: Path, name: str) -> None:
    short = {"metadata": {"name": "db"}, "spec": {"replicas": 2, "selector": {"a": "b"}}, "status": {"replicas": 0}}
    write(recording / "shop" / name, as_list("ReplicationController", short))
    assert one(Dump(recording).collect(SUMMARY), "workload")["workload"] == "replicationcontroller shop/db"


def test_an_empty_list_is_known_to_be_empty(recording: Path) -> None:
    write(recording / "shop/services.json", {"kind": "ServiceList", "items": []})
    found = [each for each in facts(Dump(recording).collect(SUMMARY), "recorded") if each["kind"] == "service"]
    assert [each["count"] for each in found] == [0]


def test_missing_nodes_are_a_gap(recording: Path) -> None:
    (recording / "nodes.json").unlink()
    assert [each.why for each in Dump(recording).collect(SUMMARY).gaps] == ["nodes.json was not recorded"]


def test_a_directory_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KdiagError):
        Dump(tmp_path)
    with pytest.raises(KdiagError):
        Dump(tmp_path / "missing")


# --- logs ------------------------------------------------------------------------------------------------
def log_of(recording: Path, **want: Any) -> Observations:
    dump = Dump(recording)
    dump.collect(SUMMARY)
    return dump.satisfy(fact("want", what="log", **want))


def test_a_log_comes_in_the_parts_of_its_containers(recording: Path) -> None:
    content = "".join(
        f"==== START logs for container {each} of pod shop/web-0 ====\n{each} failed\n"
        f"==== END logs for container {each} of pod shop/web-0 ====\n"
        for each in ("app", "proxy")
    )
    write(recording / "shop/web-0/logs.txt", content)
    (passage,) = log_of(recording, pod="shop/web-0", container="proxy").passages
    assert passage.text == "proxy failed\n"
    assert (passage.about["via"], passage.about["container"], passage.about["node"]) == ("log", "proxy", "n1")
    assert passage.source.where == "line 5"
    assert len(log_of(recording, pod="shop/web-0").passages) == 2


def test_only_the_end_of_a_log_is_read(recording: Path) -> None:
    write(recording / "shop/web-0/logs.txt", "filler line\n" * 100_000 + "the last line\n")
    (passage,) = log_of(recording, pod="shop/web-0").passages
    assert len(passage.text) <= 256 * 1024
    assert passage.text.endswith("the last line\n")


def test_a_log_that_was_not_recorded_is_a_gap_with_its_command(recording: Path) -> None:
    (gap,) = log_of(recording, pod="shop/web-0", container="app", previous=True).gaps
    assert gap.command == "kubectl logs web-0 -n shop -c app --previous"


@pytest.mark.parametrize("name", ["../etc", "shop/..", "shop/../..", "/", "web-0", "shop/"])
def test_no_file_outside_the_recording_is_read(recording: Path, name: str) -> None:
    (recording / "logs.txt").write_text("outside", encoding="utf-8")
    assert log_of(recording, pod=name).passages == []


# --- hosts and etcd --------------------------------------------------------------------------------------
def test_a_host_that_does_not_answer_is_told(recording: Path) -> None:
    ping = (
        "PING n1 (10.0.0.9) 56(84) bytes of data.\n\n5 packets transmitted, 0 received, 100% packet loss, time 4092ms\n"
    )
    write(recording / "hosts/n1/ping.txt", ping)
    observations = Dump(recording).collect(SUMMARY)
    found = one(observations, "host")
    assert (found["host"], found["node"], found["reachable"], found["address"]) == ("n1", "n1", False, "10.0.0.9")
    assert one(observations, "reach")["ok"] is False


def test_what_a_hosts_files_say_is_about_that_host(recording: Path) -> None:
    journal = "Jun 10 11:58:00 n1 kubelet[1]: E0610 failed to run Kubelet: swap is on\n"
    write(recording / "hosts/n1.example.com/journalctl-kubelet.txt", journal)
    passages = [each for each in Dump(recording).collect(SUMMARY).passages if each.about.get("unit") == "kubelet"]
    assert passages
    assert {(each.about["host"], each.about["node"]) for each in passages} == {("n1.example.com", "n1")}


def test_a_journal_that_was_not_recorded_is_a_gap(recording: Path) -> None:
    (gap,) = Dump(recording).satisfy(fact("want", what="journal", host="n1", unit="kubelet")).gaps
    assert gap.command == "ssh n1 journalctl -u kubelet -n 200 --no-pager"


def test_etcd_keys_are_read_as_paths(recording: Path) -> None:
    write(recording / "etcd/coreos.com/network/config", '{"Network": "10.20.0.0/16"}')
    dump = Dump(recording)
    keys = {each["key"]: each for each in facts(dump.collect(SUMMARY), "etcd_key")}
    assert keys["/coreos.com/network/config"]["value"] == '{"Network": "10.20.0.0/16"}'
    assert (keys["/coreos.com/network"]["dir"], keys["/coreos.com/network"]["children"]) == (True, 1)
    absent = dump.satisfy(fact("want", what="etcd", key="/registry/minions"))
    assert one(absent, "etcd_key")["exists"] is False


OLD_EVENT = {
    "kind": "Event",
    "apiVersion": "v1beta1",
    "id": "a.13d8",
    "involvedObject": {"kind": "Pod", "name": "a", "namespace": "shop"},
    "reason": "failedScheduling",
    "message": "Error scheduling: no minions available to schedule pods",
    "source": "scheduler",
    "timestamp": "2015-04-27T09:40:16-04:00",
}


def test_events_that_etcd_holds_are_read_as_events(tmp_path: Path) -> None:
    write(tmp_path / "etcd/registry/events/shop/a.13d8", OLD_EVENT)
    write(tmp_path / "etcd/registry/events/shop/cut", '{"kind": "Eve')
    dump = Dump(tmp_path)
    events = [one for one in dump.collect(Question("summary")).facts if one.kind == "event"]
    assert [(one["pod"], one["reason"], one["age_s"]) for one in events] == [("shop/a", "FailedScheduling", 0)]
    assert dump.clock() == datetime(2015, 4, 27, 13, 40, 16, tzinfo=UTC)


def test_events_are_not_read_twice(tmp_path: Path) -> None:
    write(tmp_path / "etcd/registry/events/shop/a.13d8", OLD_EVENT)
    write(tmp_path / "shop/events.json", as_list("Event"))
    assert [one for one in Dump(tmp_path).collect(Question("summary")).facts if one.kind == "event"] == []


def test_a_healthy_recording_gives_no_facts_beyond_what_was_recorded(recording: Path) -> None:
    write(recording / "shop/pods.json", as_list("Pod", pod("web-1")))
    assert odd(Dump(recording).collect(SUMMARY)) == []
