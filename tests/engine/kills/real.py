"""Real migrations that are not in this repository: pairs `<seconds>_<name>.up.sql` and `.down.sql` in a folder."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from tests.engine.kills.hostile import MigrationSet


def real_pairs() -> MigrationSet | None:
    """The pairs of `$KILL_CORPUS`; None: there are none."""
    folder = os.environ.get("KILL_CORPUS", "")
    ups = sorted(Path(folder).glob("*.up.sql")) if folder else []
    if not ups:
        return None
    files: dict[str, str] = {}
    names = []
    for up in ups:
        stamp, _, words = up.name.removesuffix(".up.sql").partition("_")
        name = f"{datetime.fromtimestamp(int(stamp), UTC):%Y%m%d_%H%M}_{words}"
        while name in names:
            name += "_2"
        names.append(name)
        files[f"migrations/sql/{name}.sql"] = _text(up)
        down = up.with_name(up.name.replace(".up.sql", ".down.sql"))
        if down.exists():
            files[f"migrations/sql/{name}.down.sql"] = _text(down)
    files["releases.yaml"] = (
        "releases:\n"
        f"  - version: 1.0.0\n    sql: [{', '.join(names[:-25])}]\n"
        f"  - version: 1.1.0\n    sql: [{', '.join(names[-25:])}]\n"
    )
    return MigrationSet("real", files, top="1.1.0", bottom="1.0.0")


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return text if text.strip() else "-- nothing to do\n"
