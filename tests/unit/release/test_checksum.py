"""A script keeps its identity through editors and Git's line ends, and loses it by any other change."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.release import checksum

_PIECES = st.lists(
    st.sampled_from([b"a", b" ", b"\r", b"\n", b"\r\n", b"\xc3\xa9", checksum.BOM, b"\t", b"\v"]), max_size=12
)

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


@given(st.lists(_PIECES.map(b"".join), max_size=6))
def test_a_script_read_piece_by_piece_has_the_same_checksums(rest: list[bytes]) -> None:
    for start in (b"", checksum.BOM, b"abc", b"\r\n\r"):
        pieces = [start, *rest] if start else [b"".join(rest)]
        digest = checksum.Digest()
        for piece in pieces:
            digest.feed(piece)
        assert digest.checksums() == checksum.of_script(b"".join(pieces))
