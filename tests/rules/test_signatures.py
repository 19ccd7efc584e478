"""Text -> symptoms: what a writer need not think of, attribution, bounds, and linear time."""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from rules.kinds import Source
from rules.observations import Passage
from rules.patterns import literals, needed_words, translate
from rules.schema import Entry, Sign
from rules.signatures import MAX_MATCHES, SignatureSet


def signature(*patterns: str, **sign: object) -> SignatureSet:
    return SignatureSet([Entry("the-sign", "test", 1, signs=(Sign(patterns, words=needed_words(patterns), **sign),))])  # type: ignore[arg-type]


def passage(text: str, **about: str | int | bool) -> Passage:
    return Passage(text, {"via": "paste", **about}, Source("paste", "line 1"))


PULL = signature(r'pull image "(?P<image>[^"]+)".*not found')


def test_a_named_part_becomes_an_attribute() -> None:
    [symptom] = PULL.scan([passage('Failed to pull image "nginx:9": manifest not found')])
    assert symptom["image"] == "nginx:9"


def test_a_blank_matches_a_line_break() -> None:
    assert PULL.scan([passage('Failed to pull\n   image "nginx:9": not found')])


def test_a_quote_matches_one_behind_backslashes() -> None:
    [symptom] = PULL.scan([passage(r'{"msg":"pull image \\\"nginx:9\\\": not found"}')])
    assert symptom["image"] == "nginx:9"


def test_the_context_of_the_passage_is_copied_to_the_symptom() -> None:
    [symptom] = PULL.scan([passage('pull image "a": not found', pod="shop/web-0", reason="Failed")])
    assert (symptom["pod"], symptom["reason"]) == ("shop/web-0", "Failed")


def test_the_source_names_the_line_and_holds_its_text() -> None:
    [symptom] = PULL.scan([passage('one\ntwo\n  pull image "a": not found\nfour')])
    assert symptom.source == Source("paste", "line 3", 'pull image "a": not found')


def test_no_match_reaches_into_the_next_passage() -> None:
    assert not signature("head", "tail").scan([passage("the head"), passage("the tail")])
    assert not signature("head tail").scan([passage("the head"), passage("tail of it")])


def test_patterns_of_one_sign_follow_each_other_in_one_passage() -> None:
    both = signature("mount failed", "helper (?P<command>[a-z.]+)")
    assert both.scan([passage("mount failed: exit 32\nOutput:\n  needs the helper mount.nfs")])
    assert not both.scan([passage("needs the helper mount.nfs\nmount failed: exit 32")])


def test_a_sign_can_be_limited_to_places_and_reasons() -> None:
    only = signature("refused", via=("event",), reasons=("Unhealthy",))
    assert only.scan([Passage("refused", {"via": "event", "reason": "Unhealthy"}, Source("e"))])
    assert not only.scan([Passage("refused", {"via": "event", "reason": "Failed"}, Source("e"))])
    assert not only.scan([passage("refused")])


def test_unless_looks_at_the_same_line_only() -> None:
    unless = signature("connection refused", unless="retrying")
    assert not unless.scan([passage("connection refused, retrying")])
    assert unless.scan([passage("connection refused\nretrying later")])


def test_the_same_symptom_is_one_fact_with_a_count() -> None:
    [symptom] = PULL.scan([passage('pull image "a": not found\n' * 7)])
    assert symptom["times"] == 7


def test_matches_are_bounded() -> None:
    found = signature(r"error (?P<code>\d+)").scan([passage("\n".join(f"error {n}" for n in range(2000)))])
    assert len(found) == MAX_MATCHES


def test_non_ascii_text_before_a_match_does_not_shift_it() -> None:
    [symptom] = PULL.scan([passage("取得に失敗しました 💥\n"), passage('pull image "画像:1": not found', pod="a/b")])
    assert (symptom["image"], symptom["pod"]) == ("画像:1", "a/b")


@given(st.text())
def test_any_text_can_be_scanned(text: str) -> None:
    PULL.scan([passage(text), passage(text)])


LITERAL_PATTERNS = st.sampled_from(
    [
        r"(?i)no such (file|host)",
        r'pull image "(?P<image>[^"]+)".*not found',
        r"(no route to|unknown) host|NXDOMAIN",
        r"exit(ed)? with (code )?(?P<code>\d+)",
        r"failed to (?:create|start) +container",
        r"abc+def?ghi{2,3}",
    ]
)


@given(LITERAL_PATTERNS, st.data())
def test_any_match_contains_one_of_the_literals(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern))
    needed = literals(pattern)
    if needed and re2.search("(?m)" + translate(pattern), text):
        collapsed = " ".join(text.lower().split())
        assert any(" ".join(word.split()) in collapsed for word in needed)


def test_a_class_in_a_pattern_is_left_alone() -> None:
    assert translate(r"[ \"a-z] x") == r"[ \"a-z]\s+x"
