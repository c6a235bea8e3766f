"""Adopting a database that existed before: what the tools say that were there, and when they contradict the baseline.

Each tool that was found is asked for itself. What none of them speaks of is taken on trust, and said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.postgres.predecessors.telling import version_key
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight import wording
from dbmigrations.runner.preflight.comparison import Comparison, compare
from dbmigrations.runner.preflight.drafting import needs_baseline, records_baseline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.predecessors.telling import Predecessor
    from dbmigrations.release.migration import Migration
    from dbmigrations.release.versions import Version
    from dbmigrations.runner.preflight.case import Case, Refused
    from dbmigrations.runner.preflight.facts import PreflightFacts


DIFFERENCES_SHOWN = 8
"""Differences that a refusal names; it then counts."""


_NO_TOOL = (
    ". No other tool's table was found either: what was made by hand is recorded with `prisma migrate resolve "
    "--applied <name>`, or is listed under `sql:`, which is taken on trust"
)


@dataclass(frozen=True)
class Found:
    """A tool that migrated the database before, in short."""

    tool: str
    table: str
    migrations: int | None
    """How many it records; None: it records the newest alone, or could not be read."""
    newest: str
    """Empty: none."""
    agrees_with: str
    """The release that its record is of; empty: it cannot be told, or none."""

    @property
    def words(self) -> str:
        """`Flyway (12 migrations, newest 3.1)`."""
        figures = [] if self.migrations is None else [wording.counted(self.migrations, "migration")]
        figures += [f"newest {self.newest}"] if self.newest else []
        return f"{self.tool} ({', '.join(figures) or self.table})"


def found(facts: PreflightFacts) -> tuple[Found, ...]:
    """Every tool whose table is there, Prisma first; nothing where the database has a history of ours."""
    if facts.history.exists:
        return ()
    others = tuple(_short(facts, each) for each in facts.predecessors)
    return (_short_of_prisma(facts), *others) if facts.prisma else others


def baseline_required(case: Case) -> Refused | None:
    """The database is not empty and has no history: it is never migrated by guess."""
    facts = case.facts
    if case.undoes or not needs_baseline(facts):
        return None
    tools = found(facts)
    version = next((each.agrees_with for each in tools if each.agrees_with), "")
    proposed = version or (facts.directory.versions[0] if facts.directory.versions else "1.0.0")
    baseline = f"run `dbmigrate baseline {proposed}`" if facts.is_laptop else f"set `spec.baseline.version: {proposed}`"
    if tools:
        known = (
            f"this database was migrated with {' and '.join(each.words for each in tools)}: it has no history of ours"
        )
        known += f", and what is recorded is that of release {version}" if version else ""
    else:
        known = "the database is not empty and has no migration history: what is in it is not known"
    remedy = f"Say which release it is at ({baseline}, or the version that it really has), or use an empty database"
    return case.refuse(Refusal.BASELINE_REQUIRED, f"{known}. {remedy}")


def baseline_mismatch(case: Case) -> Refused | None:
    """What a tool recorded that was there before is not what the releases up to the baseline list."""
    facts = case.facts
    release = facts.directory.release(facts.baseline)
    if case.undoes or not records_baseline(facts) or release is None:
        return None
    for predecessor in facts.predecessors:
        said = _contradiction(facts, predecessor, release.version)
        if said:
            return case.refuse(Refusal.BASELINE_MISMATCH, said)
    differences = list(_prisma_differences(facts)) if _speaks_prisma(facts) else []
    if not differences:
        return None
    return case.refuse(
        Refusal.BASELINE_MISMATCH,
        f"_prisma_migrations is not what release {facts.baseline} lists: {wording.listed(differences)}. Name the "
        f"version that the database really has in {wording.setting(facts, 'spec.baseline.version', 'baseline')}, or "
        f"mend the ledger, then {wording.look_again(facts)}{'' if facts.prisma else _NO_TOOL}",
    )


def notes(facts: PreflightFacts) -> Iterator[str]:
    """What a reader should know of a baseline that is not refused: who was here, and what is taken on trust."""
    for each in found(facts):
        yield f"{each.words} was here; {each.table} is only read"
    for predecessor in facts.predecessors:
        yield from (f"{predecessor.table}: {said}" for said in _on_trust(facts, predecessor))


def _short(facts: PreflightFacts, predecessor: Predecessor) -> Found:
    agreeing = _compared(facts, predecessor).agreeing()
    return Found(str(predecessor.tool), predecessor.table, predecessor.migrations, predecessor.newest, agreeing)


def _short_of_prisma(facts: PreflightFacts) -> Found:
    applied = [row.name for row in facts.prisma if row.finished and not row.rolled_back]
    return Found(
        "Prisma", "_prisma_migrations", len(applied), max(applied, default=""), _prismas_release(facts, applied)
    )


def _prismas_release(facts: PreflightFacts, applied: list[str]) -> str:
    """The first release up to which the schema migrations are these, whatever is in their files."""
    listed: set[str] = set()
    for release in facts.directory.releases if applied else ():
        listed |= {each.name for each in release.migrations if each.kind is Kind.SCHEMA}
        if listed == set(applied):
            return release.version.text
    return ""


def _on_trust(facts: PreflightFacts, predecessor: Predecessor) -> Iterator[str]:
    told, compared = predecessor.told, _compared(facts, predecessor)
    if predecessor.unreadable:
        yield f"not compared, {predecessor.unreadable}"
    elif not compared.says_something:
        yield "none of its versions is one of the ledger's, so the baseline is taken on trust"
    else:
        for kind in compared.trusted:
            yield f"it knows no {kind} migration of the ledger: these are taken on trust"
        if compared.older:
            yield f"{compared.older} of its versions are older than any in the ledger"
    if told.odd:
        yield f"{wording.counted(told.odd, 'row')} without a version, passed over"
    if not _is_about_us(predecessor, compared):
        yield from (f"{each}: not of this schema, so not minded" for each in told.unfinished)


def _contradiction(facts: PreflightFacts, predecessor: Predecessor, version: Version) -> str:
    """Why this tool's record forbids the baseline, with what helps; empty: it does not."""
    compared = _compared(facts, predecessor)
    told = predecessor.told
    other = f"or, where {predecessor.table} tells of something else, rename it: it is not compared then"
    again = wording.look_again(facts)
    if predecessor.unreadable and predecessor.is_in_application_schema:
        return (
            f"{predecessor.table} of {predecessor.tool} cannot be compared: {predecessor.unreadable}; {other}; {again}"
        )
    if told.unfinished and _is_about_us(predecessor, compared):
        return (
            f"{predecessor.tool} itself says that the database is in no finished state ({predecessor.table}): "
            f"{wording.listed(told.unfinished, between='; ')}; {other}; then {again}"
        )
    differences = list(_differences(compared, version)) if compared.says_something else []
    if not differences:
        return ""
    agreeing = compared.agreeing()
    hint = f" ({agreeing} agrees)" if agreeing else ""
    field = wording.setting(facts, "spec.baseline.version", "baseline")
    return (
        f"{predecessor.table} of {predecessor.tool} is not what the releases up to {version} list: "
        f"{wording.listed(differences, between='; ', shown=DIFFERENCES_SHOWN)}. Name the version that the database "
        f"really has in {field}{hint}, or mend the ledger; {other}; then {again}"
    )


def _differences(compared: Comparison, version: Version) -> Iterator[str]:
    for migration in compared.missing(version):
        yield f"{wording.migration(migration)} is not recorded there"
    for migration in compared.further(version):
        yield f"{migration.kind} {migration.name} is recorded there, which is of release {migration.release}"
    for each in sorted(compared.unknown, key=lambda one: version_key(one.version)):
        yield f"{each.script or each.version} is recorded there, and no release lists it"


def _compared(facts: PreflightFacts, predecessor: Predecessor) -> Comparison:
    return compare(predecessor, facts.directory, beside_prisma=bool(facts.prisma))


def _is_about_us(predecessor: Predecessor, compared: Comparison) -> bool:
    """In another schema than the application's it may be another application's; its versions tell."""
    return predecessor.is_in_application_schema or compared.says_something


def _speaks_prisma(facts: PreflightFacts) -> bool:
    """Without rows of Prisma's, the schema migrations may have been another tool's work."""
    return bool(facts.prisma) or not facts.predecessors


def _prisma_differences(facts: PreflightFacts) -> Iterator[str]:
    release = facts.directory.release(facts.baseline)
    upto: tuple[Migration, ...] = facts.directory.up_to(release.version) if release else ()
    expected = {m.name: m for m in upto if m.kind is Kind.SCHEMA}
    rows = {row.name: row for row in facts.prisma if row.finished and not row.rolled_back}
    unfinished = dict.fromkeys(row.name for row in facts.prisma if not row.finished and not row.rolled_back)
    for name in unfinished:
        yield f"{name} is unfinished there (`prisma migrate resolve` says whether it is applied or rolled back)"
    for name, known in expected.items():
        if name in rows and rows[name].checksum not in known.up.accepted_checksums:
            remedy = f"bring that one back or, where the edit is meant, record {known.up.raw_checksum} there"
            yield f"{known.up.path} is not the file that was applied ({remedy})"
        elif name not in rows and name not in unfinished:
            yield f"{name} ({known.file}:{known.line}) is missing there"
    for name in rows:
        if name not in expected:
            later = facts.directory.migration(Kind.SCHEMA, name)
            yield f"{name} is there too" + (f", which is of release {later.release}" if later else "")
