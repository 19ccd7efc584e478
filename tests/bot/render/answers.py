"""Answers made of hostile strings, for the renderers' properties."""

from __future__ import annotations

from hypothesis import strategies as st

from rules.findings import Answer, Finding, FixStep, Ranked, Stage
from rules.kinds import Fact, Source
from rules.observations import Gap
from rules.schema import STAGES, Entry

NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<!channel> <@U123> <https://evil|good>",
            "`code` ```fence``` *bold* _it_ ~s~",
            "\u202ereversed\u200bzero",
            "x" * 5000,
            "line\n" * 400,
            "&lt;&amp;",
            "[bold]markup[/bold]",
            "\x1b[31mred",
            "日本語" * 300,
        ]
    ),
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    text = {"en": draw(NASTY), "ja": draw(NASTY)}
    return Finding(
        entry=Entry(
            "some-entry",
            "k.yaml",
            1,
            severity=draw(st.sampled_from(["critical", "warning", "info"])),
            source=(draw(NASTY),),
        ),
        subject=draw(NASTY),
        certainty=draw(st.floats(0.01, 1)),
        title=text,
        cause={"en": draw(NASTY), "ja": draw(NASTY)},
        evidence=tuple(
            Fact("symptom", {"is": "x", "via": "paste"}, Source(draw(NASTY), "", draw(NASTY)))
            for _ in range(draw(st.integers(0, 6)))
        ),
        fix=tuple(
            FixStep(draw(NASTY), {"en": draw(NASTY)}, draw(st.sampled_from(["read", "change", "destructive"])))
            for _ in range(draw(st.integers(0, 6)))
        ),
        verify=tuple(draw(st.lists(NASTY, max_size=3))),
        confirm={},
        refute={},
        ask={},
        unknown=(),
        firings=(),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    one = findings()
    roots = [
        Ranked(draw(one), tuple(draw(st.lists(one, max_size=3))), tuple(draw(st.lists(one, max_size=2))))
        for _ in range(draw(st.integers(0, 4)))
    ]
    return Answer(
        question={"kind": "summary"},
        roots=roots,
        gaps=[Gap(draw(NASTY), draw(NASTY), draw(NASTY)) for _ in range(draw(st.integers(0, 8)))],
        asks=[{"en": draw(NASTY)} for _ in range(draw(st.integers(0, 3)))],
        stage=draw(st.none() | st.builds(Stage, st.sampled_from(STAGES), st.none() | st.just("some-entry"))),
    )
