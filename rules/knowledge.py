"""All knowledge, loaded once: entries, signatures and the program for the engine.

Reading some thousand YAML documents takes seconds, so the entries are kept in a cache file whose name is a digest of
what they were read from; a changed file is a different name. Without a writable cache it is just slower.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
import os
import pickle
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import re2
import yaml

from rules import kinds, patterns, schema
from rules.compile import Program
from rules.errors import KnowledgeError
from rules.patterns import compile_pattern
from rules.schema import Entry, Loader, nearest, read_file
from rules.signatures import SignatureSet

BUILT_IN: Final = Path(str(importlib.resources.files("knowledge")))
NOT_ENTRIES: Final = frozenset(
    {
        "tags.yaml",
        "wants.yaml",
        "components.yaml",
        "phrases.yaml",
        "api.yaml",
        "commands.yaml",
        "clients.yaml",
        "in-place.yaml",
        "gaps.yaml",
    }
)
NOT_ENTRY_FOLDERS: Final = frozenset({"coverage"})


@dataclass(frozen=True)
class Knowledge:
    """Everything that was loaded. Immutable: a reload makes a new one."""

    entries: tuple[Entry, ...]
    tags: frozenset[str]
    clients: frozenset[str] = frozenset()
    """Programs that are run where one works, not on the host that a finding is about."""

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def resolving(self) -> frozenset[str]:
        """Ids of entries whose symptom says that a name was not resolved."""
        return frozenset(entry.id for entry in self.entries if "dns" in entry.tags)

    @cached_property
    def signatures(self) -> SignatureSet:
        return SignatureSet(self.entries)

    @cached_property
    def program(self) -> Program:
        return Program(self.entries)


def entry_files(root: Path) -> list[Path]:
    """The files of entries below `root`, in order."""
    if root.is_file():
        return [root]
    return sorted(
        path
        for path in root.rglob("*.yaml")
        if path.name not in NOT_ENTRIES and not NOT_ENTRY_FOLDERS & set(path.relative_to(root).parts)
    )


def load(extra: Sequence[Path] = (), *, cache: bool = True, built_in: Path = BUILT_IN) -> Knowledge:
    """The built-in entries, with those of the `extra` directories added or in place of those of the same id.

    KnowledgeError lists every fault of every file.
    """
    roots = [built_in, *extra]
    files = [(root, path) for root in roots for path in entry_files(root)]
    cached = (
        _cache_file([built_in / "tags.yaml", built_in / "clients.yaml", *(path for _, path in files)])
        if cache
        else None
    )
    if cached is not None and (known := _read_cache(cached)) is not None:
        return known
    faults: list[str] = []
    entries: dict[str, Entry] = {}
    came_from: dict[str, Path] = {}
    for root, path in files:
        shown = f"{root.name}/{path.relative_to(root)}" if path != root else path.name
        try:
            for entry in read_file(path, shown):
                if came_from.get(entry.id) == root:
                    earlier = entries[entry.id]
                    faults.append(f"{shown}:{entry.line}: id {entry.id} is already in {earlier.file}:{earlier.line}")
                entries[entry.id] = entry
                came_from[entry.id] = root
        except KnowledgeError as error:
            faults += error.faults
    tags, clients = (
        frozenset(yaml.load((built_in / name).read_text(encoding="utf-8"), Loader))
        for name in ("tags.yaml", "clients.yaml")
    )
    faults += check_together(entries.values(), tags)
    if faults:
        raise KnowledgeError(faults)
    knowledge = Knowledge(tuple(entries.values()), tags, clients)
    if cached is not None:
        _write_cache(cached, knowledge)
    return knowledge


def check_together(entries: Iterable[Entry], tags: frozenset[str]) -> list[str]:
    """Faults that only show with all entries at hand: names of other entries, patterns that do not compile."""
    known = {entry.id for entry in entries}
    faults = []
    for entry in entries:
        at = f"{entry.file}:{entry.line}: {entry.id}"
        for name in entry.explains:
            if name not in known and name not in tags:
                faults.append(f"{at}: explains {name!r}, neither an entry nor a tag{nearest(name, known | tags)}")
        for name in entry.rivals:
            if name not in known:
                faults.append(f"{at}: rival {name!r} is no entry{nearest(name, known)}")
        for name in entry.tags:
            if name not in tags:
                faults.append(f"{at}: tag {name!r} is not in tags.yaml{nearest(name, tags)}")
        for pattern in (p for sign in entry.signs for p in (*sign.patterns, sign.unless) if p):
            try:
                compile_pattern(pattern)
            except re2.error as error:
                faults.append(f"{at}: pattern {pattern!r}: {error}")
        for route in entry.routes:
            for one in route.patterns:
                for test in one.tests:
                    named = test.value if isinstance(test.value, tuple) else (test.value,)
                    if one.kind in ("symptom", "finding") and test.attribute == "is" and test.op in ("==", "in"):
                        faults += [
                            f"{at}: {one.kind} {name!r} is no entry{nearest(str(name), known)}"
                            for name in named
                            if name not in known
                        ]
    return faults


def _cache_file(files: Iterable[Path]) -> Path | None:
    digest = hashlib.sha256()
    for module in (schema, kinds, patterns):
        digest.update(Path(str(module.__file__)).read_bytes())
    for path in files:
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    folder = os.environ.get("XDG_CACHE_HOME") or (Path.home() / ".cache")
    return Path(folder) / "kdiag" / f"knowledge-{digest.hexdigest()[:24]}.pickle"


def _read_cache(path: Path) -> Knowledge | None:
    # The file is the user's own, in the user's own cache directory.
    try:
        known = pickle.loads(path.read_bytes())
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError):
        return None
    return known if isinstance(known, Knowledge) else None


def _write_cache(path: Path, knowledge: Knowledge) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(pickle.dumps(replace(knowledge), protocol=5))
        Path(file.name).replace(path)
        for old in sorted(path.parent.glob("knowledge-*.pickle"), key=lambda p: p.stat().st_mtime)[:-3]:
            old.unlink(missing_ok=True)
