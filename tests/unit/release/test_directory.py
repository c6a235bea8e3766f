"""A release directory is its ledger and its files together; what does not fit is told by file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.release.directory import Unreleased, inspect, load
from dbmigrations.release.migration import Kind
from dbmigrations.release.problems import ReleaseInvalidError, Severity
from tests.unit.release.on_disk import LEDGER, told, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_whole_directory_is_read_with_its_scripts(root: Path) -> None:
    directory, problems = inspect(root)
    assert problems == ()
    assert directory is not None
    assert [(m.kind, m.name, m.up.path) for m in directory.migrations] == [
        (Kind.SCHEMA, "20260101000000_init", "prisma/migrations/20260101000000_init/migration.sql"),
        (Kind.SQL, "20260101_0900_rls", "migrations/sql/20260101_0900_rls.sql"),
        (Kind.DATA, "20260101_1000_seed", "migrations/data/20260101_1000_seed.sql"),
    ]
    assert [m.down.text for m in directory.migrations if m.down] == [
        "DROP TABLE a;\n",
        "SELECT 2;\n",
        "-- nothing to do\n",
    ]
    assert [a.script.text for a in directory.releases[0].assertions] == ["SELECT true;\n"]
    assert directory.unreleased == ()
    assert directory.versions == ("1.0.0",)


def test_a_migration_is_found_by_kind_and_name(root: Path) -> None:
    directory = load(root)
    found = directory.migration(Kind.SQL, "20260101_0900_rls")
    assert found is not None
    assert (found.file, found.line, directory.position(found.key)) == ("releases.yaml", 4, 1)
    assert directory.migration(Kind.DATA, "20260101_0900_rls") is None
    assert directory.release("1.0.1") is None


def test_a_byte_order_mark_and_windows_line_ends_change_nothing_but_the_raw_checksum(root: Path) -> None:
    before = load(root).migrations[1].up
    write(root, "migrations/sql/20260101_0900_rls.sql", b"\xef\xbb\xbfSELECT 1;\r\n")
    write(root, "releases.yaml", b"\xef\xbb\xbf" + LEDGER.replace("\n", "\r\n").encode())
    after = load(root).migrations[1].up
    assert after.checksum == before.checksum
    assert after.raw_checksum != before.raw_checksum
    assert after.text == "SELECT 1;\r\n"


def test_releases_in_files_of_their_own_are_read_too(root: Path) -> None:
    (root / "releases.yaml").unlink()
    write(root, "releases/1.0.0.yaml", "schema: [20260101000000_init]\n")
    write(root, "releases/1.1.0.yaml", "sql: [20260101_0900_rls]\n")
    directory = load(root)
    assert [(m.release.text, m.file) for m in directory.migrations] == [
        ("1.0.0", "releases/1.0.0.yaml"),
        ("1.1.0", "releases/1.1.0.yaml"),
    ]


def test_files_that_no_release_lists_are_unreleased_and_never_applied(root: Path) -> None:
    write(root, "migrations/sql/20260102_0900_new.sql", "SELECT 1;")
    write(root, "prisma/migrations/20260102000000_new/migration.sql", "SELECT 1;")
    directory = load(root)
    assert directory.unreleased == (
        Unreleased(Kind.SCHEMA, "20260102000000_new", "prisma/migrations/20260102000000_new/migration.sql"),
        Unreleased(Kind.SQL, "20260102_0900_new", "migrations/sql/20260102_0900_new.sql"),
    )
    assert len(directory.migrations) == 3


def test_a_line_without_a_file_says_which_file_and_what_is_near(root: Path) -> None:
    (root / "migrations/sql/20260101_0900_rls.sql").rename(root / "migrations/sql/20260101_0900_rsl.sql")
    assert told(root)[-1] == (
        "error: releases.yaml:4:11: sql: there is no file migrations/sql/20260101_0900_rls.sql "
        "(did you mean '20260101_0900_rsl'?)"
    )


def test_a_configmap_without_items_is_told_what_items_are_for(root: Path) -> None:
    (root / "migrations/sql/20260101_0900_rls.sql").rename(root / "20260101_0900_rls.sql")
    assert (
        "error: releases.yaml:4:11: sql: there is no file migrations/sql/20260101_0900_rls.sql (20260101_0900_rls.sql "
        "lies at the root: a ConfigMap's `items: [{key, path}]` say where its keys belong)"
    ) in told(root)


@pytest.mark.parametrize("name", ["a\nERROR forged.sql", "a\udcff.sql"])
def test_a_hostile_file_name_forges_no_line_and_breaks_no_output(root: Path, name: str) -> None:
    write(root, f"migrations/sql/{name}", "SELECT 1;")
    (line,) = told(root)
    assert "\n" not in line
    assert line.encode()


def test_a_file_listed_twice_names_both_places(root: Path) -> None:
    write(root, "releases.yaml", LEDGER + "  - version: 1.1.0\n    sql: [20260101_0900_rls]\n")
    assert told(root) == [
        (
            "error: releases.yaml:8:11: sql: '20260101_0900_rls' is listed twice, first at releases.yaml:4 "
            "(keep one of them)"
        )
    ]


def test_one_name_may_stand_in_two_kinds(root: Path) -> None:
    write(root, "migrations/sql/20260101_1000_seed.sql", "SELECT 1;")
    write(root, "migrations/sql/20260101_1000_seed.down.sql", "SELECT 1;")
    write(root, "releases.yaml", LEDGER + "  - version: 1.1.0\n    sql: [20260101_1000_seed]\n")
    assert told(root) == []


def test_a_missing_down_is_a_warning_and_with_require_down_an_error(root: Path) -> None:
    (root / "migrations/sql/20260101_0900_rls.down.sql").unlink()
    message = (
        "releases.yaml:4:11: sql: '20260101_0900_rls' has no down (add migrations/sql/20260101_0900_rls.down.sql, "
        "or declare it: `irreversible: {20260101_0900_rls: why}`)"
    )
    directory, problems = inspect(root)
    assert directory is not None
    assert directory.warnings == problems
    assert [str(problem) for problem in problems] == [message]
    assert told(root, require_down=True) == [f"error: {message}"]


@pytest.mark.parametrize("line", ["    baseline: true\n", "    irreversible: {20260101_0900_rls: why}\n"])
def test_a_baseline_and_a_declared_irreversible_migration_need_no_down(root: Path, line: str) -> None:
    (root / "migrations/sql/20260101_0900_rls.down.sql").unlink()
    write(root, "releases.yaml", LEDGER + line)
    assert told(root, require_down=True) == []


def test_a_migration_cannot_be_irreversible_and_have_a_down(root: Path) -> None:
    write(root, "releases.yaml", LEDGER + "    irreversible: {20260101_0900_rls: why}\n")
    assert told(root) == [
        (
            "error: releases.yaml:4:11: sql: is declared irreversible, but there is "
            "migrations/sql/20260101_0900_rls.down.sql (keep one of the two)"
        )
    ]


@pytest.mark.parametrize("suffix", [".ts", ".mjs", ".py"])
def test_a_data_migration_in_another_language_is_refused_clearly(root: Path, suffix: str) -> None:
    (root / "migrations/data/20260101_1000_seed.sql").rename(root / f"migrations/data/20260101_1000_seed{suffix}")
    assert (
        f"error: releases.yaml:5:12: data: migrations/data/20260101_1000_seed{suffix}: only .sql is supported in this "
        "version (write it in SQL)"
    ) in told(root)


def test_a_data_migration_that_no_release_lists_in_another_language_is_not_overlooked(root: Path) -> None:
    write(root, "migrations/data/20260102_1000_seed.ts", "export {}")
    assert told(root) == [
        "warning: migrations/data/20260102_1000_seed.ts: only .sql is supported in this version (write it in SQL)"
    ]


def test_one_data_migration_in_two_languages_is_an_error(root: Path) -> None:
    write(root, "migrations/data/20260101_1000_seed.ts", "export {}")
    assert told(root) == [
        (
            "error: releases.yaml:5:12: data: migrations/data/20260101_1000_seed.sql and "
            "migrations/data/20260101_1000_seed.ts have one name (keep one of them)"
        )
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("migrations/sql/add_things.sql", "is no migration that a release could list (expected YYYYMMDD_HHMM_name)"),
        ("migrations/sql/20260909_0900_x.down.sql", "(there is no 20260909_0900_x.sql that it could undo)"),
        ("prisma/migrations/20260909000000_x/notes.md", "(it holds no migration.sql)"),
        ("prisma/migrations/no_date/migration.sql", "(expected YYYYMMDDHHMMSS_name, as Prisma names its folders)"),
        ("migrations/verify/forgotten.sql", "no release runs this assertion (list it under `verify:`)"),
    ],
)
def test_files_that_nothing_leads_to_are_warned_of(root: Path, name: str, message: str) -> None:
    write(root, name, "SELECT 1;")
    (line,) = told(root)
    assert line.startswith("warning: ")
    assert message in line


def test_files_that_are_no_sql_are_nobodys_business(root: Path) -> None:
    write(root, "migrations/sql/README.md", "read me")
    write(root, "migrations/sql/.hidden.sql", "SELECT 1;")
    write(root, "DATABASE_VERSION.md", "1.0.0")
    assert told(root) == []


def test_an_assertion_without_a_file_is_an_error(root: Path) -> None:
    (root / "migrations/verify/works.sql").unlink()
    assert told(root) == [
        (
            "error: releases.yaml:6:14: verify: there is no file migrations/verify/works.sql "
            "(add the file, or take the line out)"
        )
    ]


def test_schema_migrations_in_another_order_than_prismas_are_warned_of(root: Path) -> None:
    write(root, "prisma/migrations/20250101000000_old/migration.sql", "SELECT 1;")
    write(root, "prisma/migrations/20250101000000_old/down.sql", "SELECT 1;")
    write(root, "releases.yaml", LEDGER + "  - version: 1.1.0\n    schema: [20250101000000_old]\n")
    (line,) = told(root)
    assert line.startswith("warning: releases.yaml:8:14: schema: '20250101000000_old' comes after")


def test_without_a_ledger_the_remedy_is_a_command(root: Path) -> None:
    (root / "releases.yaml").unlink()
    assert "`dbmigrate release cut 1.0.0` writes it" in told(root)[0]


def test_a_ledger_of_another_suffix_is_told_its_name(root: Path) -> None:
    (root / "releases.yaml").rename(root / "releases.yml")
    assert told(root)[0] == "error: releases.yml: is not looked for (rename it to releases.yaml)"


def test_two_ledgers_are_one_too_many(root: Path) -> None:
    write(root, "releases/1.0.0.yaml", "description: x")
    assert "a ledger is one or the other" in told(root)[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [("releases/notes.txt", "is no ledger file"), ("releases/next.yaml", "is named after no version")],
)
def test_other_files_among_the_release_files_are_errors(root: Path, name: str, message: str) -> None:
    (root / "releases.yaml").unlink()
    write(root, "releases/1.0.0.yaml", "schema: [20260101000000_init]")
    write(root, name, "x")
    assert any(line.startswith(f"error: {name}: {message}") for line in told(root))


def test_an_empty_folder_of_releases_is_told(root: Path) -> None:
    (root / "releases.yaml").unlink()
    (root / "releases").mkdir()
    assert told(root)[0] == "error: releases: is empty (write <version>.yaml for each release)"


def test_a_folder_that_is_not_there_is_an_error_and_no_exception(tmp_path: Path) -> None:
    directory, problems = inspect(tmp_path / "nowhere")
    assert directory is None
    assert "is not a folder" in str(problems[0])


def test_load_raises_with_every_error_and_no_warning(root: Path) -> None:
    write(root, "releases.yaml", LEDGER.replace("works", "x").replace("20260101_0900_rls", "20260101_0901_rls"))
    with pytest.raises(ReleaseInvalidError) as raised:
        load(root)
    assert {problem.severity for problem in raised.value.problems} == {Severity.ERROR}
    assert len(raised.value.problems) == 2
    assert str(raised.value).startswith("releases.yaml:4:11: sql: there is no file")
    assert "… and 1 more" in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "20260102000000_new models copy",
        "20260102000000_v1.2",
        "20260102000000_größe (2)",
        "20260102000000_",
        "20260102000000__indices_",
    ],
)
def test_folders_that_prisma_takes_are_taken(root: Path, name: str) -> None:
    write(root, f"prisma/migrations/{name}/migration.sql", "SELECT 1;\n")
    write(root, "releases.yaml", f"releases:\n  - version: 1.0.0\n    description: x\n    schema: ['{name}']\n")
    directory, _ = inspect(root)
    assert directory is not None
    assert [(each.name, each.up.path) for each in directory.migrations] == [
        (name, f"prisma/migrations/{name}/migration.sql")
    ]


@pytest.mark.parametrize("content", ["", "\r\n"])
def test_an_empty_schema_migration_is_taken_with_a_warning_for_prisma_has_its_checksum(
    root: Path, content: str
) -> None:
    path = "prisma/migrations/20260102000000_/migration.sql"
    write(root, path, content)
    write(root, "releases.yaml", "releases:\n  - version: 1.0.0\n    description: x\n    schema: [20260102000000_]\n")
    directory, _ = inspect(root)
    assert directory is not None
    assert [each.up.text.strip() for each in directory.migrations] == [""]
    assert any(line.startswith(f"warning: {path}: is empty: it does nothing") for line in told(root))


@pytest.mark.parametrize("name", ["20260102000000_.", "20260102000000_-x", "20260102000000_a ", "20260102000000_a\nb"])
def test_folders_whose_names_would_mislead_are_not(root: Path, name: str) -> None:
    write(root, f"prisma/migrations/{name}/migration.sql", "SELECT 1;\n")
    assert any("is no migration that a release could list" in each for each in told(root))
