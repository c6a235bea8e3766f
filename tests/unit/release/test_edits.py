"""What may not change once it was released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.release import directory
from dbmigrations.release.edits import edits
from dbmigrations.release.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEDGER = """\
releases:
  - version: 1.0.0
    sql: [20260101_0900_a, 20260102_0900_b]
    verify: [holds]
  - version: 1.1.0
    sql: [20260103_0900_c]
"""
FILES = {
    "releases.yaml": LEDGER,
    "migrations/verify/holds.sql": "SELECT true;\n",
    **{f"migrations/sql/2026010{n}_0900_{x}.sql": f"SELECT {n};\n" for n, x in ((1, "a"), (2, "b"), (3, "c"))},
    **{f"migrations/sql/2026010{n}_0900_{x}.down.sql": f"SELECT -{n};\n" for n, x in ((1, "a"), (2, "b"), (3, "c"))},
}
A = "migrations/sql/20260101_0900_a.sql"
A_DOWN = "migrations/sql/20260101_0900_a.down.sql"


def told(tmp_path: Path, changes: Mapping[str, str | None]) -> list[str]:
    found = []
    for name, files in (("then", FILES), ("now", {**FILES, **changes})):
        for path, text in files.items():
            if text is not None:
                file = tmp_path / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        read, problems = directory.inspect(tmp_path / name)
        assert read is not None, problems
        found.append(read)
    return [f"{each.severity} {each.where} {each.message}" for each in edits(found[0], found[1], "v1")]


def test_nothing_changed_and_what_is_added_above_are_no_findings(tmp_path: Path) -> None:
    more = LEDGER + "  - version: 1.2.0\n    sql: [20260104_0900_d]\n"
    assert not told(tmp_path, {})
    assert not told(tmp_path / "b", {"releases.yaml": more, "migrations/sql/20260104_0900_d.sql": "SELECT 4;"})


def test_line_ends_and_a_byte_order_mark_are_no_change(tmp_path: Path) -> None:
    assert not told(tmp_path, {A: "\ufeffSELECT 1;\r\n\r\n"})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({A: "SELECT 9;"}, [f"error {A}:1 was changed since v1, where it is part of release 1.0.0"]),
        ({A_DOWN: "SELECT 9;"}, [f"error {A_DOWN}:1 was changed since v1, where it is part of release 1.0.0"]),
        ({A_DOWN: None}, [f"error {A_DOWN}:1 is gone since v1, where it is part of release 1.0.0"]),
        (
            {"releases.yaml": LEDGER.replace("20260101_0900_a, ", "")},
            ["error releases.yaml:3 sql 20260101_0900_a was in release 1.0.0 at v1, and no release lists it now"],
        ),
        (
            {
                "releases.yaml": LEDGER.replace("20260101_0900_a, ", "").replace(
                    "[20260103", "[20260101_0900_a, 20260103"
                )
            },
            [
                "error releases.yaml:6 sql 20260101_0900_a was in release 1.0.0 at v1, and is in 1.1.0 now",
                "error releases.yaml:6 sql 20260101_0900_a is new in release 1.1.0, which v1 has already",
            ],
        ),
        (
            {"releases.yaml": LEDGER.replace("20260101_0900_a, 20260102_0900_b", "20260102_0900_b, 20260101_0900_a")},
            ["error releases.yaml:3 sql 20260102_0900_b stands where sql 20260101_0900_a stood at v1"],
        ),
        (
            {"releases.yaml": LEDGER[: LEDGER.index("  - version: 1.1.0")]},
            ["error releases.yaml:5 release 1.1.0, which v1 has, is gone"],
        ),
        (
            {"migrations/verify/holds.sql": "SELECT 1 = 1;"},
            ["warning migrations/verify/holds.sql:1 was changed since v1, where it is an assertion of release 1.0.0"],
        ),
        (
            {
                "releases.yaml": LEDGER.replace(
                    "  - version: 1.1.0", "  - version: 1.0.1\n    sql: [20260104_0900_d]\n  - version: 1.1.0"
                ),
                "migrations/sql/20260104_0900_d.sql": "SELECT 4;",
            },
            ["warning releases.yaml:5 release 1.0.1 is new and stands before 1.1.0, which v1 has"],
        ),
    ],
)
def test_each_edit_is_named_with_its_place(tmp_path: Path, changes: dict[str, str | None], expected: list[str]) -> None:
    assert told(tmp_path, changes) == expected


def test_each_error_has_a_remedy(tmp_path: Path) -> None:
    assert Severity.WARNING.value == "warning"
    then, _ = directory.inspect(_written(tmp_path / "then", FILES))
    now, _ = directory.inspect(_written(tmp_path / "now", {**FILES, A: "SELECT 9;"}))
    assert then is not None
    assert now is not None
    assert all(problem.remedy for problem in edits(then, now, "v1"))


def _written(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root
