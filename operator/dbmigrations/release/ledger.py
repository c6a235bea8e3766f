"""The ledger: which migration belongs to which version, and in which order. Texts in, values and problems out.

Two forms: `releases.yaml` with a list under `releases`, or one file for each release, `releases/<version>.yaml`.
Whether the listed files are there is not asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dbmigrations.release import layout
from dbmigrations.release.document import Items, Node, Table, Text, did_you_mean, read_document
from dbmigrations.release.fields import Fields
from dbmigrations.release.migration import Compatibility, Kind
from dbmigrations.release.problems import Problem
from dbmigrations.release.versions import Range, Version, VersionError

KEYS = (
    "version",
    "description",
    "baseline",
    "breaking",
    "compatibility",
    "irreversible",
    *(kind.value for kind in Kind),
    "migrations",
    "verify",
)
"""What a release may say."""

RELEASE_LIMIT = 10_000
"""Releases in one ledger."""


@dataclass(frozen=True, slots=True)
class Line:
    """One migration as the ledger lists it."""

    kind: Kind
    name: str
    file: str
    line: int
    column: int
    field: str


@dataclass(frozen=True, slots=True)
class AssertionLine:
    """One assertion as the ledger lists it."""

    name: str
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class LedgerRelease:
    """One release as the ledger has it."""

    version: Version
    description: str
    baseline: bool
    breaking: str | None
    compatibility: tuple[Compatibility, ...]
    lines: tuple[Line, ...]
    assertions: tuple[AssertionLine, ...]
    irreversible: Mapping[str, str]
    """Name of a migration of this release → why it has no down."""
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All releases that could be read, ascending, and everything that is wrong."""

    releases: tuple[LedgerRelease, ...]
    problems: tuple[Problem, ...]


def read_single(file: str, text: str) -> Ledger:
    """Read `releases.yaml`."""
    document = read_document(file, text)
    problems = list(document.problems)
    if document.root is None:
        if not problems:
            problems.append(Problem(file, "is empty", "begin with `releases:` and a list of releases"))
        return Ledger((), tuple(problems))
    fields = Fields(file, problems)
    entries = _entries(document.root, fields)
    releases = tuple(release for node in entries if (release := _release(node, fields, None)) is not None)
    return Ledger(tuple(sorted(releases, key=lambda r: r.version)), (*problems, *_misordered(releases)))


def read_many(texts: Mapping[str, str]) -> Ledger:
    """Read `releases/<version>.yaml`: path → text. The file's name is the version."""
    problems: list[Problem] = []
    releases: list[LedgerRelease] = []
    for file, text in texts.items():
        stem = file.rpartition("/")[2].removesuffix(".yaml")
        try:
            version = Version.parse(stem)
        except VersionError as error:
            problems.append(Problem(file, f"is named after no version: {error}", "name it <version>.yaml"))
            continue
        document = read_document(file, text)
        problems.extend(document.problems)
        if document.root is None:
            if not document.problems:
                problems.append(Problem(file, "is empty", "say at least `description:`"))
            continue
        release = _release(document.root, Fields(file, problems), version)
        if release is not None:
            releases.append(release)
    return Ledger(tuple(sorted(releases, key=lambda r: r.version)), tuple(problems))


def _entries(root: Node, fields: Fields) -> tuple[Node, ...]:
    if not isinstance(root, Table):
        fields.problem(root, "", "is not a mapping", "begin with `releases:` and a list of releases")
        return ()
    fields.known(root, ("releases",), "")
    value = root.get("releases")
    if value is None:
        fields.problem(root, "releases", "is missing or empty", "list at least one release: `- version: 1.0.0`")
        return ()
    if not isinstance(value, Items):
        fields.problem(value, "releases", "is not a list", "begin each release with `- version:`")
        return ()
    if len(value.items) > RELEASE_LIMIT:
        fields.problem(value, "releases", f"lists more than {RELEASE_LIMIT} releases", "")
        return ()
    return value.items


def _release(node: Node, fields: Fields, named: Version | None) -> LedgerRelease | None:
    """One release, or None where not even its version is known; everything wrong goes into the problems."""
    if not isinstance(node, Table):
        fields.problem(node, "releases" if named is None else "", "is not a mapping", "begin with `version: 1.0.0`")
        return None
    fields.known(node, KEYS, "")
    version = _version(node, fields, named)
    lines = _lines(node, fields)
    release = LedgerRelease(
        version=version or Version("0.0.0"),
        description=fields.text(node, "description") or "",
        baseline=fields.flag(node, "baseline"),
        breaking=fields.text(node, "breaking"),
        compatibility=_compatibility(node, fields),
        lines=lines,
        assertions=_assertions(node, fields),
        irreversible=_irreversible(node, fields, lines),
        file=fields.file,
        line=node.line,
    )
    return release if version else None


def _version(node: Table, fields: Fields, named: Version | None) -> Version | None:
    value = node.get("version")
    if value is None and named is not None:
        return named
    if value is None:
        fields.problem(node, "version", "is missing", "write `version: 1.0.0`")
        return None
    if not isinstance(value, Text):
        fields.problem(value, "version", "is not a text", "write `version: 1.0.0`")
        return None
    try:
        version = Version.parse(value.value)
    except VersionError as error:
        fields.problem(value, "version", str(error), "")
        return None
    if named is not None and version != named:
        fields.problem(value, "version", f"is {version}, but the file is named {named}.yaml", "make both the same")
    return version


def _lines(node: Table, fields: Fields) -> tuple[Line, ...]:
    free = node.get("migrations")
    listed = [kind for kind in Kind if node.get(kind.value) is not None]
    if free is None:
        return tuple(line for kind in listed for line in _listed(node, kind, fields))
    if listed:
        lists = ", ".join(kind.value for kind in listed)
        fields.problem(free, "migrations", f"stands beside {lists}", "either one list in free order, or the three")
        return ()
    if not isinstance(free, Items):
        fields.problem(free, "migrations", "is not a list", "write `migrations: [{sql: a}, {schema: b}]`")
        return ()
    return tuple(line for item in free.items if (line := _free_line(item, fields)) is not None)


def _listed(node: Table, kind: Kind, fields: Fields) -> tuple[Line, ...]:
    return tuple(_line(kind, name, fields, kind.value) for name in fields.names(node, kind.value, kind))


def _free_line(item: Node, fields: Fields) -> Line | None:
    remedy = "write the kind and the name: `{sql: 20260123_1200_name}`"
    if not isinstance(item, Table) or len(item.entries) != 1:
        fields.problem(item, "migrations", "is not one kind and one name", remedy)
        return None
    key, value = item.entries[0]
    if key.value not in tuple(Kind):
        hint = did_you_mean(key.value, Kind) or "one of schema, sql, data"
        fields.problem(key, "migrations", f"unknown kind {key.value!r}", hint)
        return None
    kind = Kind(key.value)
    name = fields.name(value, "migrations", kind)
    return _line(kind, name, fields, "migrations") if name else None


def _line(kind: Kind, name: Text, fields: Fields, field: str) -> Line:
    return Line(kind, name.value, fields.file, name.line, name.column, field)


def _assertions(node: Table, fields: Fields) -> tuple[AssertionLine, ...]:
    found: dict[str, AssertionLine] = {}
    for name in fields.names(node, "verify", None):
        if name.value in found:
            first = found[name.value].line
            fields.problem(name, "verify", f"{name.value!r} is listed twice, first on line {first}", "keep one of them")
        else:
            found[name.value] = AssertionLine(name.value, fields.file, name.line, name.column)
    return tuple(found.values())


def _compatibility(node: Table, fields: Fields) -> tuple[Compatibility, ...]:
    found: list[Compatibility] = []
    for component, versions in fields.table(node, "compatibility", 'write `{backend: "1.0.x"}`'):
        field = f"compatibility.{component.value}"
        if reason := layout.wrong_name(None, component.value):
            fields.problem(component, "compatibility", f"{component.value!r} is no name of a component", reason)
            continue
        try:
            found.append(Compatibility(component.value, Range.parse(versions.value)))
        except VersionError as error:
            fields.problem(versions, field, str(error), "")
    return tuple(found)


def _irreversible(node: Table, fields: Fields, lines: tuple[Line, ...]) -> Mapping[str, str]:
    names = {line.name for line in lines}
    found: dict[str, str] = {}
    for name, why in fields.table(node, "irreversible", 'write `{20260123_1210_name: "why"}`'):
        if name.value not in names:
            hint = did_you_mean(name.value, names) or "name one that this release lists"
            fields.problem(name, "irreversible", f"this release has no migration {name.value!r}", hint)
        elif why.absent or not why.value.strip():
            fields.problem(why, f"irreversible.{name.value}", "does not say why", "a reader will want to know")
        else:
            found[name.value] = why.value
    return found


def _misordered(releases: tuple[LedgerRelease, ...]) -> list[Problem]:
    """Duplicates, and versions that stand below a higher one, in the order of the file."""
    problems: list[Problem] = []
    seen: dict[Version, LedgerRelease] = {}
    highest: LedgerRelease | None = None
    for release in releases:
        if first := seen.get(release.version):
            message = f"{release.version} is listed twice, first on line {first.line}"
            problems.append(Problem(release.file, message, "keep one of them", release.line, field="version"))
        elif highest and release.version < highest.version:
            message = f"{release.version} stands after {highest.version} (line {highest.line})"
            problems.append(Problem(release.file, message, "order releases by version", release.line, field="version"))
        seen.setdefault(release.version, release)
        if highest is None or release.version > highest.version:
            highest = release
    return problems
