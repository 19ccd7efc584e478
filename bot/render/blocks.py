"""The answer as Slack Block Kit: one screen, within every limit whatever the length of names and logs.

Blocks are plain dictionaries, as the Web API takes them. Logs and commands go into `rich_text_preformatted`, where text
is literal. What does not fit is counted ("3 more") and is in the thread under Why and Evidence.
Limits: docs.slack.dev/reference/block-kit; 3,000 characters a section, 50 blocks and some 13,000 characters a message.
"""

from __future__ import annotations

from typing import Any, Final

from bot.render.mrkdwn import cut, plain, prose
from bot.render.words import accounted_for, because, etcd_lines, headline, in_language, note_of, pipeline, say, see
from rules.findings import Answer, Finding, Ranked

Block = dict[str, Any]

MAX_BLOCKS: Final = 45
MAX_SECTION: Final = 2900
MAX_CONTEXT: Final = 1900
MAX_MESSAGE: Final = 9000
"""Characters of all text of one message; some 13,000 were seen to be refused as a whole."""
MAX_COMMAND: Final = 900
MAX_FALLBACK: Final = 3000
SHOWN_EVIDENCE: Final = 3
SHOWN_FIXES: Final = 4
SHOWN_OTHERS: Final = 4
SHOWN_GAPS: Final = 4

EMOJI: Final = {"critical": ":red_circle:", "warning": ":large_yellow_circle:", "info": ":large_blue_circle:"}


def answer_as_blocks(answer: Answer, lang: str) -> dict[str, Any]:
    """`{"text": ..., "blocks": [...]}`: the arguments of chat.postMessage and chat.update."""
    blocks: list[Block] = []
    if answer.etcd is not None:
        blocks.append(preformatted(plain("\n".join(etcd_lines(answer.etcd)), MAX_SECTION)))
    if answer.roots:
        blocks += _main(answer.roots[0], lang)
        blocks += _others(answer.roots[1:], lang)
    elif answer.etcd is None:
        sure = not answer.asks and not answer.gaps
        blocks.append(section((":white_check_mark: " if sure else ":grey_question: ") + prose(headline(answer, lang))))
    if answer.stage is not None:
        words = [f"*{w}*" if reached else w for w, reached in pipeline(answer.stage, lang)]
        stopped = f"   {say('stopped', lang)} `{answer.stage.stopped_by}`" if answer.stage.stopped_by else ""
        blocks.append(context(" → ".join(words) + stopped))
    if answer.gaps:
        shown = [f"{prose(g.what)}: {prose(g.why)}" for g in answer.gaps[:SHOWN_GAPS]]
        if len(answer.gaps) > SHOWN_GAPS:
            shown.append(say("more", lang).format(n=len(answer.gaps) - SHOWN_GAPS))
        blocks.append(context(f"*{say('gaps', lang)}:* " + "; ".join(shown)))
    blocks += [section(f"*{say('asks', lang)}:* {prose(in_language(ask, lang))}") for ask in answer.asks[:3]]
    return {"text": fallback(answer, lang), "blocks": fit(blocks)}


def fallback(answer: Answer, lang: str) -> str:
    """What notifications and screen readers say: a whole short answer."""
    if not answer.roots:
        return cut(prose(headline(answer, lang)), MAX_FALLBACK)
    finding = answer.roots[0].finding
    cause = f"{say(finding.entry.severity, lang)}: {finding.subject}: {in_language(finding.cause, lang)}"
    return cut(prose(cause), MAX_FALLBACK)


def _main(ranked: Ranked, lang: str) -> list[Block]:
    finding = ranked.finding
    blocks = [
        section(
            f"{EMOJI[finding.entry.severity]} *{say(finding.entry.severity, lang)}*  "
            f"{prose(finding.subject)}\n*{prose(in_language(finding.title, lang))}*"
        ),
        section(prose(in_language(finding.cause, lang))),
    ]
    evidence = [because(fact) for fact in finding.evidence[:SHOWN_EVIDENCE]]
    if evidence:
        blocks.append(preformatted("\n".join(plain(" ".join(e.split()), 400) for e in evidence)))
    for number, step in enumerate(finding.fix[:SHOWN_FIXES]):
        note = prose(note_of(step, lang))
        risk = f"  :warning: *{say(step.risk, lang)}*" if step.risk == "destructive" else ""
        risk = risk or (f"  _{say(step.risk, lang)}_" if step.risk == "change" else "")
        head = f"*{say('fix', lang)}*  " if number == 0 else ""
        if head or note or risk:
            blocks.append(section(f"{head}{note}{risk}"))
        blocks.append(preformatted(plain(step.command, MAX_COMMAND)))
    if finding.verify:
        blocks.append(context(f"*{say('verify', lang)}:* " + "  ".join(_code(v) for v in finding.verify[:2])))
    folded = _folded(ranked, lang)
    if folded:
        blocks.append(context(folded))
    blocks.append(context(_footer(finding, lang)))
    return blocks


def _folded(ranked: Ranked, lang: str) -> str:
    parts = []
    if ranked.siblings:
        parts.append(f"*{say('also', lang)}:* {_subjects([f.subject for f in ranked.siblings], lang)}")
    for id_, subjects in list(accounted_for(ranked).items())[:4]:
        parts.append(f"*{say('explains', lang)}:* {id_}: {_subjects(subjects, lang)}")
    return "\n".join(parts)


def _subjects(subjects: list[str], lang: str) -> str:
    shown = ", ".join(prose(plain(s, 120)) for s in subjects[:3])
    return shown + (f", {say('more', lang).format(n=len(subjects) - 3)}" if len(subjects) > 3 else "")


def _footer(finding: Finding, lang: str) -> str:
    links = ", ".join(see(finding)[:2])
    return f"`{finding.id}` · {say('certainty', lang)} {finding.certainty:.0%}" + (
        f" · {prose(links)}" if links else ""
    )


def _others(rest: list[Ranked], lang: str) -> list[Block]:
    if not rest:
        return []
    lines = [
        f"{EMOJI[r.finding.entry.severity]} {prose(plain(r.finding.subject, 120))}: "
        f"{prose(plain(in_language(r.finding.title, lang), 200))}"
        for r in rest[:SHOWN_OTHERS]
    ]
    if len(rest) > SHOWN_OTHERS:
        lines.append(say("more", lang).format(n=len(rest) - SHOWN_OTHERS))
    return [{"type": "divider"}, section(f"*{say('others', lang)}*\n" + "\n".join(lines))]


def _code(text: str) -> str:
    return "`" + cut(prose(text.replace("`", "'")), 300) + "`"


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text, MAX_SECTION)}


def context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text, MAX_CONTEXT)]}


def _mrkdwn(text: str, limit: int) -> Block:
    """A text object that Slack takes: never empty, and with links and mentions left dead."""
    return {"type": "mrkdwn", "text": cut(text, limit) if text.strip() else "–", "verbatim": True}


def preformatted(text: str) -> Block:
    """Literal text in a box that can be copied."""
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": cut(text, MAX_SECTION) or " "}]}
    return {"type": "rich_text", "elements": [element]}


def fit(blocks: list[Block]) -> list[Block]:
    """As many blocks, from the first, as one message may hold."""
    kept: list[Block] = []
    total = 0
    for block in blocks[:MAX_BLOCKS]:
        total += _length(block)
        if total > MAX_MESSAGE:
            break
        kept.append(block)
    return kept


def _length(block: object) -> int:
    if isinstance(block, dict):
        own = len(block["text"]) if isinstance(block.get("text"), str) else 0
        return own + sum(_length(value) for value in block.values() if not isinstance(value, str))
    if isinstance(block, list):
        return sum(_length(item) for item in block)
    return 0
