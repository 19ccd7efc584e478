"""`kdiag demo --terminal`: three questions and their answers, printed."""

from __future__ import annotations

import asyncio
from typing import Final

from rich.console import Console
from rich.rule import Rule

from bot import last
from bot.collect.dump import Dump
from bot.demo import PASTE, RECORDING
from bot.questions import Question
from bot.render.terminal import show_answer, show_explanation
from bot.service import consult
from bot.sources import DumpSource, PasteSource
from rules.expert import Expert
from rules.explain import explain
from rules.knowledge import load

ASKED: Final = (Question("summary"), Question("pod", "shop/cart-7c9d8f6b5-w9d3s"))


def run(console: Console | None = None, lang: str = "en") -> None:
    """Show three questions and their answers, and how to go on."""
    asyncio.run(_run(console or Console(highlight=False), lang))


async def _run(console: Console, lang: str) -> None:
    expert = Expert(load())
    try:
        for question in ASKED:
            command = " ".join(word for word in (question.kind, question.name) if word)
            console.print(Rule(f"$ kdiag {command}", align="left", style="dim"))
            consultation = await consult(expert, DumpSource(Dump(RECORDING)), question)
            show_answer(consultation.answer, lang, console)
            console.print()
        last.save(consultation.question, consultation.asked, consultation.observations)
        root = consultation.answer.roots[0].finding
        console.print(Rule(f"$ kdiag why {root.id}", align="left", style="dim"))
        show_explanation(await explain(expert, consultation.observations, consultation.reasoning, root), lang, console)
        console.print()
        console.print(Rule("$ kdiag explain  (a message pasted into the channel)", align="left", style="dim"))
        console.print(PASTE, style="dim")
        pasted = await consult(expert, PasteSource(PASTE), Question("explain", text=PASTE))
        show_answer(pasted.answer, lang, console)
    finally:
        await expert.close()
    console.print()
    console.print(f"This cluster is recorded in {RECORDING}. Ask it something yourself:")
    console.print(f"  kdiag service shop/cart --dump {RECORDING}", style="cyan", soft_wrap=True)
