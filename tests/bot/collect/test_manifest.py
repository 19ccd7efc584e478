"""Manifests before they are sent: what is found in them, on which line, and the lines as they should be."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.collect.manifest import check_text, check_texts
from bot.collect.manifest.nodes import Broken, Refused, parse, scalar
from bot.collect.manifest.schemas import bundled, today
from rules.errors import KdiagError
from rules.kinds import Fact

needs_schemas = pytest.mark.skipif(not bundled(), reason="the package kubernetes-validate is not installed")

BROKER = """\
id: "broker"
kind: "Service"
apiVersion: "v1beta1"
port: 5672
portalIP: "10.254.7.7"
selector:
  name: "broker"
labels:
  name: "broker"
"""
QUEUE = """\
id: "queue"
kind: "ReplicationController"
apiVersion: "v1beta1"
desiredState:
  replicas: 2
  replicaSelector:
    selectorname: "queue"
  podTemplate:
    desiredState:
      manifest:
        version: "v1beta1"
        id: "queue"
        containers:
          - name: "queue"
            image: "example/queue"
            ports:
              - containerPort: 5672
    labels:
      name: "queue"
      selectorname: "queue"
labels:
  name: "queue"
"""
SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: shop
          image: example/shop:4
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: WORKERS
              value: "4"
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector:
    app: shop
  ports:
    - port: 80
      targetPort: http
"""


def problems(text: str, name: str = "a.yaml") -> list[Fact]:
    return [one for one in check_text(text, name).facts if one.kind == "manifest_problem"]


def only(text: str) -> Fact:
    found = problems(text)
    assert len(found) == 1, [(one["problem"], one.get("line")) for one in found]
    return found[0]


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


# --- manifests that are right ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", [BROKER, QUEUE, changed(BROKER, 'portalIP: "10.254.7.7"\n', "")])
def test_a_right_manifest_of_2015_has_no_problem_with_or_without_portal_address(text: str) -> None:
    assert problems(text) == []


@needs_schemas
def test_a_right_manifest_of_today_has_no_problem() -> None:
    seen = check_text(SHOP, "shop.yaml")
    assert [one.kind for one in seen.facts] == ["manifest", "manifest"]
    assert seen.gaps == []


@needs_schemas
def test_a_custom_resource_is_a_gap_and_no_fault() -> None:
    seen = check_text("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n", "w.yaml")
    assert [one.kind for one in seen.facts] == ["manifest"]
    assert "no schema of Widget" in seen.gaps[0].why


def test_what_is_no_object_is_a_gap() -> None:
    for text in ("just a sentence", "colour: red\n", "# nothing\n---\n"):
        seen = check_text(text, "x")
        assert seen.facts == []
        assert seen.gaps


# --- the guide's faults in the file ---------------------------------------------------------------------

GUIDE = [
    ("G14 selector", BROKER, 'selector:\n  name: "broker"', 'selector:\nname: "broker"', "selector-empty", 6, 'selector:\n  name: "broker"'),
    ("G14 labels", BROKER, 'labels:\n  name: "broker"', 'labels:\nname: "broker"', "labels-empty", 8, 'labels:\n  name: "broker"'),
    ("G16", BROKER, '"Service"', '"Services"', "kind-misspelled", 2, 'kind: "Service"'),
    ("G17", BROKER, "v1beta1", "v1beta99", "api-version-unknown", 3, 'apiVersion: "v1beta1"'),
    ("G18", BROKER, 'id: "broker"\n', "", "name-missing", 1, 'id: "broker"\nkind: "Service"'),
    ("G19", BROKER, 'kind: "Service"\n', "", "kind-missing", 1, 'kind: "Service"\nid: "broker"'),
    ("G20", BROKER, 'apiVersion: "v1beta1"\n', "", "api-version-missing", 1, 'apiVersion: "v1beta1"\nid: "broker"'),
    ("G21", BROKER, "port: 5672\n", "", "port-missing", 1, "port: <port>"),
    ("G23", BROKER, 'selector:\n  name: "broker"\n', "", "selector-missing", 1, 'selector:\n  name: "broker"'),
    ("G24", BROKER, 'labels:\n  name: "broker"\n', "", "labels-missing", 1, 'labels:\n  name: "broker"'),
    ("G26", QUEUE, 'id: "queue"\n', "", "name-missing", 1, 'id: "queue"\nkind: "ReplicationController"'),
    ("G27 kind", QUEUE, "ReplicationController", "ReplicationControler", "kind-misspelled", 2, 'kind: "ReplicationController"'),
    ("G27 version", QUEUE, "v1beta1", "v1beta7", "api-version-unknown", 3, 'apiVersion: "v1beta1"'),
    ("G28 nothing", QUEUE, '    selectorname: "queue"\n', "", "selector-name-missing", 6, '  replicaSelector:\n    selectorname: "queue"'),
    ("G28 indent", QUEUE, '    selectorname: "queue"\n', '  selectorname: "queue"\n', "selector-name-missing", 6, '  replicaSelector:\n    selectorname: "queue"'),
    ("G29", QUEUE, '    selectorname: "queue"\n', ' selectorname: "queue"\n', "indentation", 7, '  replicaSelector:\n    selectorname: "queue"'),
    ("G29 tab", QUEUE, '    selectorname: "queue"\n', '\tselectorname: "queue"\n', "tab", 7, '  replicaSelector:\n    selectorname: "queue"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "old", "new", "problem", "line", "corrected"), [one[1:] for one in GUIDE], ids=[one[0] for one in GUIDE]
)
def test_each_fault_of_the_guide_is_found_on_its_line_with_the_corrected_lines(
    text: str, old: str, new: str, problem: str, line: int, corrected: str
) -> None:
    found = only(changed(text, old, new))
    assert (found["problem"], found["line"], found["corrected"]) == (problem, line, corrected)
    assert found["file"] == "a.yaml"
    assert found.source.where == f"line {line}"


BROKER_JSON = """\
{
  "id": "broker",
  "kind": "Service",
  "apiVersion": "v1beta1",
  "port": 5672,
  "selector": {"name": "broker"},
  "labels": {"name": "broker"}
}
"""
QUEUE_JSON = """\
{
  "id": "queue",
  "kind": "ReplicationController",
  "apiVersion": "v1beta1",
  "desiredState": {
    "replicas": 2,
    "replicaSelector": {"selectorname": "queue"},
    "podTemplate": {
      "desiredState": {"manifest": {"version": "v1beta1", "id": "queue", "containers": [
        {"name": "queue", "image": "example/queue", "ports": [{"containerPort": 5672}]}]}},
      "labels": {"name": "queue", "selectorname": "queue"}
    }
  },
  "labels": {"name": "queue"}
}
"""
IN_JSON = [
    ("G14 selector", BROKER_JSON, '"selector": {"name": "broker"}', '"selector": {}', "selector-missing", 6, '  "selector": {"name": "broker"},'),
    ("G14 labels", BROKER_JSON, '"labels": {"name": "broker"}', '"labels": {}', "labels-missing", 7, '  "labels": {"name": "broker"},'),
    ("G16", BROKER_JSON, '"Service"', '"Services"', "kind-misspelled", 3, '  "kind": "Service",'),
    ("G17", BROKER_JSON, "v1beta1", "v1beta99", "api-version-unknown", 4, '  "apiVersion": "v1beta1",'),
    ("G18", BROKER_JSON, '  "id": "broker",\n', "", "name-missing", 1, '  "id": "broker",'),
    ("G19", BROKER_JSON, '  "kind": "Service",\n', "", "kind-missing", 1, '  "kind": "Service",'),
    ("G20", BROKER_JSON, '  "apiVersion": "v1beta1",\n', "", "api-version-missing", 1, '  "apiVersion": "v1beta1",'),
    ("G21", BROKER_JSON, '  "port": 5672,\n', "", "port-missing", 1, '  "port": "<port>",'),
    ("G23", BROKER_JSON, '  "selector": {"name": "broker"},\n', "", "selector-missing", 1, '  "selector": {"name": "broker"},'),
    ("G24", BROKER_JSON, ',\n  "labels": {"name": "broker"}', "", "labels-missing", 1, '  "labels": {"name": "broker"},'),
    ("G26", QUEUE_JSON, '  "id": "queue",\n  "kind"', '  "kind"', "name-missing", 1, '  "id": "queue",'),
    ("G27 kind", QUEUE_JSON, "ReplicationController", "ReplicationControler", "kind-misspelled", 3, '  "kind": "ReplicationController",'),
    ("G27 version", QUEUE_JSON, "v1beta1", "v1beta7", "api-version-unknown", 4, '  "apiVersion": "v1beta1",'),
    ("G28", QUEUE_JSON, '{"selectorname": "queue"}', "{}", "selector-name-missing", 7, '    "replicaSelector": {"selectorname": "queue"},'),
    ("G29", QUEUE_JSON, '"replicas": 2,', '"replicas": 2', "yaml-syntax", 6, '  "desiredState": {\n    "replicas": 2,'),
]  # fmt: skip


@pytest.mark.parametrize("text", [BROKER_JSON, QUEUE_JSON])
def test_a_right_manifest_of_2015_in_json_has_no_problem(text: str) -> None:
    assert problems(text, "a.json") == []


@pytest.mark.parametrize(
    ("text", "old", "new", "problem", "line", "corrected"),
    [one[1:] for one in IN_JSON],
    ids=[one[0] for one in IN_JSON],
)
def test_each_fault_of_the_guide_is_found_in_json_and_corrected_in_json(
    text: str, old: str, new: str, problem: str, line: int, corrected: str
) -> None:
    found = only(changed(text, old, new))
    assert (found["problem"], found["line"], found["corrected"]) == (problem, line, corrected)


def test_selector_and_labels_that_lost_their_indentation_are_two_problems_and_no_duplicate_key() -> None:
    found = problems(BROKER.replace('  name: "broker"', 'name: "broker"'))
    assert [one["problem"] for one in found] == ["selector-empty", "labels-empty"]


def test_two_services_that_ask_for_one_address_are_found_across_files() -> None:
    other = BROKER.replace('"broker"', '"mail"')
    found = [
        one
        for one in check_texts([("broker.yaml", BROKER), ("mail.yaml", other)]).facts
        if one.kind == "manifest_problem"
    ]
    assert [(one["problem"], one["file"], one["line"]) for one in found] == [("address-taken", "mail.yaml", 5)]
    assert "already allocated" in str(found[0]["message"])


def test_a_service_is_no_match_for_pods_that_only_use_it() -> None:
    client = changed(
        QUEUE, '      selectorname: "queue"\nlabels', '      selectorname: "queue"\n      uses: "broker"\nlabels'
    )
    facts = check_texts([("broker.yaml", BROKER), ("queue.yaml", client)]).facts
    assert [one for one in facts if one.kind == "manifest_problem"] == []


# --- today ----------------------------------------------------------------------------------------------

TODAY = [
    ("    matchLabels:\n      app: shop", "    matchLabels:\n    app: shop", "selector-empty", 8, "    matchLabels:\n      app: shop"),
    ("Deployment", "Deploymnet", "kind-misspelled", 2, "kind: Deployment"),
    ("apps/v1", "v1", "api-version-unknown", 1, "apiVersion: apps/v1"),
    ("apps/v1", "extensions/v1beta1", "api-version-removed", 1, "apiVersion: apps/v1"),
    ("replicas", "replica", "unknown-field", 6, "  replicas: 2"),
    ("replicas: 2", 'replicas: "2"', "wrong-type", 6, "  replicas: 2"),
    ('value: "4"', "value: 4", "quote-number", 23, '              value: "4"'),
    ('value: "4"', "value: yes", "quote-number", 23, '              value: "yes"'),
    ("          image", "        image", "indentation", 17, "        - name: shop\n          image: example/shop:4"),
    ("image: ", "image:", "yaml-syntax", 17, "        - name: shop\n          image:example/shop:4".replace("image:e", "image: e")),
    ("      labels:\n        app: shop", "      labels:\n        app: shpo", "selector-mismatch", 8, "    matchLabels:\n      app: shpo"),
    ("targetPort: http", "targetPort: htp", "target-port-unknown", 34, "      targetPort: http"),
    ("  selector:\n    app: shop", "  selector:\n    app: shpo", "no-match-in-file", 30, "  selector:\n    app: shop"),
    ("containerPort: 8080", "containerPort: 80800", "bad-value", 20, "              containerPort: 80800  # <- 1-65535"),
    ("image: example/shop:4", "image: {{ .Values.image }}", "template-syntax", 17, None),
    ("image: example/shop:4", "image: a\n          image: b", "duplicate-key", 18, "          image: b"),
    ("          env:", "          imagePullPolicy: always\n          env:", "bad-value", 21, "          imagePullPolicy: Always"),
    ("          env:", "          volumeMounts: [{name: tmp, mountPath: /t}]\n          env:", "volume-unknown", 21, None),
]  # fmt: skip


@needs_schemas
@pytest.mark.parametrize(
    ("old", "new", "problem", "line", "corrected"), TODAY, ids=[f"{one[2]} {one[1][:20]!r}" for one in TODAY]
)
def test_each_fault_of_today_is_found_on_its_line_with_the_corrected_lines(
    old: str, new: str, problem: str, line: int, corrected: str | None
) -> None:
    found = only(changed(SHOP, old, new))
    assert (found["problem"], found["line"]) == (problem, line)
    if corrected is not None:
        assert found["corrected"] == corrected


MAIL = """\
apiVersion: v1
kind: Service
metadata:
  name: mail
  labels:
    app: mail
spec:
  clusterIP: 10.96.0.25
  selector:
    app: mail
  ports:
    - port: 25
"""
GUIDE_TODAY = [
    ("G14 selector", MAIL, "  selector:\n    app: mail", "  selector:\n  app: mail", "selector-empty", 9, "  selector:\n    app: mail"),
    ("G14 labels", MAIL, "  labels:\n    app: mail", "  labels:\n  app: mail", "labels-empty", 5, "  labels:\n    app: mail"),
    ("G16", MAIL, "Service", "Services", "kind-misspelled", 2, "kind: Service"),
    ("G17", MAIL, "v1", "v1beta99", "api-version-unknown", 1, "apiVersion: v1"),
    ("G18", MAIL, "  name: mail\n", "", "name-missing", 3, "metadata:\n  name: <name>"),
    ("G19", MAIL, "kind: Service\n", "", "kind-missing", 1, "kind: Service\napiVersion: v1"),
    ("G20", MAIL, "apiVersion: v1\n", "", "api-version-missing", 1, "apiVersion: v1\nkind: Service"),
    ("G21 port", MAIL, "    - port: 25\n", "    - name: smtp\n", "required-missing", 12, "    - name: smtp\n      port: <port>"),
    ("G21 ports", MAIL, "  ports:\n    - port: 25\n", "", "port-missing", 7, "spec:\n  ports:\n    - port: <port>"),
    ("G23", MAIL, "  selector:\n    app: mail\n", "", "selector-missing", 7, "spec:\n  selector:\n    app: <label of the pods>"),
    ("G26", SHOP, "  name: shop\nspec:\n  replicas", "spec:\n  replicas", "name-missing", 3, "metadata:\n  name: <name>"),
    ("G27", SHOP, "apps/v1", "apps/v9", "api-version-unknown", 1, "apiVersion: apps/v1"),
    ("G28 nothing", SHOP, "    matchLabels:\n      app: shop\n", "    matchLabels:\n", "selector-name-missing", 8, "    matchLabels:\n      app: shop"),
    ("G28 absent", SHOP, "  selector:\n    matchLabels:\n      app: shop\n", "", "selector-missing", 5, "spec:\n  selector:\n    matchLabels:\n      app: shop"),
    ("G29", SHOP, "    matchLabels:\n", " matchLabels:\n", "indentation", 8, "  selector:\n    matchLabels:"),
]  # fmt: skip


@needs_schemas
@pytest.mark.parametrize("text", [MAIL, changed(MAIL, "  clusterIP: 10.96.0.25\n", "")])
def test_a_service_of_today_is_right_with_or_without_an_address_of_its_own(text: str) -> None:
    assert problems(text) == []


@needs_schemas
@pytest.mark.parametrize(
    ("text", "old", "new", "problem", "line", "corrected"),
    [one[1:] for one in GUIDE_TODAY],
    ids=[one[0] for one in GUIDE_TODAY],
)
def test_the_counterpart_today_of_each_fault_of_the_guide_is_found(
    text: str, old: str, new: str, problem: str, line: int, corrected: str
) -> None:
    found = only(changed(text, old, new))
    assert (found["problem"], found["line"], found["corrected"]) == (problem, line, corrected)


@needs_schemas
def test_all_faults_of_an_object_are_reported_at_once() -> None:
    text = changed(changed(changed(SHOP, "replicas", "replica"), 'value: "4"', "value: 4"), "port: 80\n", "port: 0\n")
    assert {one["problem"] for one in problems(text)} == {"unknown-field", "quote-number", "bad-value"}


@needs_schemas
def test_a_field_on_the_wrong_level_is_shown_where_it_belongs() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  selector: {matchLabels: {a: b}}\n  containers:\n    - name: a\n      image: b\n"
    found = only(text)
    assert (found["problem"], found["expected"]) == ("nesting", "spec.template.spec.containers")
    assert str(found["corrected"]).splitlines()[:3] == ["  template:", "    spec:", "      containers:"]


@needs_schemas
def test_a_broken_document_does_not_hide_the_next_one() -> None:
    text = "apiVersion: v1\nkind: [\n---\napiVersion: v1\nkind: Pood\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"
    assert {one["problem"] for one in problems(text)} == {"yaml-syntax", "kind-misspelled"}


@needs_schemas
def test_items_of_a_list_and_json_are_checked_with_their_lines() -> None:
    text = '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    {"apiVersion": "v1", "kind": "Pod",\n     "metadata": {"name": "a"},\n     "spec": {"containers": [{"name": "a",\n       "imag": "b"}]}}\n  ]\n}\n'
    found = only(text)
    assert (found["problem"], found["line"], found["expected"]) == ("unknown-field", 8, "image")
    assert only(changed(text, '"imag": "b"}]', '"image": "b"},]'))["problem"] == "yaml-syntax"


@needs_schemas
def test_items_of_a_typed_list_are_of_its_kind() -> None:
    text = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n  spec:\n    containers:\n    - {name: a, image: b, imagePullPolicy: Sometimes}\n"
    found = only(text)
    assert (found["problem"], found["line"], found["kind"]) == ("bad-value", 7, "Pod")


@needs_schemas
def test_a_fragment_is_checked_without_asking_for_kind_or_name() -> None:
    found = only('containers:\n- name: a\n  image: b\n  ports:\n  - containerPort: "80"\n')
    assert (found["problem"], found["line"]) == ("wrong-type", 5)


@needs_schemas
def test_the_version_of_kubernetes_decides_what_is_removed() -> None:
    text = "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: a}}\n"
    assert only(text)["problem"] == "api-version-removed"
    old = [one["problem"] for one in check_text(text, "h.yaml", "1.25").facts if one.kind == "manifest_problem"]
    assert old == ["api-version-deprecated"]
    with pytest.raises(KdiagError, match=r"no schemas of Kubernetes 0\.9"):
        today("0.9")


@needs_schemas
def test_a_secret_value_never_leaves_its_file() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: 77665544\n"
    env = changed(SHOP, 'name: WORKERS\n              value: "4"', "name: DB_PASSWORD\n              value: 77665544")
    for one in (text, env):
        found = only(one)
        assert found["problem"] == "quote-number"
        assert "77665544" not in f"{found.attributes}{found.source}"


def test_two_syntax_errors_in_one_document_are_both_mended() -> None:
    text = changed(QUEUE, '    selectorname: "queue"\n', ' selectorname: "queue"\n')
    found = problems(changed(text, '      selectorname: "queue"\n', '   selectorname: "queue"\n'))
    assert [(one["problem"], one["line"]) for one in found] == [("indentation", 7), ("indentation", 20)]
    assert found[0]["corrected"] == '  replicaSelector:\n    selectorname: "queue"'


# --- bounds ---------------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
def test_a_billion_laughs_is_refused() -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]" for before, here in itertools.pairwise(names)]
    seen = check_text("\n".join(lines), "laughs.yaml")
    assert "aliases that multiply" in seen.gaps[0].why


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 50_000 + "x",
        "{a: " * 50_000,
        '{"a":' * 50_000,
        "a: &a [*a]",
        "\x00",
        "\ud800: 1",
        "\ta: 1",
    ],
)
def test_hostile_texts_are_a_problem_or_a_gap(text: str) -> None:
    seen = check_text(text, "x")
    assert seen.gaps or seen.facts


def test_a_file_that_is_too_large_is_a_gap() -> None:
    assert "larger than" in check_text("a: b\n" * 600_000, "big.yaml").gaps[0].why


def test_words_are_what_the_api_server_takes_them_for() -> None:
    assert [scalar(word) for word in ("y", "0644", "0x10", "1e3", "1:30", "1.2.3", "~", "10Mi")] == [
        True, 420, 16, 1000.0, "1:30", "1.2.3", None, "10Mi",
    ]  # fmt: skip


def test_lines_survive_documents_comments_and_block_scalars() -> None:
    node = parse("# head\na: |\n  x\n  y\nb:\n  - c: 1\n", offset=10)[0]
    assert node.line_of(("b", 0, "c")) == 16
    assert node.get("a") is not None and node.at(("a",)).end == 14  # type: ignore[union-attr]


PIECES = st.sampled_from(
    ["apiVersion: ", "v1", "v1beta1", "kind: ", "Service", "Pod", "metadata:", "spec:", "selector:", "labels:", "name: ", "id: ",
     "containers:", "- ", "\n", "\n  ", "\n    ", "\t", ": ", '"', "'", "{", "}", "[", "]", ",", "{{ x }}", "---\n", "&a ", "*a", "<<: ",
     "ports:", "port: ", "80", "null", "true", "desiredState:", "|", "#", "é", "\r\n", "${X}", "items:", "List", "env:", "value: "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join)))
def test_no_text_makes_it_raise(text: str) -> None:
    check_text(text, "any.yaml")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([BROKER, QUEUE, SHOP]), st.data())
def test_no_damage_to_a_manifest_makes_it_raise(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.one_of(st.just(""), PIECES, st.text(max_size=5)))
    for one in check_text(text[:at] + put + text[at + cut :], "damaged.yaml").facts:
        if one.kind == "manifest_problem":
            assert one.get("corrected") and int(one["line"]) >= 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_parsing_gives_nodes_or_one_of_its_two_errors(text: str) -> None:
    with contextlib.suppress(Broken, Refused):
        parse(text)
