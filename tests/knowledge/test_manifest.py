"""What `kdiag check` can find and what is said of it are the same list."""

from __future__ import annotations

from pathlib import Path

import bot.collect.manifest
from rules.kinds import MANIFEST_PROBLEMS
from rules.knowledge import load


def test_every_problem_of_a_manifest_has_one_entry_and_no_entry_is_of_another() -> None:
    said = [e.id.removeprefix("manifest-line-") for e in load().entries if e.id.startswith("manifest-line-")]
    assert sorted(said) == sorted(MANIFEST_PROBLEMS)


def test_every_problem_is_found_somewhere_in_the_checker() -> None:
    folder = Path(bot.collect.manifest.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert [problem for problem in MANIFEST_PROBLEMS if f'"{problem}"' not in source] == []
