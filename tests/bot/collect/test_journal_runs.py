"""Of a unit's journal only the run that goes on, or ended last, tells about the present."""

from __future__ import annotations

from bot.collect.journal_runs import present

HEAD = "$ journalctl -u kubelet"
OLD = """Nov 26 11:29:52 n1 kubelet[324]: E1126 cannot reach the API server
Nov 26 11:29:53 n1 kubelet[324]: E1126 still cannot"""
STOP = "Nov 26 11:36:28 n1 systemd[1]: Stopped kubelet.service - Kubernetes node agent."
NEW = """Nov 26 11:36:29 n1 systemd[1]: Started kubelet.service - Kubernetes node agent.
Nov 26 11:36:30 n1 kubelet[900]: I1126 started
Nov 26 11:38:30 n1 kubelet[900]: I1126 works"""


def said(journal: str) -> list[str]:
    return [line for line in present(journal).split("\n") if line]


def test_a_run_that_works_leaves_the_one_before_it_behind() -> None:
    shown = said("\n".join([HEAD, OLD, STOP, NEW]))
    assert shown == [HEAD, *NEW.split("\n")[1:]]


def test_line_numbers_stay() -> None:
    journal = "\n".join([HEAD, OLD, STOP, NEW])
    assert len(present(journal).split("\n")) == len(journal.split("\n"))
    assert present(journal).split("\n")[-1] == NEW.split("\n")[-1]


def test_a_stopped_unit_keeps_its_last_run() -> None:
    assert said("\n".join([OLD, STOP])) == [*OLD.split("\n"), STOP]


def test_a_crash_loop_keeps_the_run_before_the_one_that_has_just_begun() -> None:
    crash = "Nov 26 11:36:26 n1 kubelet[899]: E1126 failed to load its configuration"
    exited = "Nov 26 11:36:26 n1 systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE"
    begun = "Nov 26 11:36:30 n1 kubelet[900]: I1126 flags"
    assert said("\n".join([OLD, crash, exited, begun])) == [crash, exited, begun]


def test_what_a_running_daemon_said_long_ago_is_over() -> None:
    late = "Nov 26 12:05:00 n1 kubelet[324]: I1126 works"
    assert said("\n".join([OLD, late])) == [late]


def test_what_systemd_counts_later_does_not_make_the_last_words_old() -> None:
    counted = "Nov 26 11:59:54 n1 systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 93."
    assert said("\n".join([OLD, counted])) == [*OLD.split("\n"), counted]


def test_a_trace_goes_with_its_line() -> None:
    assert said("\n".join([OLD, "\tgoroutine 1 [running]:", STOP, NEW])) == NEW.split("\n")[1:]


def test_another_text_stays_as_it_is() -> None:
    text = "-- No entries --"
    assert present(text) == text
