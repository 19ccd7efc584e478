"""The process that runs durable_rules: the only module that imports it, and nothing else of kdiag.

durable_rules is C that nobody maintains; it may hang or die. So it lives alone in this process, driven directly
(`assert_facts`, then `do_actions`, one thread, no `Host`), and `rules.engine` replaces it when it must. It speaks
JSON lines on its standard input and output:

    {"rulesets": [{rule: definition, ...}, ...]}            once, at the start      -> {"ready": true}
    {"sid": "7", "facts": {"0": [fact, ...], ...}}          facts for each ruleset  -> {"firings": [[rule, {name: id}]]}
    {"forget": "7"}                                         delete that context     -> {"forgotten": true}
    anything that raised                                                            -> {"error": "..."}
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from durable.engine import Ruleset

MAX_FIRINGS = 200_000
"""A join that exceeds this is a rule without a join condition, not a diagnosis."""


class Matcher:
    """Rulesets made from definitions, and the firings their actions record."""

    def __init__(self, definitions: list[dict[str, Any]]) -> None:
        self._firings: list[tuple[str, dict[str, str]]] = []
        self._open: dict[str, set[int]] = {}
        self._rulesets = []
        for number, definition in enumerate(definitions):
            rules = {name: {**rule, "run": self._recorder(name)} for name, rule in definition.items()}
            # A batch in which any fact matches no rule raises and fires nothing, hence the catch-all. It must not
            # test for `id`: the context itself has one, and each update of it would fire the rule again, for ever.
            rules["catch-all"] = {"all": [{"m": {"fact": 1}}], "run": _ignore}
            self._rulesets.append(Ruleset(f"kdiag-{number}", None, rules))

    def _recorder(self, rule: str) -> Callable[[Any], None]:
        # A closure, since durable_rules takes a second parameter of an action for an asynchronous callback.
        def record(context: Any) -> None:
            if len(self._firings) >= MAX_FIRINGS:
                raise OverflowError(f"more than {MAX_FIRINGS} firings")
            bound = {name: message["id"] for name, message in context._m.items()}
            self._firings.append((rule, bound))

        return record

    def match(self, sid: str, facts: dict[str, list[dict[str, Any]]]) -> list[tuple[str, dict[str, str]]]:
        self._firings = []
        for number, batch in facts.items():
            ruleset = self._rulesets[int(number)]
            self._open.setdefault(sid, set()).add(int(number))
            for one in batch:
                one["sid"] = sid
                one["fact"] = 1
            problems: list[object] = []
            handle = ruleset.assert_facts(batch)
            ruleset.do_actions(handle, lambda error, _state, into=problems: into.append(error))
            # What an action raises is only stored in the state: read it, and fail loudly.
            stored = ruleset.get_state(sid).get("exception")
            trouble = next((p for p in problems if p is not None), None) or stored
            if trouble:
                raise RuntimeError(str(trouble))
        return self._firings

    def forget(self, sid: str) -> None:
        for number in self._open.pop(sid, ()):
            self._rulesets[number].delete_state(sid)


def _ignore(_context: Any) -> None:
    return None


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the C code prints must not be taken for an answer
    matcher: Matcher | None = None
    for line in sys.stdin:
        answer: dict[str, Any]
        try:
            request = json.loads(line)
            if "rulesets" in request:
                matcher = Matcher(request["rulesets"])
                answer = {"ready": True}
            elif matcher is None:
                answer = {"error": "no rulesets yet"}
            elif "forget" in request:
                matcher.forget(request["forget"])
                answer = {"forgotten": True}
            else:
                answer = {"firings": matcher.match(request["sid"], request["facts"])}
        except Exception as error:  # the answer carries it; the parent decides
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
