"""Pages that are generated and kept must be those that the code would make now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def build_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "scripts" / "build_docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["docs/facts.md", "docs/knowledge.md", "docs/peers.md", "docs/settings.md", "deploy/rbac.yaml"]
)
def test_generated_pages_are_current(name: str) -> None:
    expected = build_docs().kept()[name]
    assert (ROOT / name).read_text(encoding="utf-8") == expected, "run `make docs` and commit what changed"
