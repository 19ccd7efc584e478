"""Loads YAML and JSON from untrusted text: bounded in depth, no aliases, no tags that build objects, never raising.

Apart from `objects` so that the manifest reader and others load in the same safe way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
import yaml

MAX_DEPTH: Final = 60
MAX_DOCUMENTS: Final = 500
MAX_YAML: Final = 1024 * 1024
"""Characters of YAML that are loaded: its parser takes a second a megabyte."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEP_FLOW = re.compile(r"[\[{]{40}|(?:[\[{]\s*){60}")


class _Refused(yaml.YAMLError):
    """An alias, or nesting deeper than any object."""


class _Loader(_Base):  # type: ignore[misc]
    """The safe loader without aliases (a billion laughs), bounded in depth, dates left as text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise _Refused("aliases are not read")
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > MAX_DEPTH:
            raise _Refused("nested too deeply")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def _is_deep(text: str) -> bool:
    """Whether flow or block nesting could exhaust the parser's stack (libyaml composes recursively)."""
    return (
        (text.count("[") + text.count("{") > 40 and _DEEP_FLOW.search(text) is not None)
        or "- " * 60 in text
        or "? " * 60 in text
    )


def load_yaml(text: str) -> list[Any] | None:
    """The documents of a YAML text; None when it is none or is refused."""
    if len(text) > MAX_YAML or _is_deep(text):
        return None
    documents: list[Any] = []
    loader = _Loader(text)
    try:
        while loader.check_data():
            documents.append(loader.get_data())
            if len(documents) >= MAX_DOCUMENTS:
                break
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError, IndexError, KeyError):
        return None
    finally:
        loader.dispose()
    return documents


def load_json(text: str) -> Any | None:
    """The value of a JSON text; None when it is none or is nested too deeply."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return value if is_shallow(value) else None


def is_shallow(value: Any) -> bool:
    """Whether a value is nested no deeper than objects are."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return True
    return False


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with its field path, in the order it is written."""
    stack: list[tuple[str, Any]] = [(path, value)]
    while stack:
        where, item = stack.pop()
        if isinstance(item, str):
            yield where, item
        elif isinstance(item, dict):
            stack += [(f"{where}.{key}" if where else str(key), child) for key, child in reversed(list(item.items()))]
        elif isinstance(item, list):
            stack += [(where, child) for child in reversed(item)]
