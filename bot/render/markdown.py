"""The answer as Markdown: for tickets and runbooks. What came from a cluster stands in code, so it stays inert."""

from __future__ import annotations

import re

from bot.render.words import accounted_for, because, etcd_lines, headline, in_language, note_of, pipeline, say, see
from rules.findings import Answer, Ranked

MAX_EVIDENCE = 8
MAX_SUBJECTS = 10


def answer_as_markdown(answer: Answer, lang: str) -> str:
    lines: list[str] = []
    if answer.etcd is not None:
        lines += [_block("\n".join(etcd_lines(answer.etcd)), ""), ""]
    elif not answer.roots:
        lines.append(_text(headline(answer, lang)))
    for ranked in answer.roots:
        lines += [*_root(ranked, lang), ""]
    if answer.stage is not None:
        words = " → ".join(f"**{w}**" if reached else w for w, reached in pipeline(answer.stage, lang))
        lines += [f"{say('stages', lang)}: {words}", ""]
    if answer.gaps:
        lines.append(f"**{say('gaps', lang)}**\n")
        lines += [
            f"- {_text(f'{g.what}: {g.why}')}" + (f" — {_code(g.command)}" if g.command else "") for g in answer.gaps
        ]
        lines.append("")
    lines += [f"**{say('asks', lang)}:** {_text(in_language(ask, lang))}\n" for ask in answer.asks]
    return "\n".join(lines).rstrip() + "\n"


def _root(ranked: Ranked, lang: str) -> list[str]:
    finding = ranked.finding
    lines = [
        f"### {say(finding.entry.severity, lang)}: {_text(finding.subject)}: {_text(in_language(finding.title, lang))}",
        "",
        _text(in_language(finding.cause, lang)),
        "",
        f"{say('certainty', lang)} {finding.certainty:.0%} · `{finding.id}`",
        "",
        f"**{say('because', lang)}**",
        "",
        *[
            f"- {_code(because(fact))}" + (f" ({_text(str(fact.source))})" if str(fact.source) else "")
            for fact in finding.evidence[:MAX_EVIDENCE]
        ],
        "",
    ]
    if finding.fix:
        lines += [f"**{say('fix', lang)}**", ""]
        for step in finding.fix:
            note = _text(note_of(step, lang))
            risk = f" **[{say(step.risk, lang)}]**" if step.risk != "read" else ""
            lines += [f"{note}{risk}".strip(), "", _block(step.command), ""]
    if finding.verify:
        lines += [f"**{say('verify', lang)}**", "", _block("\n".join(finding.verify)), ""]
    for id_, subjects in accounted_for(ranked).items():
        shown = ", ".join(subjects[:MAX_SUBJECTS])
        more = f", {say('more', lang).format(n=len(subjects) - MAX_SUBJECTS)}" if len(subjects) > MAX_SUBJECTS else ""
        lines.append(f"- {say('explains', lang)}: `{id_}` {_text(shown + more)}")
    if ranked.siblings:
        lines.append(f"- {say('also', lang)}: {_text(', '.join(f.subject for f in ranked.siblings[:MAX_SUBJECTS]))}")
    links = see(finding)
    if links:
        lines += ["", re.sub(r"([<`])", r"\\\1", f"{say('see', lang)}: {', '.join(links)}")]
    return lines


def _text(text: str) -> str:
    """Prose with what Markdown would read as links, HTML or mentions made inert; pairs of back-ticks in a line stay."""
    parts = re.split(r"(`[^`\n]*`)", text)  # every second one is code
    return "".join(part if n % 2 else re.sub(r"([\\<>\[\]*_#@|`])", r"\\\1", part) for n, part in enumerate(parts))


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    flat = " ".join(text.split()) or " "  # two back-ticks side by side would open another code
    padded = f" {flat} " if flat.startswith("`") or flat.endswith("`") else flat
    return f"{fence}{padded}{fence}"


def _block(text: str, language: str = "sh") -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"
