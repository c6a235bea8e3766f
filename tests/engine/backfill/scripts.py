"""A backfill that must do each row exactly once: it counts."""

from __future__ import annotations

COUNT = "SELECT n, count(*) FROM counters GROUP BY n ORDER BY n"
"""How often rows were counted."""


def counting(
    statement: str = "UPDATE counters SET n = n + 1 WHERE :batch",
    *,
    key: str = "id",
    batch: int = 100,
    more: str = "",
    remaining: str = "SELECT count(*) FROM counters WHERE n = 0",
) -> str:
    """The script: its second line is about what remains."""
    head = f"-- migrate: backfill=counters key={key} batch={batch} {more}".rstrip()
    return f"{head}\n-- migrate: remaining={remaining}\n{statement};\n"
