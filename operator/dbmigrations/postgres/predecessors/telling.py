"""What another tool's table says of a database: from its rows to a Predecessor. Pure.

Each tool is read as it reads itself: which versions count as applied, and when it would refuse to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Tool(StrEnum):
    """The tools whose tables are known, by the names that their makers give them."""

    FLYWAY = "Flyway"
    DBMATE = "dbmate"
    GOLANG_MIGRATE = "golang-migrate"
    RAILS = "Rails"
    GOOSE = "goose"


Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A migration that counts as applied."""

    version: str
    """As the tool writes it: `20260101000000`, `3.1`."""
    script: str = ""
    """The name of its file, where the tool records that."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the rows say."""

    recorded: tuple[Recorded, ...] = ()
    """What counts as applied now, the lowest version first."""
    up_to: str = ""
    """Everything up to this version counts as applied, whether or not there is a row for it; empty: nothing does so."""
    unfinished: tuple[str, ...] = ()
    """Why the tool itself would not go on, for people."""
    odd: int = 0
    """Rows without a version, which the tool cannot have written."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A tool that was here, and what its table says."""

    tool: Tool
    table: str
    """With its schema, quoted where it must be."""
    is_in_application_schema: bool
    told: Told = Told()
    unreadable: str = ""
    """Why it could not be read, and what helps; empty: it was read."""

    @property
    def migrations(self) -> int | None:
        """How many it records; None: it records the newest alone, or could not be read."""
        return None if self.tool is Tool.GOLANG_MIGRATE or self.unreadable else len(self.told.recorded)

    @property
    def newest(self) -> str:
        """The highest version that counts as applied; empty: none does."""
        versions = [each.version for each in self.told.recorded]
        return max([*versions, self.told.up_to], key=version_key)


def version_key(version: str) -> tuple[int, ...]:
    """Versions in their order: `1.10` after `1.9`, `3` as `3.0`; what is no number comes first."""
    parts = version.replace("_", ".").replace("-", ".").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return ()
    numbers = [int(part) for part in parts]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def tell(tool: Tool, rows: Iterable[Row]) -> Told:
    """What the rows of a tool's table say, given in the order in which it wrote them."""
    match tool:
        case Tool.FLYWAY:
            return _flyway(rows)
        case Tool.DBMATE | Tool.RAILS:
            return _plain(rows)
        case Tool.GOLANG_MIGRATE:
            return _golang_migrate(list(rows))
        case Tool.GOOSE:
            return _goose(rows)
        case _:
            assert_never(tool)


def _plain(rows: Iterable[Row]) -> Told:
    """(version): a row is there, or it is not."""
    versions = [version for (version,) in rows]
    return Told(_ascending(Recorded(_text(each)) for each in versions if each is not None), odd=versions.count(None))


def _golang_migrate(rows: Sequence[Row]) -> Told:
    """(version, dirty): one row, the newest version; dirty from before a migration until after it."""
    versions = [str(version) for version, _ in rows if version is not None]
    unfinished = [
        f"version {version} is dirty: it runs, or it failed half-way. Mend what it left, then `migrate force <version>`"
        for version, dirty in rows
        if dirty is not False
    ]
    newest = max((each for each in versions if not each.startswith("-")), key=version_key, default="")
    return Told(up_to=newest, unfinished=tuple(unfinished), odd=len(rows) - len(versions))


def _goose(rows: Iterable[Row]) -> Told:
    """(version_id, is_applied): the newest row of a version counts. Version 0 is where it begins."""
    applied: dict[str, bool] = {}
    odd = 0
    for version, is_applied in rows:
        if version is None:
            odd += 1
        else:
            applied[str(version)] = is_applied is True
    return Told(_ascending(Recorded(each) for each, is_so in applied.items() if is_so and each != "0"), odd=odd)


def _flyway(rows: Iterable[Row]) -> Told:
    """(version, type, script, success). Without a version: a repeatable migration, or a marker."""
    applied: dict[str, Recorded] = {}
    failed: dict[tuple[str, str], str] = {}
    up_to = ""
    for version, kind, script, success in ((_text(v), _text(k), _text(s), success) for v, k, s, success in rows):
        if kind == "SCHEMA":  # made by Flyway itself, with the schema
            continue
        key = (version, "" if version else script)
        if success is not True:
            failed[key] = f"{script or version} failed. Mend what it left, then `flyway repair`"
            continue
        failed.pop(key, None)
        if not version:
            continue
        if kind == "DELETE" or kind.startswith("UNDO"):
            applied.pop(version, None)
        elif kind.endswith("BASELINE"):
            up_to = max(up_to, version, key=version_key)
        else:
            applied[version] = Recorded(version, script)
    return Told(_ascending(applied.values()), up_to, tuple(failed.values()))


def _ascending(recorded: Iterable[Recorded]) -> tuple[Recorded, ...]:
    return tuple(sorted(recorded, key=_place))


def _place(recorded: Recorded) -> tuple[int, ...]:
    return version_key(recorded.version)


def _text(value: object) -> str:
    """Fit for a message: whatever somebody put into the table writes no line of its own."""
    text = "" if value is None else str(value)
    return (
        text
        if text.isprintable()
        else "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    )
