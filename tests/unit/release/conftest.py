"""What the tests of releases share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.release.on_disk import FILES, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "database"
    for name, text in FILES.items():
        write(folder, name, text)
    return folder
