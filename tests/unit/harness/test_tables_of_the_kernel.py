from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.mounts import filesystem_of, mounts_below
from tests.harness.processes import Process, parse_stat

MOUNTS = """\
overlay / overlay rw,relatime 0 0
/dev/sda1 /home ext4 rw 0 0
tmpfs /home/me/cluster/kubelet/pods/1/volumes/token tmpfs rw 0 0
tmpfs /home/me/cluster-two/state tmpfs rw 0 0
overlay /home/me/cluster/state/with\\040space overlay rw 0 0
"""
STAT = "{pid} ({name}) {state} 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 9 0 {began} 123 45 0\n"


def test_only_mounts_below_the_folder_are_ours() -> None:
    assert mounts_below(Path("/home/me/cluster"), MOUNTS) == [
        "/home/me/cluster/kubelet/pods/1/volumes/token",
        "/home/me/cluster/state/with space",
    ]


@pytest.mark.parametrize(
    ("folder", "kind"), [("/home/me/cluster", "ext4"), ("/homely", "overlay"), ("/home", "ext4"), ("/", "overlay")]
)
def test_the_nearest_mount_says_which_file_system_a_folder_is_on(folder: str, kind: str) -> None:
    assert filesystem_of(Path(folder), MOUNTS) == kind


@pytest.mark.parametrize("name", ["etcd", "a b", "x) S 1 (y"])
def test_a_process_is_its_pid_and_when_it_began(name: str) -> None:
    assert parse_stat(7, STAT.format(pid=7, name=name, state="S", began=815)) == Process(7, 815)


@pytest.mark.parametrize("state", ["Z", "X"])
def test_an_ended_process_that_nobody_has_reaped_does_not_run(state: str) -> None:
    assert parse_stat(7, STAT.format(pid=7, name="etcd", state=state, began=815)) is None
