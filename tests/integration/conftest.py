"""Every test here needs real daemons, and none may leave anything behind: tasks, sockets or processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.sshd import Sshd, sshd


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


def _descriptors() -> set[str]:
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        try:
            target = str(each.readlink())
        except OSError:
            continue
        if target.startswith(("socket:", "pipe:")):
            found.add(target)
    return found


def _children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(each) for each in listed.split()}


@pytest.fixture
async def no_leaks() -> AsyncIterator[None]:
    """Nothing that the test opened outlives it."""
    tasks, descriptors, children = asyncio.all_tasks(), _descriptors(), _children()
    yield
    for _ in range(20):  # transports are closed by the loop's next rounds
        await asyncio.sleep(0.05)
        if not _descriptors() - descriptors:
            break
    assert asyncio.all_tasks() - tasks - {asyncio.current_task()} == set()
    assert _descriptors() - descriptors == set()
    assert _children() - children == set()


@pytest.fixture(scope="module")
def a_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as found:
        yield found
