"""Chat, terminals and pagers damage text; each kind of damage leaves the same facts."""

from __future__ import annotations

import html
import random
from collections.abc import Callable

import pytest

from bot.read import read
from bot.read.draft import unescape
from bot.read.normalize import MAX_LINE, MAX_TEXT, clean, normalize
from rules.kinds import Fact

TEXT = """\
$ kubectl get pods -n bakery -o wide
NAME       READY   STATUS             RESTARTS   AGE   IP          NODE
oven-0     0/1     CrashLoopBackOff   7          12m   10.42.0.7   kiln-1
till-0     0/1     Pending            0          12m   <none>      <none>
$ kubectl get events -n bakery
LAST SEEN   TYPE      REASON       OBJECT       MESSAGE
5s          Warning   BackOff      pod/oven-0   Back-off restarting failed container "oven"
Jun 02 10:00:01 box1 kubelet[88]: E0602 10:00:01.000001      88 run.go:74] "command failed" err="swap is 'on'"
"""

NOISE = "Thanks for looking into this, here is what we have so far and it has been like that since yesterday.\n"


def _smart(text: str) -> str:
    return text.replace('"', "\u201c").replace("'", "\u2019").replace(" -o ", " \u2013o ")


def _coloured(text: str) -> str:
    return "\n".join(f"\x1b[1;31m{line}\x1b[0m" for line in text.split("\n"))


DAMAGE: dict[str, Callable[[str], str]] = {
    "entities": lambda text: html.escape(text, quote=False),
    "double-escaped": lambda text: html.escape(html.escape(text, quote=True)),
    "smart quotes": _smart,
    "colours": _coloured,
    "colours without escape": lambda text: text.replace("Crash", "[31mCrash").replace("BackOff  ", "BackOff[0m  "),
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no-break spaces": lambda text: text.replace("  ", "\u00a0\u00a0"),
    "zero-width": lambda text: text.replace("oven", "ov\u200ben").replace("pod/", "\ufeffpod/"),
    "fence": lambda text: f"```\n{text}```",
    "fence with language": lambda text: f"```console\n{text}\n```",
    "quote": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "code block": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "pre": lambda text: f"<pre>{text}</pre>",
    "grep -n": lambda text: "".join(f"{number}:{line}\n" for number, line in enumerate(text.splitlines(), 3)),
    "less -N": lambda text: "".join(f"{number:7} {line}\n" for number, line in enumerate(text.splitlines(), 1)),
    "noise": lambda text: NOISE * 100 + "\n" + text + "\n" + NOISE * 100,
    "trailing blanks": lambda text: "".join(f"{line:<160}\n" for line in text.splitlines()),
}


def _kept(made: Fact) -> bool:
    return made.kind not in ("paste",)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_leaves_the_same_facts(damage: Callable[[str], str]) -> None:
    whole = {made for made in read(TEXT).facts if _kept(made)}
    assert {made for made in read(damage(TEXT)).facts if _kept(made)} == whole


@pytest.mark.parametrize("width", [80, 100, 120, 132])
def test_a_message_cut_by_the_terminal_is_one_line_again(width: int) -> None:
    message = (
        'Error: failed to create containerd task: OCI runtime create failed: exec: "/usr/local/bin/entrypoint": stat '
        '/usr/local/bin/entrypoint: no such file or directory and a good deal more text to come: "unknown" (end of it)'
    )
    wrapped = "\n".join(message[at : at + width] for at in range(0, len(message), width))
    assert [passage.text for passage in read(wrapped).passages] == [message]


def test_an_exception_below_a_line_of_a_terminals_width_is_a_line_of_its_own() -> None:
    said = "ERROR [main] 2021-04-04 10:00:00,112 Server.java:803 - Exception encountered during the startup".ljust(
        100, "!"
    )
    raised = "java.lang.IllegalStateException: unfinished drain"
    assert [passage.text for passage in read(f"{said}\n{raised}").passages] == [f"{said}\n{raised}"]


def test_a_sentence_wrapped_between_words_is_joined_with_a_blank() -> None:
    text = 'Error from server (Forbidden): pods is forbidden: User "baker" cannot list resource "pods" in\nthe namespace "bakery"\n'
    assert 'in the namespace "bakery"' in read(text).passages[0].text


def test_lists_of_equal_length_are_not_joined() -> None:
    line = "registry {} of the cluster in the north answered with a healthy result from https://10.0.0.{}:2379"
    text = "\n".join(line.format(name, name) for name in (11, 22, 33))
    assert read(text).passages[0].text == text


def test_slack_links_show_what_was_typed() -> None:
    assert clean("see <http://oven.example.org|oven.example.org> and <https://reg.io/v2/>") == (
        "see oven.example.org and https://reg.io/v2/"
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"exec: \"sh\": not found", 'exec: "sh": not found'),
        (r"exec: \\\"sh\\\": not found\\n", 'exec: "sh": not found\n'),
        (r"C:\new\table", r"C:\new\table"),
        ("trailing \\", "trailing \\"),
    ],
)
def test_escaped_text_is_readable(text: str, plain: str) -> None:
    assert unescape(text) == plain


def test_sources_name_the_line_and_show_it_raw() -> None:
    seen = read("first\n\n&lt;b&gt; oven failed\n" + TEXT)
    pod = next(made for made in seen.facts if made.kind == "pod")
    assert pod.source.where == "line 6"
    assert pod.source.text.startswith("oven-0 ")


def test_every_line_is_in_exactly_one_passage() -> None:
    marked = "\n".join(f"{line}  mark{number:03}" if line else line for number, line in enumerate(TEXT.split("\n")))
    scanned = "\n".join(passage.text for passage in read(marked).passages)
    for number, line in enumerate(TEXT.split("\n")):
        assert scanned.count(f"mark{number:03}") == (1 if line else 0)


def test_what_is_not_read_is_a_gap() -> None:
    seen = read("x y z\n" * (MAX_TEXT // 3) + "the last line says why\n")
    assert [gap.what for gap in seen.gaps] == ["the middle of the text"]
    assert "the last line says why" in seen.passages[-1].text
    assert [gap.what for gap in read("x" * (MAX_LINE + 1)).gaps] == ["the end of a line"]


def test_numbers_of_lines_survive_the_cut() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 400_000))
    page = normalize(text)
    last = page.lines[-1]
    assert (last.number, last.text) == (399_999, "line 399999")


def test_bare_names_join_the_only_qualified_one() -> None:
    text = "NAME     READY   STATUS   RESTARTS   AGE\noven-0   0/1     Error    1          2m\n\nName:         oven-0\nNamespace:    bakery\nNode:         kiln-1/10.0.0.1\nStatus:       Running\n"
    assert {made["pod"] for made in read(text).facts if made.kind == "pod"} == {"bakery/oven-0"}


def test_a_name_in_two_namespaces_stays_bare() -> None:
    text = "NAMESPACE  NAME    READY  STATUS   RESTARTS  AGE\na          oven-0  0/1    Error    1         2m\nb          oven-0  0/1    Error    1         2m\n\nLAST SEEN  TYPE     REASON   OBJECT      MESSAGE\n5s         Warning  BackOff  pod/oven-0  Back-off\n"
    event = next(made for made in read(text).facts if made.kind == "event")
    assert event["pod"] == "oven-0"


def test_shuffled_lines_never_raise() -> None:
    lines = TEXT.split("\n") * 3
    for seed in range(50):
        random.Random(seed).shuffle(lines)
        read("\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "nodes not ready: [m-2]",
        "not ready: [master-1, master-2] of 3",
        "peers [m1]",
        "status [manifests 3]: 401",
        "code [manifests 1.2]: 401",
    ],
)
def test_a_list_that_begins_with_m_is_no_left_over_colour(text: str) -> None:
    assert clean(text) == text


def test_a_left_over_reset_is_taken_away() -> None:
    assert clean("kubelet [mfailed") == "kubelet failed"
