"""Migrations in the manner of real ones: Prisma folders with tables, columns, indexes, constraints and enums.

An application grows table by table. Each migration names only what the ones before it left, so all of them, in order,
apply to an empty database, one file in one transaction. The same seed gives the same bytes, and fewer are the first
of more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SEED = 20240101
RELEASE_SIZE = 20

_BEGAN = datetime(2021, 1, 4, 9, tzinfo=UTC)
_NOUNS = (
    *("account", "address", "alert", "asset", "audit", "badge", "batch", "booking", "branch", "budget", "campaign"),
    *("cart", "channel", "claim", "comment", "contact", "contract", "coupon", "customer", "device", "document"),
    *("event", "export", "feature", "form", "group", "import", "invoice", "item", "job", "label", "license", "message"),
    *("note", "order", "payment", "plan", "product", "profile", "project", "quote", "report", "review", "role"),
    *("schedule", "session", "shipment", "step", "survey", "tag", "task", "team", "ticket", "token", "user", "webhook"),
)
_ADJECTIVES = ("archived", "billing", "current", "default", "external", "initial", "last", "public", "shared", "total")
_TYPES = (
    *("TEXT", "TEXT", "TEXT", "VARCHAR(255)", "VARCHAR(80)", "INTEGER", "INTEGER", "BIGINT", "BOOLEAN"),
    *("TIMESTAMP(3)", "TIMESTAMP(3)", "JSONB", "UUID", "DECIMAL(12,2)", "DOUBLE PRECISION", "TEXT[]", "DATE"),
)
_DEFAULTS = {
    "TEXT": "''",
    "VARCHAR(255)": "''",
    "VARCHAR(80)": "'none'",
    "INTEGER": "0",
    "BIGINT": "0",
    "BOOLEAN": "false",
    "TIMESTAMP(3)": "CURRENT_TIMESTAMP",
    "JSONB": "'{}'",
    "UUID": "gen_random_uuid()",
    "DECIMAL(12,2)": "0",
    "DOUBLE PRECISION": "0",
    "TEXT[]": "ARRAY[]::TEXT[]",
    "DATE": "CURRENT_DATE",
}


@dataclass(frozen=True)
class Generated:
    """One migration: the folder's name, and the script in it."""

    name: str
    text: str


def migrations(count: int, seed: int = SEED) -> list[Generated]:
    """So many migrations, in the order in which they apply."""
    application = _Application(random.Random(seed))  # noqa: S311 - the same each time is what is wanted
    made, at = [], _BEGAN
    for number in range(count):
        subject, statements = application.begin() if number == 0 else application.change()
        made.append(Generated(f"{at:%Y%m%d%H%M%S}_{subject}", "\n\n".join(statements) + "\n"))
        at += timedelta(hours=application.chance.randrange(1, 96), seconds=application.chance.randrange(60))
    return made


def write(made: Sequence[Generated], folder: Path) -> list[Path]:
    """A release directory of them, a release for each RELEASE_SIZE: 1.0.0, 1.1.0, …; the scripts, in order.

    Prisma has no downs: each is declared irreversible, so that the directory is valid without a warning.
    """
    scripts = []
    for migration in made:
        script = folder / "prisma" / "migrations" / migration.name / "migration.sql"
        script.parent.mkdir(parents=True)
        script.write_text(migration.text)
        scripts.append(script)
    lock = folder / "prisma" / "migrations" / "migration_lock.toml"
    lock.write_text('provider = "postgresql"\n')
    lines = ["releases:"]
    for release, first in enumerate(range(0, len(made), RELEASE_SIZE)):
        lines += [f"  - version: 1.{release}.0", "    schema:"]
        names = [migration.name for migration in made[first : first + RELEASE_SIZE]]
        lines += [f"      - {name}" for name in names]
        lines += ["    irreversible:", *(f"      {name}: Prisma wrote no down" for name in names)]
    (folder / "releases.yaml").write_text("\n".join(lines) + "\n")
    return scripts


@dataclass
class _Table:
    name: str
    columns: dict[str, str] = field(default_factory=dict)
    """Type by name: those that nothing else refers to."""
    required: set[str] = field(default_factory=set)
    indexes: list[str] = field(default_factory=list)


@dataclass
class _Application:
    """What the migrations so far have made."""

    chance: random.Random
    tables: list[_Table] = field(default_factory=list)
    enums: dict[str, list[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def begin(self) -> tuple[str, list[str]]:
        """The first migration: some tables at once."""
        return "init", [statement for _ in range(12) for statement in self._new_table()[1]]

    def change(self) -> tuple[str, list[str]]:
        """One more: mostly one change, at times up to four."""
        changes: dict[Callable[[], tuple[str, list[str]]], int] = {
            self._new_table: 22,
            self._new_columns: 32,
            self._new_index: 12,
            self._new_reference: 8,
            self._new_enum: 5,
            self._new_value: 4,
            self._new_check: 3,
            self._fill_and_require: 4,
            self._widened: 4,
            self._renamed: 2,
            self._dropped_column: 5,
            self._dropped_index: 3,
        }
        often = self.chance.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]
        done = [change() for change in self.chance.choices(list(changes), list(changes.values()), k=often)]
        return done[0][0], [statement for _, statements in done for statement in statements]

    def _new_table(self) -> tuple[str, list[str]]:
        table = _Table(self._fresh("_".join(self.chance.sample(_NOUNS, 2)) + "s"))
        lines = ['    "id" UUID NOT NULL DEFAULT gen_random_uuid(),']
        lines += [f"    {column}," for column in self._columns(table, self.chance.randrange(2, 11))]
        lines += ['    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,']
        keys, indexes = [], []
        parents = self.chance.sample(self.tables, min(len(self.tables), self.chance.choices((0, 1, 2), (3, 5, 2))[0]))
        for parent in parents:
            lines.append(f'    "{parent.name}Id" UUID NOT NULL,')
            keys.append(self._reference(table, parent, f"{parent.name}Id", "CASCADE"))
            indexes.append(self._index(table, f"{parent.name}Id"))
        lines += ["", f'    CONSTRAINT "{table.name}_pkey" PRIMARY KEY ("id")']
        body = "\n".join(lines)
        self.tables.append(table)
        return f"add_{table.name}", [f'-- CreateTable\nCREATE TABLE "{table.name}" (\n{body}\n);', *indexes, *keys]

    def _new_columns(self) -> tuple[str, list[str]]:
        table = self._some_table()
        added = [f"ADD COLUMN     {column}" for column in self._columns(table, self.chance.choice((1, 1, 1, 2, 3)))]
        return f"extend_{table.name}", [_altered(table, *added)]

    def _new_index(self) -> tuple[str, list[str]]:
        table, column = self._some_column(but="JSONB")
        return f"index_{table.name}", [self._index(table, column)]

    def _new_reference(self) -> tuple[str, list[str]]:
        table, parent = self._some_table(), self._some_table()
        column = self._fresh(f"{self.chance.choice(_ADJECTIVES)}{parent.name.title().replace('_', '')}Id")
        statements = [_altered(table, f'ADD COLUMN     "{column}" UUID'), self._index(table, column)]
        return f"relate_{table.name}", [*statements, self._reference(table, parent, column, "SET NULL")]

    def _new_enum(self) -> tuple[str, list[str]]:
        table = self._some_table()
        words = self.chance.sample(_NOUNS, 4)
        name, values = self._fresh(f"{table.name.title().replace('_', '')}Kind"), [word.upper() for word in words[1:]]
        self.enums[name] = values
        column = self._fresh(f"{words[0]}Kind")
        listed = ", ".join(f"'{value}'" for value in values)
        added = f'ADD COLUMN     "{column}" "{name}" NOT NULL DEFAULT \'{values[0]}\''
        return f"classify_{table.name}", [
            f'-- CreateEnum\nCREATE TYPE "{name}" AS ENUM ({listed});',
            _altered(table, added),
        ]

    def _new_value(self) -> tuple[str, list[str]]:
        if not self.enums:
            return self._new_enum()
        name = self.chance.choice(list(self.enums))
        value = f"{self.chance.choice(_NOUNS)}_{len(self.enums[name])}".upper()
        self.enums[name].append(value)
        return "more_kinds", [f"-- AlterEnum\nALTER TYPE \"{name}\" ADD VALUE '{value}';"]

    def _new_check(self) -> tuple[str, list[str]]:
        table = self._some_table()
        column = self._fresh(f"{self.chance.choice(_NOUNS)}Count")
        name = self._fresh(f"{table.name}_{column}_check"[:60])
        added = f'ADD COLUMN     "{column}" INTEGER'
        return f"bound_{table.name}", [
            _altered(table, added),
            _altered(table, f'ADD CONSTRAINT "{name}" CHECK ("{column}" >= 0)'),
        ]

    def _fill_and_require(self) -> tuple[str, list[str]]:
        optional = [
            (table, column, kind)
            for table in self.tables
            for column, kind in table.columns.items()
            if column not in table.required
        ]
        table, column, kind = self.chance.choice(optional)
        table.required.add(column)
        filled = f'UPDATE "{table.name}" SET "{column}" = {_DEFAULTS[kind]} WHERE "{column}" IS NULL;'  # noqa: S608 - ours
        return f"require_{table.name}", [filled, _altered(table, f'ALTER COLUMN "{column}" SET NOT NULL')]

    def _widened(self) -> tuple[str, list[str]]:
        table, column = self._some_column(only=("VARCHAR(255)", "VARCHAR(80)", "INTEGER"))
        table.columns[column] = "BIGINT" if table.columns[column] == "INTEGER" else "TEXT"
        change = f'ALTER COLUMN "{column}" SET DATA TYPE {table.columns[column]}'
        return f"widen_{table.name}", [_altered(table, change)]

    def _renamed(self) -> tuple[str, list[str]]:
        table, column = self._some_column()
        new = self._fresh(f"{self.chance.choice(_ADJECTIVES)}{column.title()}")
        table.columns[new] = table.columns.pop(column)
        if column in table.required:
            table.required.add(new)
        return f"rename_in_{table.name}", [f'ALTER TABLE "{table.name}" RENAME COLUMN "{column}" TO "{new}";']

    def _dropped_column(self) -> tuple[str, list[str]]:
        table, column = self._some_column()
        del table.columns[column]
        return f"shorten_{table.name}", [_altered(table, f'DROP COLUMN "{column}"')]

    def _dropped_index(self) -> tuple[str, list[str]]:
        table = self._some_table()
        if not table.indexes:
            return self._new_index()
        name = table.indexes.pop(self.chance.randrange(len(table.indexes)))
        return f"unindex_{table.name}", [f'-- DropIndex\nDROP INDEX IF EXISTS "{name}";']

    def _columns(self, table: _Table, count: int) -> list[str]:
        lines = []
        for _ in range(count):
            name = self._fresh(self.chance.choice(_ADJECTIVES) + self.chance.choice(_NOUNS).title())
            kind = self.chance.choice(_TYPES)
            required = self.chance.random() < 0.5  # noqa: PLR2004 - half of them
            table.columns[name] = kind
            if required:
                table.required.add(name)
            lines.append(f'"{name}" {kind}' + (f" NOT NULL DEFAULT {_DEFAULTS[kind]}" if required else ""))
        return lines

    def _index(self, table: _Table, column: str) -> str:
        name = self._fresh(f"{table.name}_{column}_idx"[:60])
        table.indexes.append(name)
        return f'-- CreateIndex\nCREATE INDEX "{name}" ON "{table.name}"("{column}");'

    def _reference(self, table: _Table, parent: _Table, column: str, deleted: str) -> str:
        name = self._fresh(f"{table.name}_{column}_fkey"[:60])
        return (
            f'-- AddForeignKey\nALTER TABLE "{table.name}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}") '
            f'REFERENCES "{parent.name}"("id") ON DELETE {deleted} ON UPDATE CASCADE;'
        )

    def _some_table(self) -> _Table:
        return self.chance.choice(self.tables)

    def _some_column(self, *, only: Sequence[str] = _TYPES, but: str = "") -> tuple[_Table, str]:
        fitting = [
            (table, column)
            for table in self.tables
            for column, kind in table.columns.items()
            if kind in only and kind != but
        ]
        return self.chance.choice(fitting)

    def _fresh(self, name: str) -> str:
        """The name, with a number where it is taken; PostgreSQL would cut what is longer than 63 bytes."""
        number, free = 1, name
        while free in self.taken:
            number += 1
            free = f"{name}{number}"
        self.taken.add(free)
        return free


def _altered(table: _Table, *changes: str) -> str:
    return f'-- AlterTable\nALTER TABLE "{table.name}" ' + ",\n".join(changes) + ";"
