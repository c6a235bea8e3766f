"""Versions of a database and ranges of versions of the software that works with it.

Semantic versions with pre-releases and without build metadata, in semver's order; ranges as npm writes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import TYPE_CHECKING, Protocol, Self

from dbmigrations.api.words import SEMVER

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION_LIMIT = 64
"""Characters of a version."""

_PATTERN = re.compile(SEMVER.removesuffix("$") + r"\Z", re.ASCII)
_NUMBER = re.compile(r"[0-9]+\Z", re.ASCII)


class _Matcher(Protocol):
    def match(self, version: object) -> bool: ...


# The library has no types: these two are all that we use of it. Most commands read no range and do without it.
def _npm_range(text: str) -> _Matcher:
    import semantic_version

    made: Callable[[str], _Matcher] = semantic_version.NpmSpec  # type: ignore[attr-defined]
    return made(text)


def _software_version(text: str) -> object:
    import semantic_version

    made: Callable[[str], object] = semantic_version.Version  # type: ignore[attr-defined]
    return made(text)


class VersionError(ValueError):
    """A text that is not a version, or not a range; the message says why and what to write instead."""


_Identifier = tuple[int, int, str]
_Precedence = tuple[tuple[int, int, int], bool, tuple[_Identifier, ...]]
"""What semver compares: numbers, then a release after its pre-releases, then identifier by identifier."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """One version. Equal exactly when the texts are equal, since build metadata is refused. Made by `parse` alone."""

    text: str
    _precedence: _Precedence = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Split the text once: versions are compared often."""
        core, _, pre = self.text.partition("-")
        major, minor, patch = (int(part) for part in core.split("."))
        identifiers = tuple(_identifier(part) for part in pre.split(".") if part)
        object.__setattr__(self, "_precedence", ((major, minor, patch), not pre, identifiers))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version.

        Raises:
            VersionError: where it is not `major.minor.patch` with an optional pre-release.
        """
        if len(text) <= VERSION_LIMIT and _PATTERN.match(text) and not _leading_zero(text):
            return cls(text)
        raise VersionError(_why_not(text))

    def __lt__(self, other: Version) -> bool:
        """Semver's order."""
        return self._precedence < other._precedence

    def __str__(self) -> str:
        """The text as written."""
        return self.text


@dataclass(frozen=True, slots=True)
class Range:
    """A range of versions as npm writes it: `1.0.x`, `1.0.x - 1.1.x`, `^1.2`, `>=1.0 <2`, joined by `||`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a range.

        Raises:
            VersionError: where npm would not understand it either.
        """
        try:
            _npm_range(text)
        except ValueError:
            hint = ": write spaces around the hyphen, `1.0.x - 1.1.x`" if re.search(r"\w-\w", text) else ""
            raise VersionError(f"{text!r} is not a range of versions such as `1.0.x` or `>=1.0 <2`{hint}") from None
        return cls(text)

    def contains(self, version: str) -> bool:
        """Whether a version of the software lies in the range. Build metadata is ignored, as npm does.

        Raises:
            VersionError: where `version` is no semantic version.
        """
        try:
            candidate = _software_version(version)
        except ValueError:
            raise VersionError(f"{version!r} is not a semantic version") from None
        return _npm_range(self.text).match(candidate)


def _leading_zero(text: str) -> bool:
    _, _, pre = text.partition("-")
    return any(_NUMBER.match(part) and len(part) > 1 and part.startswith("0") for part in pre.split("."))


def _identifier(part: str) -> _Identifier:
    return (0, int(part), "") if _NUMBER.match(part) else (1, 0, part)


def _why_not(text: str) -> str:
    shown = text if len(text) <= VERSION_LIMIT else f"{text[:VERSION_LIMIT]}…"
    if len(text) > VERSION_LIMIT:
        return f"version {shown!r} is longer than {VERSION_LIMIT} characters"
    if "+" in text:
        return f"version {shown!r} has build metadata, which has no place in an order: leave out `+…`"
    if re.match(r"[vV][0-9]", text):
        return f"version {shown!r} begins with a `v`: write {shown[1:]!r}"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        return f"version {shown!r} is not complete: write major.minor.patch, {shown + '.0' * (2 - text.count('.'))!r}"
    return f"version {shown!r} is not a semantic version: write major.minor.patch, such as 1.2.0 or 1.2.0-rc.1"
