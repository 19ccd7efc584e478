"""`kdiag` as a person runs it: exit status, one-line errors, the JSON contract, and nothing that hangs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import demo

Run = Callable[..., subprocess.CompletedProcess[str]]
MISSING_SECRET = 'Warning  Failed  3s  kubelet  Error: secret "shop-db" not found'
RECORDING = {
    "nodes.json": '{"kind": "NodeList", "apiVersion": "v1", "items": []}',
    "shop/pods.json": json.dumps(
        {
            "kind": "PodList",
            "apiVersion": "v1",
            "items": [
                {
                    "metadata": {"name": "web-0", "namespace": "shop", "creationTimestamp": "2025-06-10T11:00:00Z"},
                    "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
                    "status": {
                        "phase": "Pending",
                        "conditions": [
                            {"type": "Ready", "status": "False"},
                            {"type": "PodScheduled", "status": "True"},
                        ],
                        "containerStatuses": [
                            {
                                "name": "web",
                                "ready": False,
                                "restartCount": 0,
                                "image": "registry.example.com/web:1",
                                "state": {
                                    "waiting": {
                                        "reason": "CreateContainerConfigError",
                                        "message": 'secret "shop-db" not found',
                                    }
                                },
                            }
                        ],
                    },
                }
            ],
        }
    ),
}


@pytest.fixture
def kdiag(tmp_path: Path) -> Run:
    def run(*arguments: str, stdin: str | bytes = "", timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            input=data,
            capture_output=True,
            timeout=timeout_s,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "100"},
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "recording"
    for name, content in RECORDING.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_an_error_is_explained_with_the_contract_of_json(kdiag: Run) -> None:
    done = kdiag("explain", "--format", "json", stdin=MISSING_SECRET)
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["question"] == {"kind": "explain"}
    first = answer["findings"][0]
    assert {
        "id", "subject", "root", "title", "cause", "certainty", "severity", "explains", "because", "fix", "verify", "see"
    } <= set(first)  # fmt: skip
    assert "shop-db" in first["cause"]
    assert {"command", "note", "risk"} == set(first["fix"][0])
    assert {"fact", "source"} == set(first["because"][0])


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "slack"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_format_and_language_names_the_object(kdiag: Run, format_: str, lang: str) -> None:
    done = kdiag("explain", "--format", format_, "--lang", lang, stdin=MISSING_SECRET)
    assert (done.returncode, done.stderr) == (0, "")
    assert "shop-db" in done.stdout


def test_why_explains_a_finding_of_the_last_answer(kdiag: Run) -> None:
    answer = json.loads(kdiag("explain", "--format", "json", stdin=MISSING_SECRET).stdout)
    id_ = answer["findings"][0]["id"]
    done = kdiag("why", id_)
    assert done.returncode == 0
    assert 'secret "shop-db" not found' in done.stdout
    wrong = kdiag("why", id_[:-1])
    assert wrong.returncode == 1
    assert f"did you mean {id_!r}?" in wrong.stderr


def test_why_without_an_answer_says_what_to_do(kdiag: Run) -> None:
    done = kdiag("why", "anything")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "ask something first" in done.stderr


@pytest.mark.parametrize("name", ["web-0", "shop/web-0", "web", "shop/we...", "we…"])
def test_a_pod_may_be_named_by_any_unambiguous_beginning(kdiag: Run, recording: Path, name: str) -> None:
    done = kdiag("pod", name, "--dump", str(recording), "--format", "json")
    answer = json.loads(done.stdout)
    assert answer["question"] == {"kind": "pod", "name": "shop/web-0"}
    assert answer["findings"][0]["subject"] == "pod shop/web-0"
    assert "shop-db" in answer["findings"][0]["cause"]
    assert answer["stage"] == {"reached": "image", "stopped_by": answer["findings"][0]["id"]}


def test_an_unknown_pod_names_the_nearest(kdiag: Run, recording: Path) -> None:
    done = kdiag("pod", "wbe-0", "--dump", str(recording))
    assert (done.returncode, done.stderr) == (1, "kdiag: no pod wbe-0 in this cluster; did you mean shop/web-0?\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("explain",), "", "empty"),
        (("explain",), "  \n\n", "empty"),
        (("explain", "/no/such/file"), "", "cannot read /no/such/file"),
        (("explain",), b"\x7fELF\x00\x01\x02" * 50, "not text"),
        (("summary", "--dump", "/no/such/directory"), "", "not a directory"),
        (("summary", "--dump", "/etc/ssl"), "", "holds no recorded cluster"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_status_1(
    kdiag: Run, arguments: tuple[str, ...], stdin: str | bytes, message: str
) -> None:
    done = kdiag(*arguments, stdin=stdin)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("kdiag: ") and done.stderr.count("\n") == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    "arguments", [("no-such-command",), ("pod",), ("summary", "--no-such-option"), ("summary", "--now", "yesterday")]
)
def test_wrong_usage_is_status_2(kdiag: Run, arguments: tuple[str, ...]) -> None:
    assert kdiag(*arguments).returncode == 2


@pytest.mark.parametrize("word", ["", "explain", "pod", "summary", "why", "check", "kb"])
def test_help_says_what_it_does(kdiag: Run, word: str) -> None:
    done = kdiag(*([word] if word else []), "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout


def test_the_version_is_printed(kdiag: Run) -> None:
    done = kdiag("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kdiag 0.")


HOSTILE = {
    "half a JSON": '{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "web',
    "deep nesting": "[" * 200_000,
    "deep YAML": "".join("  " * n + "a:\n" for n in range(3_000)),
    "billion laughs": "a0: &a0 [x,x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1},*a{n - 1}]\n" for n in range(1, 40)),
    "one endless line": "error " * 400_000,
    "control characters": '\x1b[31mError:\x1b[0m \x07\x08\u202e \u200b secret "shop-db" not found',
    "wrong encoding": b"\xff\xfe\xfd Error: \x80\x81",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_gives_an_answer_or_one_line(kdiag: Run, text: str | bytes) -> None:
    done = kdiag("explain", "--format", "json", stdin=text, timeout_s=30)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or (done.returncode == 1 and done.stderr.count("\n") == 1)


@pytest.mark.slow
def test_fifty_megabytes_are_answered_in_bounded_time(kdiag: Run) -> None:
    done = kdiag("explain", "--format", "json", stdin="I0610 healthy line of a log\n" * 1_800_000, timeout_s=30)
    assert done.returncode == 0
    assert json.loads(done.stdout)["gaps"], "what was not read must be said"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("shop/pods.json", '{"kind": "PodList", "items": [{"meta'),
        ("shop/pods.json", ""),
        ("shop/pods.json", "[]"),
        ("shop/pods.json", '{"kind": "PodList", "items": [null, 3, "x", {"metadata": null, "status": []}]}'),
        ("nodes.json", "\x00\x01"),
        ("shop/events.json", '{"items": {"a": 1}}'),
    ],
)
def test_a_broken_file_of_a_recording_is_a_gap(kdiag: Run, recording: Path, file: str, content: str) -> None:
    (recording / file).write_text(content)
    done = kdiag("summary", "--dump", str(recording), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert any(file.split("/")[-1] in f"{g['what']} {g['why']}" for g in json.loads(done.stdout)["gaps"])


def test_lint_shows_matters_of_hygiene_and_nothing_else(kdiag: Run) -> None:
    def ids(*arguments: str) -> set[str]:
        done = kdiag(*arguments, "--dump", str(demo.RECORDING), "--format", "json")
        return {str(finding["id"]) for finding in json.loads(done.stdout)["findings"]}

    lint, faults = ids("lint"), ids("summary")
    assert "hygiene-no-probes" in lint
    assert not lint & faults
    assert ids("summary", "--hygiene") == lint | faults
