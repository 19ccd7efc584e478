"""Knowledge that names what does not exist does not load, and says where and what was meant."""

from __future__ import annotations

import pytest

from rules.errors import KnowledgeError
from rules.knowledge import check_together
from rules.schema import read_text

GOOD = """
id: good
title: {en: a, ja: b}
when:
  killed: {kind: container, last_reason: OOMKilled, restarts: "> 1"}
  pod: {kind: pod, pod: $killed.pod}
subject: pod {pod}
cause: {en: a, ja: b}
"""


def faults(text: str) -> list[str]:
    try:
        entries = read_text(text, "k/x.yaml")
    except KnowledgeError as error:
        return list(error.faults)
    return check_together(entries, frozenset({"image-pull"}))


def test_a_good_entry_has_no_faults() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("kind: pod,", "kind: pood,"), 6, "unknown fact kind 'pood'; did you mean 'pod'?"),
        (("last_reason", "last_reasen"), 5, "container has no attribute 'last_reasen'; did you mean 'last_reason'?"),
        (("$killed.pod", "$kiled.pod"), 6, "$kiled.pod refers to no earlier pattern; did you mean 'killed'?"),
        (("$killed.pod", "$killed.pods"), 6, "container has no attribute 'pods'; did you mean 'pod'?"),
        (('"> 1"', "often"), 5, "should be a int, not 'often'"),
        (("subject:", "subjects:"), 7, "unknown field 'subjects'; did you mean 'subject'?"),
        (("cause: {en: a, ja: b}", "cause: {en: a}"), 8, "cause needs ja"),
        (("kind: pod, pod: $killed.pod", "kind: pod, not: {phase: Running}"), 6, "negation is not sound in the engine"),
    ],
)
def test_a_fault_names_file_line_and_the_right_name(change: tuple[str, str], line: int, message: str) -> None:
    [fault] = faults(GOOD.replace(*change))
    assert fault.startswith(f"k/x.yaml:{line}: ")
    assert message in fault


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert len(faults(GOOD.replace("kind: pod,", "kind: pood,") + "---\nid: Bad_Id\n")) == 2


def test_broken_yaml_names_its_line() -> None:
    assert faults("id: a\n  b: c\n") == ["k/x.yaml:2: not valid YAML: mapping values are not allowed in this context"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("explains: [image-pul]", "explains 'image-pul', neither an entry nor a tag; did you mean 'image-pull'?"),
        ("tags: [image-pulls]", "tag 'image-pulls' is not in tags.yaml; did you mean 'image-pull'?"),
        ("rivals: [goood]", "rival 'goood' is no entry; did you mean 'good'?"),
        ("signs: ['unclosed (group']", "pattern 'unclosed (group'"),
    ],
)
def test_names_of_others_are_checked(extra: str, message: str) -> None:
    [fault] = faults(GOOD + extra + "\n")
    assert message in fault


def test_more_facts_than_the_engine_joins_well_are_refused() -> None:
    from rules.compile import Program

    patterns = "\n".join(f"  n{i}: {{kind: node}}" for i in range(9))
    entries = read_text(
        f"id: wide\ntitle: {{en: a, ja: b}}\nwhen:\n{patterns}\nsubject: x\ncause: {{en: a, ja: b}}\n", "k"
    )
    with pytest.raises(KnowledgeError, match="joins more than 8 facts"):
        Program(entries)
