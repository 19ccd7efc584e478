"""Knowledge that changes while the bot runs: directories of a team's own entries, taken over only when they are sound.

A changed directory is read again, linted, and its examples are run. If all is well the new knowledge answers from the
next question on, and questions in hand finish with the old. If not, the old stays and the faults are reported once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bot import kb
from rules.errors import KdiagError, KnowledgeError
from rules.expert import Expert
from rules.knowledge import Knowledge, entry_files, load

MAX_FAULTS: Final = 10
"""Faults in one report; the rest is counted."""
Report = Callable[[str], Awaitable[None]]
State = tuple[tuple[str, int, int], ...]


class LivingKnowledge:
    """The expert of the moment. `folders` are directories of entries that add to the built-in ones or override them."""

    def __init__(self, folders: Sequence[Path], report: Report) -> None:
        self._folders = tuple(folders)
        self._report = report
        self._state = _state(self._folders)
        self._expert: Expert | None = None
        self._users: Counter[Expert] = Counter()

    async def start(self) -> None:
        """Loads everything. Entries that are not sound are reported, and the built-in ones answer alone."""
        sound = await self._sound()
        self._expert = Expert(sound if sound is not None else await asyncio.to_thread(load))
        await self._expert.start()

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Expert]:
        """The expert for one consultation; it stays alive until the consultation ends."""
        if self._expert is None:
            raise RuntimeError("start() comes before use()")
        expert = self._expert
        self._users[expert] += 1
        try:
            yield expert
        finally:
            self._users[expert] -= 1
            if self._users[expert] == 0 and expert is not self._expert:
                await expert.close()

    async def refresh(self) -> bool:
        """Looks for changes; whether new knowledge was taken over. What was refused waits for its next change."""
        state = await asyncio.to_thread(_state, self._folders)
        if state == self._state:
            return False
        self._state = state
        sound = await self._sound()
        if sound is None:
            return False
        new = Expert(sound)
        await new.start()
        old, self._expert = self._expert, new
        if old is not None and self._users[old] == 0:
            await old.close()
        return True

    async def close(self) -> None:
        if self._expert is not None:
            await self._expert.close()
            self._expert = None

    async def _sound(self) -> Knowledge | None:
        """What is there now, if it loads and its examples come out right; else None, and the faults are reported."""
        try:
            knowledge = await asyncio.to_thread(load, self._folders)
        except KnowledgeError as error:
            await self._refuse(list(error.faults))
            return None
        except (KdiagError, OSError, UnicodeDecodeError) as error:
            await self._refuse([str(error)])
            return None
        built_in = (await asyncio.to_thread(load)).by_id
        own = [entry for entry in knowledge.entries if built_in.get(entry.id) != entry]
        faults = kb.lint(own)
        expert = Expert(knowledge)
        try:
            faults += [
                f"{result.entry}: {result.example}: {result.fault}"
                async for result in kb.run_examples(expert, own)
                if result.fault
            ]
        finally:
            await expert.close()
        if faults:
            await self._refuse(faults)
            return None
        return knowledge

    async def _refuse(self, faults: list[str]) -> None:
        shown = "\n".join(faults[:MAX_FAULTS])
        more = f"\nand {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
        await self._report(f"The changed knowledge is not used; what was loaded before stays.\n{shown}{more}")


def _state(folders: Sequence[Path]) -> State:
    """What the folders hold, so that a change shows: path, time of change and size of each file."""
    found = []
    for folder in folders:
        for path in entry_files(folder) if folder.exists() else []:
            try:
                seen = path.stat()
            except OSError:
                continue  # it went away between the two looks; the next look sees that
            found.append((str(path), seen.st_mtime_ns, seen.st_size))
    return tuple(found)
