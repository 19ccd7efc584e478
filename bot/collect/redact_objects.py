"""API objects without what is nobody's business: secrets masked wherever they stand, bookkeeping left out."""

from __future__ import annotations

from typing import Any, Final

from bot.collect.redact import MASK, redact

LEFT_OUT: Final = frozenset({"managedFields"})
LEFT_OUT_ANNOTATIONS: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})
"""A second copy of the object, as text."""
CONTENTS: Final = frozenset({"secret", "configmap"})
"""Kinds of which only the keys are kept, whatever stands under them."""


def masked_object(kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    """A copy that may be shown to others. Never raises, whatever the object looks like."""
    found: dict[str, Any] = _masked(obj)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        for key in LEFT_OUT:
            metadata.pop(key, None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for key in LEFT_OUT_ANNOTATIONS:
                annotations.pop(key, None)
    if kind in CONTENTS:
        for field in ("data", "stringData", "binaryData"):
            if isinstance(found.get(field), dict):
                found[field] = dict.fromkeys(found[field], MASK)
    return found


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        name = value.get("name")
        found = {key: _masked_pair(key, each) for key, each in value.items()}
        # An environment variable: its name stands beside its value, not before it.
        if isinstance(name, str) and isinstance(value.get("value"), str):
            found["value"] = _masked_pair(name, value["value"])
        return found
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def _masked_pair(name: str, value: Any) -> Any:
    """A value under its name: masked whole where the name says that it is a secret."""
    if not isinstance(value, str) or not value:
        return _masked(value)
    flat = value.replace("\n", " ").replace('"', "'")
    as_pair = f'"{name}": "{flat}"'
    return MASK if redact(as_pair) == f'"{name}": "{MASK}"' else redact(value)
