"""`kdiag check`, from files to the printed answer: the same consultation and renderers as every other question."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot import cli
from bot.collect.manifest.schemas import bundled

pytestmark = pytest.mark.skipif(not bundled(), reason="the package kubernetes-validate is not installed")

RIGHT = """\
id: "mail"
kind: "Service"
apiVersion: "v1beta1"
port: 25
selector:
  name: "mail"
labels:
  name: "mail"
"""
LOST = RIGHT.replace('selector:\n  name: "mail"', 'selector:\nname: "mail"')


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    root = str(Path(__file__).parents[3])  # for the engine's own process, where kdiag is not installed
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["kdiag", "check", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0), out, err


def test_a_right_manifest_has_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mail.yaml").write_text(RIGHT)
    code, out, _ = run(monkeypatch, capsys, "mail.yaml", "--format", "json")
    answer = json.loads(out)
    assert code == 0
    assert answer["question"] == {"kind": "check", "name": "mail.yaml"}
    assert answer["findings"] == []
    assert answer["gaps"] == []


def test_a_finding_names_file_and_line_and_its_first_step_is_the_corrected_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mail.yaml").write_text(LOST)
    code, out, _ = run(monkeypatch, capsys, "mail.yaml", "--format", "json")
    found = next(one for one in json.loads(out)["findings"] if one["id"] == "manifest-line-selector-empty")
    assert code == 0
    assert found["subject"] == "manifest mail.yaml:5"
    assert found["fix"][0]["command"] == 'selector:\n  name: "mail"'
    assert found["fix"][1]["command"] == "kubectl create -f mail.yaml"
    assert {"guide G14", "guide G30"} <= set(found["see"])
    assert found["because"][0] == {"fact": "selector:", "source": "mail.yaml, line 5"}


def test_the_text_shows_the_corrected_lines_as_lines_in_either_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mail.yaml").write_text(LOST)
    for lang, word in (("en", "not indented"), ("ja", "インデント")):
        code, out, _ = run(monkeypatch, capsys, "mail.yaml", "--lang", lang)
        lines = [line.strip() for line in out.splitlines()]
        assert code == 0
        assert word in out
        assert lines[lines.index("selector:") + 1] == 'name: "mail"'


def test_several_files_are_checked_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(RIGHT.replace("port: 25", 'port: 25\nportalIP: "10.254.1.1"'))
    (tmp_path / "b.yaml").write_text(
        RIGHT.replace('"mail"', '"post"').replace("port: 25", 'port: 25\nportalIP: "10.254.1.1"')
    )
    _, out, _ = run(monkeypatch, capsys, "a.yaml", "b.yaml", "--format", "json")
    assert [one["subject"] for one in json.loads(out)["findings"]] == ["manifest b.yaml:5"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.yaml", None, "cannot read absent.yaml"),
        ("empty.yaml", b"\n", "is empty"),
        ("binary.yaml", b"a\0b", "is not text"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_status_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
    said: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = run(monkeypatch, capsys, name)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


def test_an_unknown_version_of_kubernetes_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mail.yaml").write_text(RIGHT)
    code, _, err = run(monkeypatch, capsys, "mail.yaml", "--kubernetes-version", "1.3")
    assert code == 1
    assert "no schemas of Kubernetes 1.3" in err
