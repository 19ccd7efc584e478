"""A node and its schema, side by side: the one way in which the checks go through an object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import yaml

from bot.collect.manifest.nodes import Node, Path
from bot.collect.manifest.problems import Page, Problem, dotted, indent_of, joined
from bot.collect.manifest.schemas import Api, Schema


@dataclass(slots=True)
class Subject:
    """One object of a page, and what is known about how it should look."""

    page: Page
    root: Node
    kind: str = ""
    name: str = ""
    namespace: str = ""
    api_version: str = ""
    era: str = "today"
    api: Api | None = None
    schema: Schema | None = None
    problems: list[Problem] = field(default_factory=list)

    def add(
        self, problem: str, path: Path, *, line: int = 0, value: str = "", expected: str = "", message: str = "",
        corrected: str = "",
    ) -> None:  # fmt: skip
        """A problem at a path. Secrets' values are neither shown nor corrected."""
        secret = self.kind == "Secret" and path[:1] in (("data",), ("stringData",))
        self.problems.append(
            Problem(
                problem,
                line or self.root.line_of(path),
                dotted(path),
                "" if secret else value,
                "" if secret else expected,
                message,
                "" if secret else corrected,
                self.kind,
                self.name,
            )
        )

    def at(self, *path: str | int) -> Node | None:
        return self.root.at(path)

    def lines(self, lines: Iterable[str]) -> str:
        """Corrected lines that consist of new fields, written as the object is: in block style, or as JSON."""
        text = joined(lines)
        if not self.root.flow or not text:
            return text
        indent = " " * (indent_of(text) + 2)
        try:
            fields = yaml.safe_load(text)
        except yaml.YAMLError:
            return text
        return "\n".join(f"{indent}{json.dumps(name)}: {json.dumps(value)}," for name, value in fields.items())

    @property
    def is_flat(self) -> bool:
        """Of v1beta1 or v1beta2, where a service has no `spec` and a name is an `id`."""
        return self.era == "2015" and self.api_version != "v1beta3"

    def schema_at(self, path: Path) -> Schema | None:
        here = self.schema
        for step in path:
            if here is None or self.api is None:
                return None
            here = self.api.child(here, step)
        return here


def places(api: Api, node: Node, schema: Schema) -> Iterator[tuple[Path, Node, Schema]]:
    """Every part of a node that the schema knows, outermost first."""
    pending: list[tuple[Path, Node, Schema]] = [((), node, schema)]
    while pending:
        path, here, shape = pending.pop()
        yield path, here, shape
        if here.entries is not None:
            for key, value in reversed(here.entries):
                child = api.child(shape, key.text)
                if child is not None:
                    pending.append(((*path, key.text), value, child))
        elif here.items is not None:
            for number in range(len(here.items) - 1, -1, -1):
                child = api.child(shape, number)
                if child is not None:
                    pending.append(((*path, number), here.items[number], child))


def definition_of(schema: Schema) -> str:
    """The short name of the definition that a schema refers to: `Container`."""
    return str(schema.get("$ref", "")).rpartition("/")[2].rpartition(".")[2]
