"""A summary as a message: by root cause what is new, still there and healed since the last one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.render.blocks import EMOJI, context, fit, section
from bot.render.mrkdwn import prose
from bot.render.words import say as word
from bot.slack.answers import SEVERITIES, button, line_of, quoted, titled
from bot.slack.messages import Message
from bot.slack.words import say
from bot.store import Found, Mute, Run
from rules.observations import Gap

SHOWN: Final = 8
SHOWN_GAPS: Final = 4


@dataclass(frozen=True, slots=True)
class Change:
    """The findings of a run, held against those of the one before."""

    new: tuple[Found, ...] = ()
    still: tuple[Found, ...] = ()
    healed: tuple[Found, ...] = ()
    unseen: tuple[Found, ...] = ()
    """Not found any more, but more could not be checked than before: they may still be there."""
    muted: tuple[Found, ...] = ()
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def here(self) -> tuple[Found, ...]:
        return (*self.new, *self.still)


def change(
    cluster: str, before: Run | None, now: Iterable[Found], gaps: Sequence[Gap], mutes: Iterable[Mute]
) -> Change:
    """What changed since the run before, by fingerprint."""
    old = {one.fingerprint: one for one in before.findings} if before else {}
    blind = before is not None and not before.gaps.issuperset(gap.what for gap in gaps)
    seen = {one.fingerprint: one for one in now}
    silent = list(mutes)

    def muted(one: Found) -> bool:
        return any(mute.covers(cluster, one) for mute in silent)

    loud = [one for one in seen.values() if not muted(one)]
    gone = tuple(one for print_, one in old.items() if print_ not in seen and not muted(one))
    return Change(
        new=tuple(one for one in loud if one.fingerprint not in old),
        still=tuple(one for one in loud if one.fingerprint in old),
        healed=() if blind else gone,
        unseen=gone if blind else (),
        muted=tuple(one for one in seen.values() if muted(one)),
        gaps=tuple(gaps),
    )


def summary_message(cluster: str, changed: Change, lang: str, *, diagnosis: str, note: str = "") -> Message:
    """One line when all is well."""
    name = quoted(cluster)
    if not (changed.here or changed.healed or changed.unseen or changed.gaps):
        text = say("summary-well", lang, cluster=name)
        if changed.muted:
            text += f" ({say('summary-muted', lang, n=len(changed.muted))})"
        return {"text": text, "blocks": [section(text + (f"\n{note}" if note else ""))]}
    count = Counter(one.severity for one in changed.here)
    parts = [f"{count[s]} {word(s, lang)}" for s in SEVERITIES if count[s]] or [say("nothing-wrong", lang)]
    counted = (("new", changed.new), ("still", changed.still), ("healed", changed.healed), ("unseen", changed.unseen))
    for key, ones in counted:
        if ones:
            parts.append(f"{len(ones)} {say(key, lang)}")
    worst = next((EMOJI[s] for s in SEVERITIES if count[s]), ":white_check_mark:")
    head = say("summary-head", lang, emoji=worst, cluster=name, counts=", ".join(parts))
    blocks = [section(f"*{head}*" + (f"\n{note}" if note else ""))]
    for key, ones in (("new", changed.new), ("still", changed.still), ("unseen", changed.unseen)):
        if ones:
            lines = [line_of(one, lang) for one in ones[:SHOWN]]
            blocks.append(section("\n".join([f"*{say(key, lang)}*", *lines, *_more(len(ones) - SHOWN, lang)])))
    if changed.healed:
        lines = [f":large_green_circle: {titled(one, lang)}" for one in changed.healed[:SHOWN]]
        lines += _more(len(changed.healed) - SHOWN, lang)
        blocks.append(section("\n".join([f"*{say('healed', lang)}*", *lines])))
    if changed.gaps:
        shown = [f"{prose(gap.what)}: {prose(gap.why)}" for gap in changed.gaps[:SHOWN_GAPS]]
        shown += _more(len(changed.gaps) - SHOWN_GAPS, lang)
        blocks.append(context(f"*{word('gaps', lang)}:* " + "; ".join(shown)))
    if changed.muted:
        blocks.append(context(say("summary-muted", lang, n=len(changed.muted))))
    fallback = head + "".join(f"; {titled(one, lang)}" for one in changed.here[:3])
    buttons = [button(name, say(name, lang), diagnosis) for name in ("why", "evidence")] if changed.here else []
    below = [{"type": "actions", "elements": buttons}] if buttons else []
    return {"text": fallback[:3000], "blocks": [*fit(blocks), *below]}


def _more(left: int, lang: str) -> list[str]:
    return [word("more", lang).format(n=left)] if left > 0 else []
