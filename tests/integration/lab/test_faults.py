"""Each fault of the lab: made, asked about the way a user would, mended; and nothing to say on the healthy lab."""

from __future__ import annotations

import fcntl
import fnmatch
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab import cluster, faults, hosts, plan
from lab.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]


@pytest.fixture(scope="module", autouse=True)
def lab() -> Iterator[None]:
    """The running lab, healthy, for this run alone. `make lab` starts it, as CI does."""
    if not all(map(hosts.running, plan.HOSTS)):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("the lab does not run: make lab")
    with (plan.STATE / "tested").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.fail("another run tests the lab: two would take each other's faults for theirs")
        for fault in faults.broken():
            faults.heal(fault)
        cluster.wait_until_well()
        faults.forget()
        yield


def ask(question: str, context: str) -> dict[str, Any]:
    """kdiag's answer, from the command line as a user has it."""
    options = ["--config", str(plan.SOURCE / "kdiag.yaml"), "--context", context, "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *question.split(), *options],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=plan.SOURCE.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def found(answer: dict[str, Any]) -> list[str]:
    return [f"{each['id']} | {each['subject']}" for each in answer["findings"]]


def await_silence(context: str, patience_s: float = 45) -> None:
    """Nothing is found, at the latest when the cluster has settled."""
    end = time.monotonic() + patience_s
    while findings := found(ask("summary", context)):
        if time.monotonic() > end:
            pytest.fail(f"found on the healthy lab: {findings}")
        time.sleep(3)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """The fault that the test makes; mended when it ends, if the test did not get so far."""
    made: Fault = request.param
    try:
        yield made
    finally:
        if made in faults.broken():
            faults.heal(made)
        faults.forget()


@pytest.mark.parametrize("context", ["lab", "guide"])
def test_nothing_is_found_on_the_healthy_lab(context: str) -> None:
    await_silence(context, patience_s=0)


def _parameters() -> Iterator[Any]:
    for fault in faults.catalogue().values():
        marks = [pytest.mark.xfail(reason=fault.lacking)] if fault.lacking else []
        yield pytest.param(fault, id=fault.id, marks=marks)


@pytest.mark.parametrize("fault", list(_parameters()), indirect=True)
def test_the_first_finding_is_the_fault_and_mended_it_is_silent(fault: Fault) -> None:
    faults.break_(fault)
    for question in fault.ask:
        answer = ask(question, fault.context)
        assert answer["findings"], f"nothing found; gaps: {answer['gaps']}"
        first = answer["findings"][0]
        said = "\n  ".join([question, *found(answer)])
        assert first["id"] in fault.expect.id, said
        assert fnmatch.fnmatchcase(first["subject"], fault.expect.subject), said
    if fault.repairs:
        changes = [step for step in first["fix"] if step["risk"] != "read"]
        assert changes, f"no command that changes anything: {first['fix']}"
        faults.repair(changes[0]["command"], changes[0].get("on", ""))
        cluster.wait_until_well()
    faults.heal(fault)
    await_silence(fault.context)
