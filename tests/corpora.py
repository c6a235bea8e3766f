"""Real migrations of other applications, which are not part of the repository but may lie beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path("shared") / "corpora"


def folder() -> Path | None:
    """`$DBMIGRATIONS_CORPORA`, else the nearest `shared/corpora` beside the repository or above it; None: neither."""
    chosen = os.environ.get("DBMIGRATIONS_CORPORA")
    if chosen:
        return Path(chosen)
    return next((at / BESIDE for at in Path(__file__).resolve().parents[1:] if (at / BESIDE).is_dir()), None)


def scripts() -> list[Path]:
    """Every SQL file of them; the test is skipped where they are not."""
    found = folder()
    if found is None:
        pytest.skip(f"real migrations are not part of the repository: {BESIDE} beside it, or DBMIGRATIONS_CORPORA")
    return sorted(found.rglob("*.sql"))
