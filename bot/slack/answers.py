"""Answers as messages: what `bot.render` draws, with the buttons below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.render.blocks import EMOJI, answer_as_blocks, context, fit, section
from bot.render.mrkdwn import cut, escape, plain, prose
from bot.service import Consultation
from bot.slack.messages import Message
from bot.slack.words import say
from bot.store import Found
from rules.findings import Answer

SEVERITIES: Final = ("critical", "warning", "info")
MAX_OPTIONS: Final = 100
MAX_VALUE: Final = 150
MAX_LABEL: Final = 75
SHOWN_CHANGES: Final = 5


def answer_message(answer: Answer, diagnosis: str, lang: str, *, can_check_again: bool, above: str = "") -> Message:
    """The answer with its buttons; `above` is a line of small print before it."""
    drawn = answer_as_blocks(answer, lang)
    blocks = [context(above)] if above else []
    blocks += drawn["blocks"]
    names = ["why", "evidence"] if answer.roots else []
    names += ["again"] if can_check_again else []
    names += ["helpful", "not-helpful"]
    buttons = [button(name, say(name, lang), diagnosis) for name in names]
    return {"text": drawn["text"], "blocks": [*fit(blocks), {"type": "actions", "elements": buttons}]}


def button(action: str, label: str, value: str) -> dict[str, Any]:
    """`value` is an opaque id: nothing that a person chose."""
    text = {"type": "plain_text", "text": label[:MAX_LABEL], "emoji": True}
    return {"type": "button", "action_id": action, "text": text, "value": value}


def choice_message(name: str, candidates: Sequence[str], diagnosis: str, lang: str) -> Message:
    """A menu of the objects that a name could mean. `diagnosis` remembers what was asked."""
    offered = [one for one in candidates if len(one) <= MAX_VALUE][:MAX_OPTIONS]
    options = [
        {"text": {"type": "plain_text", "text": plain(one, MAX_LABEL), "emoji": False}, "value": one} for one in offered
    ]
    text = say("choose", lang, name=quoted(name))
    left = len(candidates) - len(offered)
    menu = {
        "type": "static_select",
        "action_id": "choose",
        "placeholder": {"type": "plain_text", "text": say("choose-short", lang)},
        "options": options,
    }
    blocks = [section(text), {"type": "actions", "block_id": f"choose-{diagnosis}", "elements": [menu]}]
    if left:
        blocks.append(context(say("choose-more", lang, n=left)))
    return {"text": text, "blocks": blocks}


def quoted(text: str, limit: int = 120) -> str:
    """Anyone's text, to stand between back-ticks of ours."""
    return escape(plain(" ".join(text.split()), limit)).replace("`", "'")


def found_in(consultation: Consultation, cluster: str) -> tuple[Found, ...]:
    """The root findings, as they are remembered."""
    return tuple(
        Found(
            ranked.finding.fingerprint(cluster),
            ranked.finding.id,
            cut(ranked.finding.subject, 400),
            ranked.finding.entry.severity,
            {lang: cut(text, 400) for lang, text in ranked.finding.title.items()},
        )
        for ranked in consultation.answer.roots
    )


def titled(found: Found, lang: str) -> str:
    """One remembered finding as a line of mrkdwn."""
    title = found.title.get(lang) or found.title.get("en") or found.id
    subject = f"{prose(plain(found.subject, 120))}: " if found.subject else ""
    return f"{subject}{prose(plain(title, 200))}"


def line_of(found: Found, lang: str) -> str:
    return f"{EMOJI[found.severity]} {titled(found, lang)}"


def compared(before: Iterable[Found], now: Iterable[Found], lang: str, *, blind: bool) -> str:
    """What changed between two answers to the same question. `blind`: less could be checked than before."""
    old = {one.fingerprint: one for one in before}
    new = {one.fingerprint: one for one in now}
    parts = []
    for word, prints in (
        ("unseen" if blind else "healed", [p for p in old if p not in new]),
        ("new", [p for p in new if p not in old]),
        ("still", [p for p in new if p in old]),
    ):
        if prints:
            shown = "; ".join(titled(old.get(p) or new[p], lang) for p in prints[:SHOWN_CHANGES])
            parts.append(f"*{say(word, lang)}:* {shown}" + (" …" if len(prints) > SHOWN_CHANGES else ""))
    if set(old) == set(new):
        return f"{say('changed', lang)}: {say('unchanged', lang)}"
    return f"{say('changed', lang)}. " + "  ".join(parts)
