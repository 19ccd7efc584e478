"""What a person reads in a message: all its texts, and its buttons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("text"), str) and node.get("type") != "plain_text":
            yield node["text"]
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for one in node:
            yield from texts(one)


def shown(message: Mapping[str, Any]) -> str:
    """The blocks' text, which is what is seen; the fallback where there are no blocks."""
    blocks = message.get("blocks")
    return "\n".join(texts(blocks)) if blocks else str(message.get("text", ""))


def actions(message: Mapping[str, Any]) -> list[str]:
    return [
        element["action_id"]
        for block in message.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def answered(message: Mapping[str, Any]) -> bool:
    """It has become an answer: it has buttons."""
    return "helpful" in actions(message)


def everything(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


async def eventually(condition: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
    """Returns when the condition, which asks a database or a process, holds. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)
