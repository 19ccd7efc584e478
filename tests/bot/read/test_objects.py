"""Objects as YAML and JSON: dumps, manifests, fragments, and what must not be loaded."""

from __future__ import annotations

import json

import pytest

from bot.collect.manifest import check_text
from bot.read import read
from bot.read.structured import load_yaml
from tests.bot.read.helpers import abouts, facts, one

DUMP = """\
apiVersion: v1
kind: Pod
metadata:
  name: oven-0
  namespace: bakery
  uid: 4bb0
  creationTimestamp: "2025-06-02T10:00:00Z"
spec:
  nodeName: kiln-1
  containers:
  - name: oven
    image: oven:2
status:
  phase: Pending
  containerStatuses:
  - name: oven
    image: oven:2
    imageID: ""
    ready: false
    restartCount: 0
    state:
      waiting:
        reason: ImagePullBackOff
        message: Back-off pulling image "oven:2"
"""


def test_a_dump_is_projected_like_a_live_object() -> None:
    seen = read(DUMP)
    assert one(seen, "pod")["pod"] == "bakery/oven-0"
    assert one(seen, "container")["reason"] == "ImagePullBackOff"
    assert [passage.text for passage in seen.passages if "Back-off" in passage.text] == [
        'Back-off pulling image "oven:2"'
    ]


def test_json_gives_what_yaml_gives() -> None:
    documents = load_yaml(DUMP)
    assert documents is not None
    as_json = read(json.dumps(documents[0], indent=4))
    assert facts(as_json, "container") == facts(DUMP, "container")


def test_a_right_manifest_is_only_told_to_be_there() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: flour\nspec:\n  ports:\n  - port: 80\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: oven\n  namespace: bakery\n"
    seen = read(text)
    assert [(made["kind"], made["name"], made["line"]) for made in facts(seen, "manifest")] == [
        ("Service", "flour", 1),
        ("Deployment", "oven", 9),
    ]
    assert facts(seen, "service") == facts(seen, "workload") == []
    assert {passage.about["via"] for passage in seen.passages} == {"manifest"}


def test_a_manifest_of_2015_shows_the_era() -> None:
    text = 'id: "till-svc"\nkind: "Service"\napiVersion: "v1beta1"\nport: 8443\nselector:\n  name: "till"\n'
    seen = read(text)
    assert one(seen, "manifest") == {
        "file": "manifest.yaml",
        "line": 1,
        "kind": "Service",
        "api_version": "v1beta1",
        "name": "till-svc",
        "era": "2015",
    }
    assert one(seen, "cluster")["era"] == "2015"


LOST = """\
$ cat tills/till-svc.yaml
id: "till-svc"
kind: "Service"
apiVersion: "v1beta1"
port: 8443
selector:
name: "till"
labels:
  name: "till"
"""
BROKEN = """\
the second one is refused:
apiVersion: apps/v1
kind: Deployment
metadata:
  name: oven
spec:
   replicas: 2
  selector:
    matchLabels: {app: oven}
  template:
    metadata:
      labels: {app: oven}
    spec:
      containers:
      - {name: oven, image: "oven:2"}
"""


def test_a_pasted_manifest_is_checked_on_its_lines_under_the_name_of_its_file() -> None:
    seen = read(f"hello,\n{LOST}")
    found = one(seen, "manifest_problem")
    assert (found["problem"], found["file"], found["line"]) == ("selector-empty", "tills/till-svc.yaml", 5)
    assert found["corrected"] == 'selector:\n  name: "till"'


def test_a_manifest_that_does_not_parse_is_checked_too() -> None:
    found = one(read(BROKEN), "manifest_problem")
    assert (found["problem"], found["file"], found["line"]) == ("indentation", "manifest.yaml", 7)


def test_manifests_of_one_text_are_checked_together_each_on_its_lines() -> None:
    seen = read(f"{LOST}\n{BROKEN}")
    assert [(f["file"], f["line"]) for f in facts(seen, "manifest_problem")] == [
        ("tills/till-svc.yaml", 5),
        ("manifest.yaml", 17),
    ]


def test_a_manifest_says_of_the_text_what_check_says_of_the_file() -> None:
    text = LOST.split("\n", 1)[1]
    said = {(f["problem"], f["line"], f["corrected"]) for f in facts(check_text(text, "a.yaml"), "manifest_problem")}
    assert {(f["problem"], f["line"], f["corrected"]) for f in facts(read(text), "manifest_problem")} == said


def test_a_manifest_without_kind_is_checked() -> None:
    found = one(
        read(LOST.replace('kind: "Service"\n', "").replace('\nname: "till"', '\n  name: "till"', 1)), "manifest_problem"
    )
    assert (found["problem"], found["line"], found["expected"]) == ("kind-missing", 1, "Service")


def test_what_a_server_says_of_a_manifest_is_below_the_line_that_is_wrong() -> None:
    related = {(relation.upper, relation.lower) for relation in read(LOST).relations}
    assert ("manifest tills/till-svc.yaml:5", "manifest tills/till-svc.yaml") in related


def test_objects_of_a_cluster_are_not_checked_as_manifests() -> None:
    live = LOST.split("\n", 1)[1] + 'uid: "6a1"\ncreationTimestamp: "2015-04-21T18:29:43-04:00"\n'
    assert facts(read(live), "manifest_problem") == []


def test_a_status_without_metadata_gives_its_reason_and_message() -> None:
    text = "it says:\n\nstatus:\n  message: 'The node was low on resource: memory. Container oven\n    was using 1Gi.'\n  phase: Failed\n  reason: Evicted\n"
    pod = one(text, "pod")
    assert (pod["pod"], pod["reason"]) == ("<pod>", "Evicted")
    (about,) = abouts(text, "low on resource: memory. Container oven was using")
    assert (about["via"], about["reason"]) == ("condition", "Evicted")


def test_container_statuses_alone_give_containers() -> None:
    text = "containerStatuses:\n- name: oven\n  restartCount: 3\n  lastState:\n    terminated:\n      exitCode: 137\n      reason: OOMKilled\n  state:\n    waiting:\n      reason: CrashLoopBackOff\n"
    container = one(text, "container")
    assert (container["container"], container["last_exit_code"], container["reason"]) == (
        "oven",
        137,
        "CrashLoopBackOff",
    )


def test_lost_indentation_of_a_status_is_repaired() -> None:
    text = "status:\nphase: Failed\nreason: Evicted\nmessage: The node was low on memory\n"
    assert one(text, "pod")["reason"] == "Evicted"


def test_unscheduled_conditions_are_taken_apart() -> None:
    text = "status:\n  conditions:\n  - message: '0/2 nodes are available: 2 Insufficient cpu.'\n    reason: Unschedulable\n    status: \"False\"\n    type: PodScheduled\n  phase: Pending\n"
    assert one(text, "unschedulable")["resource"] == "cpu"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nkind: Pod\nmetadata: *b\n",
        "status:\n  " + "[" * 5000,
        "apiVersion: " + "{a: " * 3000,
        '{"a":' * 5000,
        "kind: Pod\n" + "".join(" " * depth + "a:\n" for depth in range(900)),
        "status: !!python/object/apply:os.system ['true']\nkind: Pod\n",
    ],
)
@pytest.mark.timeout(60)  # not one that grows with the power of its length
def test_hostile_documents_are_refused(text: str) -> None:
    seen = read(text)
    assert facts(seen, "pod") == []


def test_texts_of_a_dump_that_no_projection_knows_are_still_read() -> None:
    text = "apiVersion: example.org/v1\nkind: Loaf\nmetadata:\n  name: rye\n  namespace: bakery\n  uid: u1\nstatus:\n  lastError: cannot reach the mill at 10.0.0.9\n"
    (about,) = abouts(text, "cannot reach the mill")
    assert about["object"] == "loaf bakery/rye"
