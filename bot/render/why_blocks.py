"""The chain behind a finding as a Slack message, and all evidence of an answer as plain text for a file."""

from __future__ import annotations

from typing import Any, Final

from bot.render.blocks import Block, context, fit, preformatted, section
from bot.render.gaps import said
from bot.render.mrkdwn import plain, prose
from bot.render.words import because, in_language, say
from rules.explain import Explanation, Link
from rules.findings import Answer

MAX_LINKS: Final = 24
MAX_LINE: Final = 220
MAX_RIVALS: Final = 5
MAX_VANISH: Final = 6
MAX_EVIDENCE_LINE: Final = 2000


def explanation_as_blocks(explanation: Explanation, lang: str) -> dict[str, Any]:
    """`{"text": ..., "blocks": [...]}`."""
    finding = explanation.finding
    title = prose(f"{finding.subject}: {in_language(finding.title, lang)}" if finding.subject else finding.id)
    lines = [line for link in explanation.chain for line in _lines(link, lang, 0)]
    shown = lines[:MAX_LINKS]
    if len(lines) > MAX_LINKS:
        shown.append(say("more", lang).format(n=len(lines) - MAX_LINKS))
    blocks: list[Block] = [
        section(f"*{title}*  `{finding.id}`"),
        section(prose(in_language(finding.cause, lang))),
        section(f"*{say('chain', lang)}*"),
        preformatted("\n".join(shown) or say("none", lang)),
    ]
    for word, text in (("confirm", finding.confirm), ("refute", finding.refute)):
        if text:
            blocks.append(section(f"*{say(word, lang)}:* {prose(in_language(text, lang))}"))
    rivals = [
        f"• {prose(in_language(r.title, lang))} (`{r.id}`): {prose(plain(r.missing, MAX_LINE))}"
        for r in explanation.rivals[:MAX_RIVALS]
    ]
    blocks.append(section(f"*{say('rivals', lang)}*\n" + ("\n".join(rivals) or say("none", lang))))
    gone = [f"`{f.id}` {prose(plain(f.subject, 120))}" for f in explanation.vanish[:MAX_VANISH]]
    if len(explanation.vanish) > MAX_VANISH:
        gone.append(say("more", lang).format(n=len(explanation.vanish) - MAX_VANISH))
    blocks.append(context(f"*{say('vanish', lang)}:* " + (", ".join(gone) or say("none", lang))))
    return {"text": f"{title}: {prose(in_language(finding.cause, lang))}"[:3000], "blocks": fit(blocks)}


def _lines(link: Link, lang: str, depth: int) -> list[str]:
    source = f"  ({link.fact.source})" if str(link.fact.source) else ""
    rule = f"  ← {say('rule', lang)} {link.rule}" if link.rule else ""
    text = plain(" ".join(because(link.fact).split()), MAX_LINE)
    own = "  " * depth + ("└ " if depth else "") + text + plain(source, 120) + rule
    return [own, *(line for premise in link.premises for line in _lines(premise, lang, depth + 1))]


def evidence_as_text(answer: Answer, lang: str) -> str:
    """Every finding with all its evidence and where it was read, and everything that could not be checked."""
    lines: list[str] = []
    for ranked in answer.roots:
        for finding in (ranked.finding, *ranked.siblings, *ranked.explains):
            lines.append(f"{finding.subject or '-'}: {in_language(finding.title, lang)} [{finding.id}]")
            for fact in finding.evidence:
                where = f"  ({fact.source})" if str(fact.source) else ""
                lines.append("  " + plain(" ".join(because(fact).split()), MAX_EVIDENCE_LINE) + where)
            lines.append("")
    if answer.gaps:
        lines.append(say("gaps", lang))
        lines += [
            f"  {': '.join(said(gap, lang))}" + (f"  $ {gap.command}" if gap.command else "") for gap in answer.gaps
        ]
    return "\n".join(lines).strip() + "\n"
