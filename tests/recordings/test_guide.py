"""The recordings of the guide's cluster: as their builder makes them, silent when healthy, one for each row of a state."""

from __future__ import annotations

import re
from typing import Final

import pytest

from rules.knowledge import Knowledge
from tests.recordings.guide.build import HERE, all_files
from tests.recordings.guide.cluster import MASTER, NODE1, NODE2, uid
from tests.recordings.test_recordings import answer_to

HEALTHY: Final = HERE / "healthy"
QUESTIONS: Final = [
    "summary",
    *(f"host {host}" for host in (MASTER, NODE1, NODE2)),
    *(f"pod {uid(number)}" for number in (1, 2, 3, 4)),
    *(f"node {node}" for node in (NODE1, NODE2)),
    *(f"service {app}-service" for app in ("webserver", "db")),
    *(f"rc {app}-controller" for app in ("webserver", "db")),
    "etcd /registry",
]
ROWS_WITHOUT_STATE: Final = frozenset(
    {"G15", "G16", "G17", "G18", "G19", "G20", "G21", "G22", "G27", "G28", "G29", "G30"}  # words about a manifest
    | {"G48", "G49", "G50"}  # what somebody does or is about to do
    | {"G35"}  # the healthy cluster
)


def test_the_recordings_are_what_their_builder_makes() -> None:
    kept = {
        path.relative_to(HERE).as_posix(): path.read_text(encoding="utf-8")
        for path in HERE.rglob("*")
        if path.is_file() and path.parent != HERE and "__pycache__" not in path.parts
    }
    made = all_files()
    assert sorted(kept) == sorted(made)
    assert [path for path, text in made.items() if kept[path] != text] == []


def test_every_row_about_a_state_has_a_recording() -> None:
    rows = {f"G{number:02}" for number in range(1, 57)} - ROWS_WITHOUT_STATE
    recorded = {name[:3].upper() for name in (path.name for path in HERE.iterdir()) if re.match(r"g\d\d-", name)}
    assert rows - recorded == set()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_nothing_is_found_in_the_healthy_cluster(question: str, knowledge: Knowledge) -> None:
    answer = await answer_to(knowledge, HEALTHY, {"question": question})
    assert [(found["id"], found["subject"]) for found in answer["findings"]] == []
    if question.startswith("pod "):
        assert answer["stage"] == {"reached": "serving", "stopped_by": None}


async def test_etcd_is_read_by_path_pretty_printed(knowledge: Knowledge) -> None:
    answer = await answer_to(knowledge, HEALTHY, {"question": "etcd /registry/minions"})
    assert answer["etcd"]["children"] == [f"/registry/minions/{node}" for node in (NODE1, NODE2)]
    answer = await answer_to(knowledge, HEALTHY, {"question": f"etcd /registry/minions/{NODE1}"})
    assert '\n  "hostIP": "192.168.122.116",\n' in answer["etcd"]["value"]
