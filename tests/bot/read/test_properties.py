"""No text makes the reader raise, lose its bounds, or give what the vocabulary does not know."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.read import read
from rules.kinds import KINDS
from tests.bot.read.test_damage import TEXT
from tests.bot.read.test_describe import NODE, POD
from tests.bot.read.test_objects import DUMP
from tests.bot.read.test_tables import PODS_2015, WIDE

SEEDS = [TEXT, NODE, POD, DUMP, PODS_2015, WIDE]
PIECES = [line for seed in SEEDS for line in seed.split("\n")] + [
    "--- etcd ---", "active", "{", "}", "[", "]", "Events:", "status:", "- name: x", "Name: x", "State: Waiting", "-A INPUT -j DROP",
    "+----+", "|a|b|", "/registry/minions/x", "public (active)", "  ports: 1/tcp", "tcp 0 0 :::99999 :::* LISTEN 1/x", "\\\\\\\"", "> ",
]  # fmt: skip
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _check(text: str) -> None:
    seen = read(text)
    for made in seen.facts:
        assert set(made.attributes) <= set(KINDS[made.kind][1])
    allowed = set(KINDS["symptom"][1])
    for passage in seen.passages:
        assert passage.text.strip()
        assert set(passage.about) <= allowed
        assert "via" in passage.about


@QUICK
@given(st.text(alphabet=st.characters(), max_size=2000))
def test_no_text_raises(text: str) -> None:
    _check(text)


@QUICK
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_mixture_of_real_lines_raises(lines: list[str]) -> None:
    _check("\n".join(lines))


@QUICK
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(['"', "\n", " ", "{", ":", "\x00", "9" * 50, ""]))),
)
def test_no_mutilation_raises(seed: str, cuts: list[tuple[int, str]]) -> None:
    for position, text in cuts:
        at = position % (len(seed) + 1)
        seed = seed[:at] + text + seed[at + 2 :]
    _check(seed)


@pytest.mark.parametrize(
    "unit",
    ["{\n", "[{\n", "a:\n", "kind: Pod\n", "status:\n", "Name: x\n", "State: Waiting\n", "- ", "x" * 80 + "\n", '"\\n', "NAME STATUS AGE\n",
     "--- etcd ---\nactive\n", "  Warning  Failed  3s  kubelet  error\nfoo\n", "0/3 nodes are available: 1 x, ", "&amp;", "<http://", "\x1b["],
)  # fmt: skip
def test_work_grows_linearly(unit: str) -> None:
    """Eight times the text may take some twelve times as many steps, never sixty-four. (Seconds: `make bench`.)"""

    def steps(size: int) -> int:
        text = unit * (size // len(unit))
        count = 0

        def step(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(step)
        try:
            read(text)
        finally:
            sys.setprofile(None)
        return count

    assert steps(128_000) < 16 * max(steps(16_000), 1_000)
