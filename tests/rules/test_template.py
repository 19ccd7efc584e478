"""Words in braces: what they become in commands and in sentences, and that they stay harmless."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.kinds import fact
from rules.template import Words

BOUND = {
    "killed": fact("container", pod="shop/web-0", container="app", memory_limit="64Mi", workload="deployment shop/web"),
    "node": fact("node", node="n1"),
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("kubectl -n {namespace} top pod {pod}", "kubectl -n shop top pod web-0"),
        (
            "kubectl -n {namespace} set resources {owner} -c {container}",
            "kubectl -n shop set resources deployment/web -c app",
        ),
        ("kubectl describe node {node}", "kubectl describe node n1"),
        ("echo {killed.memory_limit}", "echo 64Mi"),
        ("kubectl rollout restart {killed.workload}", "kubectl rollout restart deployment/web"),
        ("kubectl get pods -o jsonpath='{.items[0]}'", "kubectl get pods -o jsonpath='{.items[0]}'"),
        ("kubectl get secret {secret}", "kubectl get secret <secret>"),
        ("kubectl get secret[[ {secret}]]", "kubectl get secret"),
    ],
)
def test_command(template: str, expected: str) -> None:
    assert Words(BOUND).command(template) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"pod": "shop/web-5f8b56c8fc-6xcjp"}, "kubectl edit deployment/web -n shop"),
        ({"pod": "shop/web-5f8b56c8fc-6xcjp", "workload": "daemonset shop/x"}, "kubectl edit daemonset/x -n shop"),
        ({"pod": "shop/web-1", "workload": "replicaset shop/web-6b78556b99"}, "kubectl edit deployment/web -n shop"),
        ({"pod": "shop/tick-28012345-6xcjp"}, "kubectl edit pod/tick-28012345-6xcjp -n shop"),
        ({"pod": "shop/tick-27845692-6xcjp"}, "kubectl edit pod/tick-27845692-6xcjp -n shop"),
        ({"pod": "shop/web-0"}, "kubectl edit pod/web-0 -n shop"),
        ({"pod": "<pod>"}, "kubectl edit <workload>"),
        ({}, "kubectl edit <workload>"),
    ],
)
def test_a_change_goes_to_the_deployment_that_the_name_proves(attributes: dict[str, str], expected: str) -> None:
    assert Words({"said": fact("symptom", **attributes)}).command("kubectl edit {owner} -n {namespace}") == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("registry.lan:5000/team/app:1", "login registry.lan:5000"),
        ("localhost/app", "login localhost"),
        ("ghcr.io/team/app", "login ghcr.io"),
        ("team/app:1", "login <registry>"),
        ("app", "login <registry>"),
    ],
)
def test_an_image_names_its_registry(image: str, expected: str) -> None:
    assert Words({"said": fact("symptom", image=image)}).command("login {registry}") == expected


def test_a_sentence_names_what_was_said() -> None:
    words = Words({"said": fact("symptom", pod="shop/web-5f8b56c8fc-6xcjp")})
    assert words.prose("{owner} of {workload}") == "pod shop/web-5f8b56c8fc-6xcjp of <workload>"


def test_an_unknown_word_of_a_command_is_noted_once() -> None:
    words = Words(BOUND)
    words.command("a {secret} {secret}")
    words.prose("b {claim}")
    assert words.unknown == ["secret"]


def test_lines_of_a_file_are_neither_quoted_nor_joined_nor_moved() -> None:
    lines = '  selector:\n    name: "it\'s $HOME"\x1b[2J'
    words = Words({"p": fact("manifest_problem", problem="selector-empty", corrected=lines, file="a b.yaml")})
    assert words.command("{p.corrected}") == '  selector:\n    name: "it\'s $HOME"[2J'
    assert words.command("{corrected}") == words.command("{p.corrected}")
    assert words.command("kubectl create -f {p.file}") == "kubectl create -f 'a b.yaml'"


def test_the_namespace_option_disappears_when_the_namespace_is_unknown() -> None:
    words = Words({"p": fact("pod", pod="web-0")})
    assert words.command("kubectl -n {namespace} get pod {pod}") == "kubectl get pod web-0"
    assert words.command("kubectl get pod {pod} -n {namespace} -o yaml") == "kubectl get pod web-0 -o yaml"
    assert words.unknown == []


def test_prose_shows_values_as_they_are() -> None:
    assert Words(BOUND).prose("`{killed.pod}` on {node}") == "`shop/web-0` on n1"


def test_a_nearby_fact_knows_what_no_bound_one_does() -> None:
    assert Words(BOUND, [fact("pod", service_account="shop/robot")]).command("x {service_account}") == "x shop/robot"


def test_the_first_subject_whose_words_are_known_is_taken() -> None:
    assert Words(BOUND).subject(["claim {claim}", "pod {pod}"]) == "pod shop/web-0"


HOSTILE = st.text(min_size=1).filter(lambda s: bool(s.strip()))


@given(
    HOSTILE, st.sampled_from(["echo {image} end", "echo '{image}' end", 'echo "{image}" end', "echo x={image}:1 end"])
)
def test_a_hostile_value_stays_one_word_of_the_command(value: str, template: str) -> None:
    command = Words({"s": fact("symptom", image=value)}).command(template)
    words = shlex.split(command)
    assert len(words) == 3 and words[0] == "echo" and words[-1] == "end"
