"""Documents about a release directory: what is in it, what was written into it, how its migrations rehearse."""

from typing import Literal

from pydantic import Field

from dbmigrations.runner.documents.parts import Document, Migration, Part


class Problem(Part):
    """A finding of `validate`."""

    file: str
    message: str
    remedy: str
    line: int = Field(description="From 1; 0: the whole file.")
    column: int
    field: str
    severity: Literal["error", "warning"]
    excerpt: str = Field(description="Up to five lines and a caret, of the first fifty errors; empty: there is none.")


class Unreleased(Migration):
    """A migration that no release lists."""

    path: str


class Validate(Document):
    """`validate`."""

    command: Literal["validate"]
    valid: bool
    releases: list[str]
    migrations: int
    unreleased: list[Unreleased]
    problems: list[Problem]


class ReleaseCut(Document):
    """`release cut`."""

    command: Literal["release cut"]
    release: str
    file: str
    listed: list[str]
    written: bool


class New(Document):
    """`new`."""

    command: Literal["new"]
    kind: Literal["schema", "sql", "data", "verify"]
    name: str
    files: list[str]


class Init(Document):
    """`init`."""

    command: Literal["init"]
    files: list[str]


class Rehearsed(Migration):
    """A migration that was rehearsed."""

    release: str
    up: str
    down: str | None
    finding: str = Field(description="What came of it, in words.")
    details: list[str]
    moved: list[str] = Field(description="Tables whose columns stand in another order afterwards.")
    laid_out: list[str] = Field(description="Routines that differ in white space and comments afterwards.")


class Rehearse(Document):
    """`rehearse`."""

    command: Literal["rehearse"]
    rehearsed: int
    findings: dict[str, int]
    not_inverse_rate: float
    lone_downs: list[str] = Field(description="Files that are the down of no migration.")
    migrations: list[Rehearsed]


class Docs(Document):
    """`docs`."""

    command: Literal["docs"]
    file: str
    agrees: bool = Field(description="Whether the page says what the ledger says, now that it may have been written.")
    written: bool


class Completion(Document):
    """`completion`."""

    command: Literal["completion"]
    shell: Literal["bash", "zsh", "fish"]
    script: str
