"""DATABASE_VERSION.md: the ledger as a page for people, generated, so that it never says anything else. Pure."""

import re
from collections.abc import Iterator

from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.release.migration import Kind, Migration, Release

PAGE = "DATABASE_VERSION.md"
"""In the release directory."""

_TITLES = {Kind.SCHEMA: "Schema", Kind.SQL: "SQL", Kind.DATA: "Data"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~])")


def version_page(directory: ReleaseDirectory) -> str:
    """The whole page: the newest version, a table of all releases, and each release with its migrations."""
    return "\n".join(_lines(directory)) + "\n"


def _lines(directory: ReleaseDirectory) -> Iterator[str]:
    yield "<!-- Generated from the ledger by `dbmigrate docs`; edit the ledger. -->"
    yield "# Versions of the database"
    yield ""
    newest_first = tuple(reversed(directory.releases))
    if not newest_first:
        yield "There is no release yet."
        return
    yield f"The newest version is **{newest_first[0].version}**."
    yield ""
    components = sorted({each.component for release in newest_first for each in release.compatibility})
    yield _row("Version", "Description", "Migrations", *(_text(component) for component in components))
    yield _row(*("---" for _ in range(3 + len(components))))
    for release in newest_first:
        ranges = {each.component: each.versions.text for each in release.compatibility}
        works_with = (_code(ranges[name]) if name in ranges else "" for name in components)
        yield _row(release.version.text, _text(release.description), str(len(release.migrations)), *works_with)
    for release in newest_first:
        yield from _release(release)


def _release(release: Release) -> Iterator[str]:
    yield ""
    yield f"## {release.version}"
    if release.description:
        yield ""
        yield _text(release.description)
    if release.baseline:
        yield ""
        yield "Existed before its migrations were recorded: no rollback goes below it."
    if release.breaking:
        yield ""
        yield f"**Breaking:** {_text(release.breaking)}"
    if release.migrations:
        yield ""
        yield _row("Kind", "Migration", "Way back")
        yield _row("---", "---", "---")
        for migration in release.migrations:
            way_back = _way_back(migration, baseline=release.baseline)
            yield _row(_TITLES[migration.kind], _code(migration.name), way_back)
    if release.assertions:
        yield ""
        yield "Verified by " + ", ".join(_code(assertion.name) for assertion in release.assertions) + "."


def _way_back(migration: Migration, *, baseline: bool) -> str:
    if migration.down:
        return "yes"
    if migration.irreversible:
        return f"no: {_text(migration.irreversible)}"
    return "no (baseline)" if baseline else "no"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Text of a person as one line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Names and ranges as code; neither has a backtick. A pipe would end the cell of a table."""
    return f"`{text}`".replace("|", "\\|")
