"""The closed list: what becomes a command line, and that nothing from outside can become part of one unquoted."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.collect.ssh.commands import WrongArgument, commands_for, host_commands

HOSTILE = [
    "a; reboot",
    "$(reboot)",
    "`reboot`",
    "a b",
    "-rf",
    "--file=/etc/shadow",
    "a\nb",
    "",
    "a'b",
    'a"b',
    "a|b",
    "ａ",
    "a%b",
]


def test_a_line_is_what_a_person_would_type_with_a_fixed_environment() -> None:
    journal = host_commands()["journalctl-unit"]
    line = journal.line({"unit": "kubelet"}, sudo=True)
    words = shlex.split(line)
    assert words[:3] == ["env", "LC_ALL=C", "TZ=UTC"]
    assert words[4:7] == ["sudo", "-n", "journalctl"]
    assert words[-2:] == ["-u", "kubelet"]
    assert journal.shown({"unit": "kubelet"}).startswith("journalctl ")


def test_only_commands_that_gain_by_it_run_as_root() -> None:
    assert "sudo" not in host_commands()["df-bytes"].line({}, sudo=True)


def test_several_units_are_several_words() -> None:
    words = host_commands()["systemctl-show"].words({"units": ["etcd.service", "kubelet.service"]})
    assert words[-2:] == ["etcd.service", "kubelet.service"]


def test_an_address_of_six_is_put_in_brackets_for_a_url() -> None:
    words = host_commands()["curl"].words({"target": "fd00::1", "port": "6443"})
    assert words[-1] == "http://[fd00::1]:6443/"


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    ("name", "argument"), [("journalctl-unit", "unit"), ("ping", "target"), ("crictl-logs", "container")]
)
def test_what_is_not_of_its_type_is_refused(name: str, argument: str, value: str) -> None:
    with pytest.raises(WrongArgument):
        host_commands()[name].words({argument: value})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "1e3", "٣", "22; reboot", ""])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(WrongArgument):
        host_commands()["curl"].words({"target": "node1", "port": port})


def test_a_missing_argument_is_refused() -> None:
    with pytest.raises(WrongArgument):
        host_commands()["curl"].words({"target": "node1"})


@given(st.text())
def test_whatever_is_accepted_reaches_the_shell_as_one_word(value: str) -> None:
    for name, argument in (("journalctl-unit", "unit"), ("ping", "target")):
        command = host_commands()[name]
        try:
            line = command.line({argument: value}, sudo=False)
        except WrongArgument:
            continue
        assert shlex.split(line)[4:] == command.words({argument: value})
        assert not value.startswith("-")
        assert value in command.words({argument: value}) or f"[{value}]" in command.words({argument: value})


def test_every_want_of_a_host_has_its_commands() -> None:
    assert [each.name for each in commands_for("ports")] == ["ss-tlnp"]
    assert {each.name for each in commands_for("firewall")} == {"iptables-S", "nft-list", "firewall-cmd"}
