"""A script keeps its identity through editors and Git's line ends, and loses it by any other change."""

from __future__ import annotations

from hashlib import sha256

import pytest

from dbmigrations.release import checksum

SCRIPT = b"SELECT 1;\nSELECT 2;"


@pytest.mark.parametrize(
    "same",
    [
        SCRIPT + b"\n",
        SCRIPT + b" \t\r\n\n",
        checksum.BOM + SCRIPT,
        b"SELECT 1;\r\nSELECT 2;",
        b"SELECT 1;\rSELECT 2;\r",
    ],
)
def test_marks_line_ends_and_trailing_space_do_not_change_identity(same: bytes) -> None:
    assert checksum.canonical(same) == sha256(SCRIPT).hexdigest()


@pytest.mark.parametrize("other", [b" " + SCRIPT, b"SELECT 1; \nSELECT 2;", SCRIPT.lower(), b"SELECT 1;\n\nSELECT 2;"])
def test_any_other_change_changes_identity(other: bytes) -> None:
    assert checksum.canonical(other) != checksum.canonical(SCRIPT)


def test_the_raw_checksum_is_that_of_the_bytes() -> None:
    raw = checksum.BOM + SCRIPT + b"\r\n"
    assert checksum.of_bytes(raw) == sha256(raw).hexdigest()


def test_prisma_may_have_seen_either_line_end() -> None:
    unix, windows = b"a\nb\n", b"a\r\nb\r\n"
    assert checksum.line_end_variants(unix) == checksum.line_end_variants(windows)
    assert checksum.of_bytes(unix) in checksum.line_end_variants(windows)
    assert checksum.of_bytes(b"a\nb") not in checksum.line_end_variants(unix)
