"""One message that says which step is running, edited at most once in a while, that then becomes the answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from bot.slack.answers import quoted
from bot.slack.messages import Messenger, Undeliverable, small
from bot.slack.words import say

FIRST_S: Final = 1.0
"""Most answers are there before that, and need no step shown."""
EVERY_S: Final = 1.5
"""chat.update may be called some 50 times a minute."""


class Progress:
    """Call `step` with what `bot.service.consult` reports; leave the context before the answer is shown."""

    def __init__(self, messenger: Messenger, channel: str, ts: str, what: str, lang: str) -> None:
        self._messenger = messenger
        self._channel = channel
        self._ts = ts
        self._what = what
        self._lang = lang
        self._newest = ""
        self._shown = ""
        self._task: asyncio.Task[None] | None = None
        self._editing = asyncio.Lock()

    def step(self, step: str) -> None:
        self._newest = step

    async def __aenter__(self) -> Progress:
        if self._ts:
            self._task = asyncio.create_task(self._edit(), name="progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            async with self._editing:  # an edit cut off half way could still arrive, after the answer
                self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _edit(self) -> None:
        await asyncio.sleep(FIRST_S)
        while True:
            if self._newest and self._newest != self._shown:
                self._shown = self._newest
                async with self._editing:
                    with contextlib.suppress(Undeliverable):
                        await self._messenger.update(self._channel, self._ts, small(self._text(self._newest)))
            await asyncio.sleep(EVERY_S)

    def _text(self, step: str) -> str:
        if step.startswith("want "):
            return say("step-want", self._lang, what=self._what, wanted=quoted(step.removeprefix("want ")))
        return say(f"step-{step}", self._lang, what=self._what)
