"""A database that another tool migrated: what its record says of a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.postgres.predecessors.telling import Predecessor, Recorded, Told, Tool
from dbmigrations.runner.preflight.adoption import found
from tests.unit.preflight.situations import LAPTOP, facts_of, moves, planned, prisma, refused
from tests.unit.release.building import Rel, SimulatedDatabase, directory

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.runner.preflight.facts import PreflightFacts

DATED = directory(
    Rel("1.0.0", "schema:20260101000000_init", "sql:20260101_0900_policies"),
    Rel("1.1.0", "schema:20260201000000_colour", "sql:20260201_0900_view", "data:20260201_1000_paint"),
    Rel("1.2.0", "sql:20260301_0900_count"),
)
COUNTED = directory(Rel("1.0.0", "schema:00001_init", "schema:00002_more"), Rel("1.1.0", "schema:00003_last"))
FIRST = ("20260101000000", "20260101090000")
SECOND = (*FIRST, "20260201000000", "20260201090000", "20260201100000")


def was_here(tool: Tool, *versions: str, up_to: str = "", unfinished: str = "", ours: bool = True) -> Predecessor:
    """A tool with versions, `20260101000000` or Flyway's `3=V3__name.sql`."""
    split = [each.partition("=") for each in versions]
    told = Told(
        tuple(Recorded(version, script) for version, _, script in split), up_to, (unfinished,) if unfinished else ()
    )
    schema = "public" if ours else "elsewhere"
    return Predecessor(tool, f"{schema}.history", is_in_application_schema=ours, told=told)


def adopting(
    source: ReleaseDirectory, *predecessors: Predecessor, baseline: str = "1.0.0", **changes: object
) -> PreflightFacts:
    return facts_of(
        source,
        SimulatedDatabase(),
        baseline or "1.0.0",
        baseline=baseline,
        database_is_empty=False,
        predecessors=predecessors,
        **changes,
    )


def mismatch(facts: PreflightFacts) -> str:
    refusal = refused(facts)
    assert refusal.reason is Refusal.BASELINE_MISMATCH, refusal
    return refusal.message


def notes(facts: PreflightFacts) -> str:
    return "\n".join(planned(facts).notes)


@pytest.mark.parametrize("tool", [Tool.DBMATE, Tool.RAILS, Tool.GOOSE, Tool.FLYWAY])
@pytest.mark.parametrize(("version", "versions"), [("1.0.0", FIRST), ("1.1.0", SECOND)])
def test_a_record_that_is_the_releases_list_is_adopted(tool: Tool, version: str, versions: tuple[str, ...]) -> None:
    facts = adopting(DATED, was_here(tool, *versions), baseline=version)
    assert moves(planned(facts)) == f"Baseline{version} Verify{version}"
    assert [each.agrees_with for each in found(facts)] == [version]
    assert f"{tool} ({len(versions)} migrations, newest {versions[-1]}) was here" in notes(facts)


def test_a_database_that_is_further_than_the_baseline_says_is_refused() -> None:
    said = mismatch(adopting(DATED, was_here(Tool.DBMATE, *SECOND)))
    for name in ("schema 20260201000000_colour", "sql 20260201_0900_view", "data 20260201_1000_paint"):
        assert f"{name} is recorded there, which is of release 1.1.0" in said
    assert "`spec.baseline.version` (1.1.0 agrees)" in said
    assert "rename it" in said


def test_a_database_that_lacks_what_the_baseline_lists_is_refused() -> None:
    said = mismatch(adopting(DATED, was_here(Tool.DBMATE, *FIRST), baseline="1.1.0"))
    assert "schema 20260201000000_colour (releases.yaml:6) is not recorded there" in said
    assert "(1.0.0 agrees)" in said


def test_a_version_that_no_release_lists_is_refused_unless_it_is_older_than_all() -> None:
    said = mismatch(adopting(DATED, was_here(Tool.DBMATE, *FIRST, "20260115000000")))
    assert "20260115000000 is recorded there, and no release lists it" in said
    assert "agrees" not in said
    squashed = adopting(DATED, was_here(Tool.DBMATE, "20250101000000", "20250102000000", *FIRST))
    assert "2 of its versions are older than any in the ledger" in notes(squashed)


def test_a_kind_that_the_tool_knows_nothing_of_is_taken_on_trust() -> None:
    facts = adopting(DATED, was_here(Tool.DBMATE, "20260101000000", "20260201000000"), baseline="1.1.0")
    said = notes(facts)
    assert "it knows no sql migration" in said
    assert "it knows no data migration" in said


def test_numbers_of_another_order_are_taken_on_trust() -> None:
    facts = adopting(DATED, was_here(Tool.GOOSE, "1", "2", "3"))
    assert "none of its versions is one of the ledger's, so the baseline is taken on trust" in notes(facts)
    assert [each.agrees_with for each in found(facts)] == [""]


def test_an_empty_record_says_nothing() -> None:
    facts = adopting(DATED, was_here(Tool.DBMATE))
    assert "dbmate (0 migrations) was here" in notes(facts)


@pytest.mark.parametrize(
    "versions",
    [
        ("1=V1__init.sql", "2=V2__more.sql"),
        ("1=db/V001__init.sql", "2=V2__renamed.sql"),
        ("1", "2"),
    ],
)
def test_flyways_counters_match_the_numbers_of_the_ledger(versions: tuple[str, ...]) -> None:
    assert [each.agrees_with for each in found(adopting(COUNTED, was_here(Tool.FLYWAY, *versions)))] == ["1.0.0"]


def test_flyways_scripts_match_by_name_where_their_versions_have_dots() -> None:
    source = directory(Rel("1.0.0", "schema:1_1_more", "sql:20260101_0900_rights"))
    tool = was_here(Tool.FLYWAY, "1.1=V1_1__more.sql", "20260101.0900=V20260101_0900__rights.sql")
    assert found(adopting(source, tool))[0].agrees_with == "1.0.0"


def test_what_flyway_took_as_a_baseline_is_not_asked_for() -> None:
    facts = adopting(COUNTED, was_here(Tool.FLYWAY, "3=V3__last.sql", up_to="2"), baseline="1.1.0")
    assert planned(facts)
    assert "00003_last is recorded there" in mismatch(
        adopting(COUNTED, was_here(Tool.FLYWAY, "3=V3__last.sql", up_to="2"))
    )


@pytest.mark.parametrize(
    ("source", "up_to", "agrees"),
    [(COUNTED, "2", "1.0.0"), (COUNTED, "3", "1.1.0"), (DATED, "20260101090000", "1.0.0"), (COUNTED, "9", "")],
)
def test_golang_migrates_newest_version_covers_all_below(source: ReleaseDirectory, up_to: str, agrees: str) -> None:
    facts = adopting(source, was_here(Tool.GOLANG_MIGRATE, up_to=up_to), baseline=agrees or "1.0.0")
    assert [each.agrees_with for each in found(facts)] == [agrees]
    assert planned(facts)


def test_golang_migrate_contradicts_a_baseline_below_and_above_it() -> None:
    at_the_second = was_here(Tool.GOLANG_MIGRATE, up_to="2")
    assert "schema 00003_last (releases.yaml:6) is not recorded there" in mismatch(
        adopting(COUNTED, at_the_second, baseline="1.1.0")
    )
    assert "00003_last is recorded there" in mismatch(adopting(COUNTED, was_here(Tool.GOLANG_MIGRATE, up_to="3")))


def test_two_migrations_of_one_minute_need_two_versions() -> None:
    source = directory(Rel("1.0.0", "sql:20260101_0900_a", "sql:20260101_0900_b"))
    assert planned(adopting(source, was_here(Tool.DBMATE, "20260101090000", "20260101090030")))
    assert "20260101_0900_b (releases.yaml:4) is not recorded" in mismatch(
        adopting(source, was_here(Tool.DBMATE, "20260101090000"))
    )


def test_a_state_that_the_tool_itself_calls_unfinished_is_refused_before_anything_is_compared() -> None:
    said = mismatch(adopting(DATED, was_here(Tool.GOLANG_MIGRATE, up_to="7", unfinished="version 7 is dirty")))
    assert "golang-migrate itself says that the database is in no finished state (public.history)" in said
    assert "version 7 is dirty" in said


def test_a_table_of_another_schema_is_minded_only_where_it_knows_the_ledger() -> None:
    strange = was_here(Tool.GOLANG_MIGRATE, up_to="7", unfinished="version 7 is dirty", ours=False)
    assert "version 7 is dirty: not of this schema, so not minded" in notes(adopting(DATED, strange))
    known = was_here(Tool.GOLANG_MIGRATE, up_to="20260101000000", unfinished="it is dirty", ours=False)
    assert "it is dirty" in mismatch(adopting(DATED, known))


def test_a_record_that_cannot_be_read_is_refused_in_the_applications_schema_alone() -> None:
    locked = Predecessor(Tool.FLYWAY, "shop.t", is_in_application_schema=True, unreadable="GRANT SELECT ON shop.t")
    assert "GRANT SELECT ON shop.t" in mismatch(adopting(DATED, locked))
    elsewhere = Predecessor(Tool.FLYWAY, "x.t", is_in_application_schema=False, unreadable="GRANT SELECT ON x.t")
    assert "not compared, GRANT SELECT ON x.t" in notes(adopting(DATED, elsewhere))


def test_beside_prisma_another_tool_speaks_of_sql_and_data_alone() -> None:
    rows = (prisma("20260101000000_init", of=DATED),)
    facts = adopting(DATED, was_here(Tool.DBMATE, "20260101090000"), prisma=rows)
    assert [each.tool for each in found(facts)] == ["Prisma", "dbmate"]
    assert planned(facts)
    assert "20260101000000_init (releases.yaml:3) is missing there" in mismatch(
        adopting(DATED, was_here(Tool.DBMATE, "20260101090000"), prisma=(prisma("x", rolled_back=True),))
    )


def test_the_release_that_agrees_with_prisma_is_proposed() -> None:
    rows = (prisma("20260101000000_init", of=DATED), prisma("20260201000000_colour", of=DATED))
    assert "spec.baseline.version: 1.1.0" in refused(adopting(DATED, baseline="", prisma=rows)).message
    assert (
        "spec.baseline.version: 1.0.0" in refused(adopting(DATED, baseline="", prisma=(prisma("x", of=DATED),))).message
    )


@pytest.mark.parametrize(("requester", "remedy"), [({}, "spec.baseline.version: 1.1.0"), ({"requester": LAPTOP}, "")])
def test_an_unadopted_database_is_refused_with_the_tool_and_the_release_that_agrees(
    requester: dict[str, object], remedy: str
) -> None:
    refusal = refused(adopting(DATED, was_here(Tool.FLYWAY, *SECOND), baseline="", **requester))
    assert refusal.reason is Refusal.BASELINE_REQUIRED
    assert "this database was migrated with Flyway (5 migrations, newest 20260201100000): " in refusal.message
    assert (remedy or "run `dbmigrate baseline 1.1.0`") in refusal.message
