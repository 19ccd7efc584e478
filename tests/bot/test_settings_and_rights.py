"""Settings are documented, the role and the commands only read, and the documentation's example is valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.collect.ssh.commands import host_commands
from bot.config import Settings, load_settings
from bot.config.reference import sections
from bot.rbac import manifests
from rules.knowledge import load

ROOT = Path(__file__).parents[2]


def test_every_setting_is_explained() -> None:
    bare = [
        f"{path}.{name}"
        for path, model in sections(Settings, "")
        for name, f in model.model_fields.items()
        if not f.description
    ]
    assert bare == []


def test_the_role_only_reads() -> None:
    for secrets in (False, True):
        role = next(
            each
            for each in yaml.safe_load_all(manifests(load(), secrets=secrets))
            if each and each["kind"] == "ClusterRole"
        )
        assert {verb for rule in role["rules"] for verb in rule["verbs"]} <= {"get", "list"}
        named = {resource for rule in role["rules"] for resource in rule.get("resources", ())}
        assert "*" not in named
        assert ("secrets" in named) is secrets


def test_the_settings_shown_in_the_documentation_are_valid(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(clusters:.*?)```", (ROOT / "docs/clusters.md").read_text(), re.DOTALL)
    assert example
    path = tmp_path / "kdiag.yaml"
    path.write_text(example[1])
    assert set(load_settings(path).clusters) == {"prod", "managed", "old", "incident-42"}


def test_commands_that_need_root_say_where_they_are() -> None:
    assert [
        each.name for each in host_commands().values() if each.root and not each.path.endswith(f"/{each.run[0]}")
    ] == []


@pytest.mark.parametrize(
    "verb", ["start", "stop", "restart", "delete", "set", "add", "--vacuum", "flush", "rm", "prune"]
)
def test_no_command_changes_anything(verb: str) -> None:
    assert [each.name for each in host_commands().values() if verb in each.run] == []
