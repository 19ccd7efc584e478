"""A finding that healed turns the messages green that had reported it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackClientError

from bot.render.blocks import EMOJI, context
from bot.slack.answers import titled
from bot.slack.desk import Desk
from bot.slack.messages import Undeliverable
from bot.slack.words import say
from bot.store import Diagnosis, Found

BACK_S: Final = 7 * 86400.0
MAX_MESSAGES: Final = 20
BLOCK: Final = "healed-"
GREEN: Final = ":large_green_circle:"
log = structlog.get_logger()


async def turn_green(
    desk: Desk, channel: str, healed: Sequence[Found], now: Iterable[Found], lang: str, *, besides: str
) -> None:
    """Mark, in the channel's earlier answers that named them, the findings that are gone. `besides`: a ts to leave."""
    here = {one.fingerprint for one in now}
    earlier: dict[str, Diagnosis] = {}
    for one in healed:
        for diagnosis in await desk.store.diagnoses.open_with(one.fingerprint, channel, desk.store.now - BACK_S):
            if diagnosis.message_ts != besides:
                earlier.setdefault(diagnosis.message_ts, diagnosis)
    for diagnosis in list(earlier.values())[:MAX_MESSAGES]:
        gone = [one for one in diagnosis.findings if one.fingerprint not in here]
        try:
            await _mark(desk, diagnosis, gone, lang)
        except (SlackClientError, Undeliverable) as error:
            log.warning("message not turned green", ts=diagnosis.message_ts, error=str(error))


async def _mark(desk: Desk, diagnosis: Diagnosis, gone: Sequence[Found], lang: str) -> None:
    ts = diagnosis.message_ts
    if diagnosis.thread_ts:
        answer = await desk.client.conversations_replies(
            channel=diagnosis.channel, ts=diagnosis.thread_ts, oldest=ts, latest=ts, inclusive=True
        )
    else:
        answer = await desk.client.conversations_history(
            channel=diagnosis.channel, oldest=ts, latest=ts, inclusive=True
        )
    message = next((one for one in answer.get("messages") or () if one.get("ts") == ts), None)
    if message is None:
        return
    blocks = [one for one in message.get("blocks") or () if not str(one.get("block_id", "")).startswith(BLOCK)]
    if len(gone) == len(diagnosis.findings):
        blocks = [_green(block) for block in blocks]
    titles = say("healed-since", lang, titles="; ".join(titled(one, lang) for one in gone[:8]))
    mark = {**context(titles), "block_id": f"{BLOCK}{desk.store.now:.0f}"}
    await desk.messenger.update(
        diagnosis.channel,
        diagnosis.message_ts,
        {"text": f"{titles}\n{message.get('text', '')}"[:3000], "blocks": [mark, *blocks]},
    )


def _green(block: Any) -> Any:
    """The block with its sign of severity turned green."""
    text = block.get("text")
    if not isinstance(text, dict):
        return block
    shown = str(text.get("text", ""))
    for sign in EMOJI.values():
        shown = shown.replace(sign, GREEN, 1)
    return {**block, "text": {**text, "text": shown}}
