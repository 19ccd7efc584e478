"""The reference of `kdiag.yaml`, from the models that check it: no setting is undocumented, none is invented."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from bot.config import Settings
from bot.config.section import Section

_WORDS = {str: "text", bool: "true or false", int: "number", float: "number", Path: "path"}


def reference() -> str:
    """A Markdown table for each section, in the order of the file."""
    lines = [
        "# Settings",
        "",
        "`kdiag.yaml`, given by `--config` or `KDIAG_CONFIG`. Every setting has a default; a name that is not here",
        "is a fault. Generated from `bot/config/`.",
        "",
    ]
    for path, model in sections(Settings, ""):
        doc = " ".join((model.__doc__ or "").split())
        lines += [
            f"## {path or 'The file'}",
            "",
            doc,
            "",
            "| setting | value | default | |",
            "| --- | --- | --- | --- |",
        ]
        for name, field in model.model_fields.items():
            lines.append(f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {field.description or ''} |")
        lines.append("")
    return "\n".join(lines)


def sections(model: type[Section], path: str) -> Iterator[tuple[str, type[Section]]]:
    """Each section with where it stands (`clusters.NAME.ssh`)."""
    yield path, model
    for name, field in model.model_fields.items():
        for inner, many in _models(field.annotation):
            where = f"{path}.{name}" if path else name
            yield from sections(inner, f"{where}.NAME" if many else where)


def _models(annotation: Any) -> Iterator[tuple[type[Section], bool]]:
    """The sections in an annotation, and whether there is one for each name."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, False
    for inner in typing.get_args(annotation):
        for model, _ in _models(inner):
            yield model, typing.get_origin(annotation) is dict


def _type(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin in (list, tuple, frozenset, set):
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return "by name"
    if origin is typing.Literal:
        return ", ".join(str(each) for each in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(each) for each in inner if each is not type(None))
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "section"
    return _WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default == "" or default == [] or default == {} or isinstance(default, Section):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
