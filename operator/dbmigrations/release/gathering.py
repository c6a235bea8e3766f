"""Putting the ledger's lines and the files together: each line must have its files, each file its one line."""

from pathlib import Path

from dbmigrations.release import files, layout
from dbmigrations.release.document import did_you_mean
from dbmigrations.release.layout import Found
from dbmigrations.release.ledger import AssertionLine, LedgerRelease, Line
from dbmigrations.release.migration import Assertion, Key, Kind, Migration, Release, Script
from dbmigrations.release.problems import Problem, Severity
from dbmigrations.release.versions import Version

_NO_SCRIPT = Script("", "", "", "", frozenset())
_EMPTY = "where it is not applied yet, write it, or let a comment say that nothing is to be done"


class Gathering:
    """Reads the files of one release after the other, ascending, and collects what is wrong in `problems`."""

    def __init__(
        self, root: Path, found: Found, *, require_down: bool, read_large: files.LargeReader | None = None
    ) -> None:
        self._root = root
        self._found = found
        self._require_down = require_down
        self._read_large = read_large
        self._listed: dict[Key, Line] = {}
        self._asserted: set[str] = set()
        self._newest_schema = ""
        self._scripts: dict[str, Script] = {}
        self.problems: list[Problem] = []

    def release(self, release: LedgerRelease) -> Release:
        """A release with its scripts; scripts that cannot be had are empty, and an error says why."""
        return Release(
            version=release.version,
            description=release.description,
            baseline=release.baseline,
            breaking=release.breaking,
            compatibility=release.compatibility,
            migrations=tuple(self._migration(line, release) for line in release.lines if self._is_first(line)),
            assertions=tuple(self._assertion(line, release.version) for line in release.assertions),
            file=release.file,
            line=release.line,
        )

    def unlisted(self) -> list[Problem]:
        """Warnings about files that nothing leads to; to be asked after all releases."""
        assertions = [
            (layout.assertion_path(name), "no release runs this assertion", "list it under `verify:`")
            for name in self._found.assertions
            if name not in self._asserted
        ]
        foreign = [
            (path, "only .sql is supported in this version", "write it in SQL")
            for name, path in self._found.foreign
            if (Kind.DATA, name) not in self._listed
        ]
        return [
            Problem(path, message, remedy, severity=Severity.WARNING) for path, message, remedy in assertions + foreign
        ]

    def _is_first(self, line: Line) -> bool:
        first = self._listed.setdefault((line.kind, line.name), line)
        if first is line:
            return True
        where = f"{first.file}:{first.line}"
        self._tell(line, f"{line.name!r} is listed twice, first at {where}", "keep one of them")
        return False

    def _migration(self, line: Line, release: LedgerRelease) -> Migration:
        why = release.irreversible.get(line.name)
        return Migration(
            kind=line.kind,
            name=line.name,
            release=release.version,
            up=self._up(line),
            down=self._down(line, why, baseline=release.baseline),
            irreversible=why,
            file=line.file,
            line=line.line,
        )

    def _up(self, line: Line) -> Script:
        if line.kind is Kind.SCHEMA:
            self._check_prisma_order(line)
        path = layout.up_path(line.kind, line.name)
        foreign = next((p for name, p in self._found.foreign if line.kind is Kind.DATA and name == line.name), None)
        try:
            script = self._script(path, self._read_large)
        except files.AbsentError:
            if foreign:
                self._tell(line, f"{foreign}: only .sql is supported in this version", "write it in SQL")
            else:
                self._tell(line, f"there is no file {path}", self._where_it_may_be(line, path))
            return _NO_SCRIPT
        except files.UnreadableError as error:
            self._unreadable(path, error)
            return _NO_SCRIPT
        if foreign:
            self._tell(line, f"{path} and {foreign} have one name", "keep one of them")
        if not script.text.strip():
            self.problems.append(Problem(path, "is empty: it does nothing", _EMPTY, severity=Severity.WARNING))
        return script

    def _where_it_may_be(self, line: Line, path: str) -> str:
        flat = path.rpartition("/")[2]
        if files.exists(self._root, flat):
            return f"{flat} lies at the root: a ConfigMap's `items: [{{key, path}}]` say where its keys belong"
        return did_you_mean(line.name, self._found.names(line.kind)) or "add the file, or take the line out"

    def _down(self, line: Line, irreversible: str | None, *, baseline: bool) -> Script | None:
        path = layout.down_path(line.kind, line.name)
        try:
            script = self._script(path)
        except files.AbsentError:
            if irreversible is None and not baseline:
                self._tell_missing_down(line, path)
            return None
        except files.UnreadableError as error:
            self._unreadable(path, error)
            return None
        if irreversible is not None:
            self._tell(line, f"is declared irreversible, but there is {path}", "keep one of the two")
        return script

    def _assertion(self, line: AssertionLine, version: Version) -> Assertion:
        self._asserted.add(line.name)
        path = layout.assertion_path(line.name)
        script = _NO_SCRIPT
        try:
            script = self._script(path)
        except files.AbsentError:
            hint = did_you_mean(line.name, self._found.assertions) or "add the file, or take the line out"
            message = f"there is no file {path}"
            self.problems.append(Problem(line.file, message, hint, line.line, line.column, "verify"))
        except files.UnreadableError as error:
            self._unreadable(path, error)
        return Assertion(line.name, version, script, line.file, line.line)

    def _script(self, path: str, read_large: files.LargeReader | None = None) -> Script:
        """Downs and assertions are read as a whole: the database keeps them."""
        if path not in self._scripts:
            self._scripts[path] = files.read_script(self._root, path, read_large)
        return self._scripts[path]

    def _check_prisma_order(self, line: Line) -> None:
        """Prisma applies its migrations by name: in another order `migrate dev` would build another database."""
        if line.name < self._newest_schema:
            self._tell(
                line,
                f"{line.name!r} comes after {self._newest_schema!r} here, before it for Prisma",
                "order schema migrations by name",
                severity=Severity.WARNING,
            )
        self._newest_schema = max(self._newest_schema, line.name)

    def _tell_missing_down(self, line: Line, path: str) -> None:
        severity = Severity.ERROR if self._require_down else Severity.WARNING
        remedy = f"add {path}, or declare it: `irreversible: {{{line.name}: why}}`"
        self._tell(line, f"{line.name!r} has no down", remedy, severity=severity)

    def _tell(self, line: Line, message: str, remedy: str, *, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(Problem(line.file, message, remedy, line.line, line.column, line.field, severity))

    def _unreadable(self, path: str, error: files.UnreadableError) -> None:
        self.problems.append(Problem(path, error.message, error.remedy, error.line, error.column))
