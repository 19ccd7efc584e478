"""df, free and timedatectl, as people paste them and as kdiag asks for them."""

from __future__ import annotations

from bot.read import read
from rules.kinds import Fact


def facts(text: str, kind: str) -> list[Fact]:
    return [one for one in read(text).facts if one.kind == kind]


def test_df_in_bytes_and_in_powers_of_two() -> None:
    exact = facts(
        "$ df -P -B1\n"
        "Filesystem       1-blocks         Used   Available Capacity Mounted on\n"
        "/dev/vda1     42949672960  41875931136  1073741824      98% /\n"
        "/dev/vdb1    107374182400  10737418240 96636764160      10% /var/lib/containerd\n",
        "disk",
    )
    assert [(one["mount"], one["used_percent"], one["free_bytes"]) for one in exact] == [
        ("/", 98, 1073741824),
        ("/var/lib/containerd", 10, 96636764160),
    ]
    human = facts("Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda2        40G   39G  1.0G  98% /\n", "disk")
    assert [(one["mount"], one["used_percent"], one["free_bytes"]) for one in human] == [("/", 98, 1 << 30)]


def test_df_of_inodes() -> None:
    found = facts(
        "Filesystem      Inodes   IUsed   IFree IUse% Mounted on\n/dev/vda1      2621440 2621440       0  100% /\n",
        "disk",
    )
    assert [(one["mount"], one["inodes_used_percent"]) for one in found] == [("/", 100)]
    assert "used_percent" not in found[0].attributes


def test_free_by_its_unit() -> None:
    table = (
        "              total        used        free      shared  buff/cache   available\n"
        "Mem:           7956        7100         120          10         736         398\n"
        "Swap:          2047           0        2047\n"
    )
    (megabytes,) = facts(f"$ free -m\n{table}", "memory")
    assert (megabytes["total_bytes"], megabytes["available_percent"]) == (7956 << 20, 5)
    assert megabytes["swap_bytes"] == 2047 << 20
    (kilobytes,) = facts(table, "memory")
    assert kilobytes["total_bytes"] == 7956 << 10


def test_timedatectl_of_both_eras() -> None:
    for line in ("NTP synchronized: no", "System clock synchronized: no"):
        assert [one["synchronized"] for one in facts(f"      {line}\n", "clock")] == [False]
    assert [one["synchronized"] for one in facts("System clock synchronized: yes\n", "clock")] == [True]


def test_prose_about_disks_is_no_table() -> None:
    assert not facts("The Filesystem is mounted on / and df says 98% used, 40G in total", "disk")
