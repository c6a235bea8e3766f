from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from tests.harness import cgroups

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_groups_that_vanish_while_we_look_are_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    (tmp_path / "cgroup.controllers").touch()
    for number in range(400):
        (tmp_path / "ours" / f"pod{number}" / "container").mkdir(parents=True)
    kubelet = threading.Thread(target=shutil.rmtree, args=(tmp_path / "ours",))
    kubelet.start()

    while kubelet.is_alive():
        assert cgroups.members("ours") == []

    assert cgroups.members("ours") == []
