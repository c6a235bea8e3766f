"""Versions are ordered as semver orders them; ranges are npm's."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.release.versions import Range, Version, VersionError

ASCENDING = [
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
]


def test_versions_sort_in_semver_order() -> None:
    shuffled = sorted(ASCENDING)
    assert [v.text for v in sorted(map(Version.parse, shuffled))] == ASCENDING


@given(st.sampled_from(ASCENDING), st.sampled_from(ASCENDING))
def test_comparing_agrees_with_the_position_in_semver_order(one: str, other: str) -> None:
    expected = ASCENDING.index(one) < ASCENDING.index(other)
    assert (Version.parse(one) < Version.parse(other)) is expected
    assert (Version.parse(one) >= Version.parse(other)) is not expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1.0.0+build.5", "build metadata"),
        ("v1.0.0", "write '1.0.0'"),
        ("1.10", "'1.10.0'"),
        ("1", "'1.0.0'"),
        ("01.0.0", "not a semantic version"),
        ("1.0.0-01", "not a semantic version"),
        ("1.0.0-", "not a semantic version"),
        ("1.0.0\n", "not a semantic version"),
        ("\uff11.0.0", "not a semantic version"),
        ("", "not a semantic version"),
        ("1.0.0-" + "a" * 64, "longer than 64"),
        ("../1.0.0", "not a semantic version"),
    ],
)
def test_what_is_not_a_version_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(VersionError, match=hint):
        Version.parse(text)


@given(st.text(max_size=80))
def test_any_text_is_a_version_or_a_version_error(text: str) -> None:
    with suppress(VersionError):
        assert str(Version.parse(text)) == text


@pytest.mark.parametrize(
    ("versions", "inside", "outside"),
    [
        ("1.0.x", "1.0.7", "1.1.0"),
        ("1.0.x - 1.1.x", "1.1.9", "1.2.0"),
        (">=1.0 <2", "1.9.9", "2.0.0"),
        ("^1.2", "1.3.0", "1.1.0"),
        ("1.0.0 || 2.x", "2.5.0", "1.0.1"),
    ],
)
def test_ranges_are_those_of_npm(versions: str, inside: str, outside: str) -> None:
    accepted = Range.parse(versions)
    assert accepted.contains(inside)
    assert accepted.contains(f"{inside}+build.1")
    assert not accepted.contains(outside)


def test_a_range_without_spaces_around_its_hyphen_is_told_what_is_missing() -> None:
    with pytest.raises(VersionError, match="spaces around the hyphen"):
        Range.parse("1.0.x-1.1.x")


def test_a_text_that_is_no_range_or_no_version_of_software_is_refused() -> None:
    with pytest.raises(VersionError, match="is not a range"):
        Range.parse("newest")
    with pytest.raises(VersionError, match="'newest' is not a semantic version"):
        Range.parse("1.x").contains("newest")
