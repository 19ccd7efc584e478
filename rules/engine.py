"""Forward chaining: facts in, firings out. The process behind it is replaced when it hangs or dies.

The worker matches and joins; here each firing becomes its conclusion (a fact, a want or a finding), which goes
back as a new fact until nothing new comes. Every firing is recorded, since durable_rules keeps no record: HOW,
WHY, WHY NOT and WHAT IF are all read from the record.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rules.compile import Program, Rule
from rules.errors import EngineError
from rules.kinds import PARTS, WHERE, Fact, Scalar, Source

TIME_LIMIT_S: Final = 20.0
"""One exchange with the worker. The largest recording takes a fraction of it."""
MAX_ROUNDS: Final = 12
"""Longer chains than this do not exist in any knowledge that a person could follow."""
LINE_LIMIT: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule fired: which, on which facts, and what it concluded."""

    rule: Rule
    bound: Mapping[str, Fact]
    concluded: tuple[Fact, ...]


@dataclass(slots=True)
class Inference:
    """All that is known after inference: the given facts, the derived ones and the firings between them."""

    facts: dict[Fact, str] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)

    @property
    def wants(self) -> list[Fact]:
        return [f for f in self.facts if f.kind == "want"]


Conclude = Callable[[Rule, Mapping[str, Fact]], tuple[Fact, ...]]


class Engine:
    """One worker process and its life. Use `infer`; `close` when done."""

    def __init__(self, program: Program, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._program = program
        self.time_limit_s = time_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._next_sid = 0

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the worker and load the rules, so that the first question does not wait for it."""
        async with self._lock:
            await self._ensure()

    async def infer(self, facts: Iterable[Fact], conclude: Conclude) -> Inference:
        """Everything that follows from `facts`. EngineError when the worker hung, died or refused; it is replaced."""
        async with self._lock:
            self._next_sid += 1
            sid = str(self._next_sid)
            try:
                return await self._chain(sid, facts, conclude)
            except BaseException as error:
                await self._kill()
                if isinstance(error, EngineError | asyncio.CancelledError):
                    raise
                if isinstance(error, TimeoutError):
                    raise EngineError(
                        f"the rule engine did not answer within {self.time_limit_s:g} s; it was restarted, ask again"
                    ) from error
                if isinstance(error, OSError | EOFError | ValueError):
                    raise EngineError("the rule engine died; it was restarted, ask again") from error
                raise

    async def _chain(self, sid: str, facts: Iterable[Fact], conclude: Conclude) -> Inference:
        result = Inference()
        names: dict[str, Fact] = {}

        def admit(candidates: Iterable[Fact]) -> list[tuple[str, Fact]]:
            new = []
            for candidate in candidates:
                if candidate not in result.facts:
                    name = f"f{len(names)}"
                    result.facts[candidate] = name
                    names[name] = candidate
                    new.append((name, candidate))
            return new

        fresh = admit(facts)
        try:
            for _ in range(MAX_ROUNDS):
                batches = self._program.messages(fresh)
                if not batches:
                    break
                answer = await self._exchange({"sid": sid, "facts": batches})
                derived: list[Fact] = []
                for rule_name, bound_names in answer["firings"]:
                    rule = self._program.rules.get(rule_name)
                    if rule is None:
                        continue  # the catch-all
                    bound = {p.name: names[bound_names[p.name]] for p in rule.route.patterns}
                    concluded = conclude(rule, bound)
                    result.firings.append(Firing(rule, bound, concluded))
                    derived += concluded
                fresh = admit(derived)
        finally:
            with contextlib.suppress(OSError, EOFError, ValueError, TimeoutError, EngineError):
                if self._process is not None and self._process.returncode is None:
                    await self._exchange({"forget": sid})
        return result

    async def _ensure(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "rules.engine_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
            )
            await self._send(self._process, {"rulesets": self._program.definitions})
        return self._process

    async def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return await self._send(await self._ensure(), request)

    async def _send(self, process: asyncio.subprocess.Process, request: Mapping[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        async with asyncio.timeout(self.time_limit_s):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        if not line:
            raise EOFError("the worker closed its output")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EngineError(f"the rule engine refused the facts: {answer['error']}")
        return answer

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def close(self) -> None:
        async with self._lock:
            await self._kill()


def conclude(rule: Rule, bound: Mapping[str, Fact], subject: str = "") -> tuple[Fact, ...]:
    """What a firing concludes: the entry's `concludes` and `wants`, and `finding` if it is one."""
    records = [*rule.entry.concludes, *rule.entry.wants]
    facts = []
    for record in records:
        attributes: dict[str, Scalar] = {}
        for attribute, value in record.attributes.items():
            known: Scalar | None = value
            if isinstance(value, str) and value.startswith("$"):
                name, _, other = value[1:].partition(".")
                known = bound[name].get(other)
            if known is not None:
                attributes[attribute] = known
        facts.append(Fact(record.kind, attributes, Source(f"rule {rule.entry.id}")))
    if rule.entry.is_finding:
        about: dict[str, Scalar] = {"is": rule.entry.id, "subject": subject}
        for one in bound.values():
            for name, value in one.attributes.items():
                if (name in WHERE or name in PARTS) and name not in about and isinstance(value, str):
                    about[name] = value
        facts.append(Fact("finding", about, Source(f"rule {rule.entry.id}")))
    return tuple(facts)
