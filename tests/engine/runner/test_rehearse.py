"""`dbmigrate rehearse` on a real server: which down is no inverse, in what object, and nothing left behind."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from dbmigrations.postgres.scratch import PREFIX
from dbmigrations.runner.documents.directories import Rehearse
from dbmigrations.runner.main import cli
from dbmigrations.runner.rehearsal.rehearse import Stage, perform
from dbmigrations.runner.rehearsal.verdict import Finding
from tests.engine.databases import CANARY
from tests.engine.releases import migration
from tests.engine.runner.program import Laptop
from tests.engine.runner.test_again import until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.engine.databases import Database

GOOD = ("CREATE TABLE a (id int PRIMARY KEY, note text)", "DROP TABLE a")
FORGETS = ("ALTER TABLE a ADD x int; CREATE INDEX a_x ON a (x); CREATE TYPE t AS ENUM ('b')", "ALTER TABLE a DROP x")
OTHERWISE = ("ALTER TABLE a ALTER note SET DEFAULT 'n'", "ALTER TABLE a ALTER note SET DEFAULT ''")
MOVES = ("ALTER TABLE a DROP note", "ALTER TABLE a ADD note text")
FAILS = ("ALTER TABLE a ADD y int", "ALTER TABLE a DROP nothing_like_it")
CONCURRENT = ("CREATE INDEX CONCURRENTLY a_id ON a (id)", "DROP INDEX CONCURRENTLY a_id")
NO_UP = ("ALTER TABLE nowhere ADD y int", "SELECT 1")


@pytest.fixture
def may_make_databases(database: Database) -> None:
    database.run(f"ALTER ROLE {database.owner} CREATEDB")


def rehearse(
    database: Database, folder: Path, *words: str, globs: tuple[str, str] = ("*.up.sql", "*.down.sql")
) -> Result:
    options = ["--up-glob", globs[0], *(["--down-glob", globs[1]] if globs[1] else [])]
    url = ["--url", database.server.url(database.name, database.owner, "c@n/a%r#y: p'w\\d"), "--dir", str(folder)]
    return CliRunner().invoke(cli, ["rehearse", *url, *options, *words], prog_name="dbmigrate")


def write(folder: Path, **pairs: tuple[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, (up, down) in pairs.items():
        (folder / f"{name}.up.sql").write_text(up)
        if down:
            (folder / f"{name}.down.sql").write_text(down)
    return folder


def databases(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT datname FROM pg_database") if name.startswith(PREFIX)]


@pytest.mark.usefixtures("may_make_databases")
def test_each_faulty_down_is_named_with_its_objects(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1_good": GOOD, "2_forgets": FORGETS, "3_otherwise": OTHERWISE, "4_fails": FAILS})
    ended = rehearse(database, folder, "--json")
    assert ended.exit_code == 1, ended.output
    answer = json.loads(ended.stdout)
    Rehearse.model_validate(answer)
    found = {row["name"]: (row["finding"], row["details"]) for row in answer["migrations"]}
    assert found["1_good"] == ("inverse", [])
    finding, details = found["2_forgets"]
    assert finding == "not an inverse"
    assert details[0] == "enum public.t is left behind"
    assert "second up fails" in details[1]
    assert found["3_otherwise"] == (
        "not an inverse",
        ["column public.a.note was changed: default: none → ''::text (before the up → after the down)"],
    )
    assert found["4_fails"][0] == "down failed"
    assert "4_fails.down.sql:1:" in found["4_fails"][1][0]
    assert answer["rehearsed"] == 4
    assert not databases(database), "the scratch databases are gone"


@pytest.mark.usefixtures("may_make_databases")
def test_a_column_made_again_is_an_inverse_with_a_note(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1": GOOD, "2": ("ALTER TABLE a ADD z int", "ALTER TABLE a DROP z"), "3": MOVES})
    ended = rehearse(database, folder)
    assert ended.exit_code == 0, ended.output
    assert "the columns of public.a stand in another order afterwards" in ended.output


@pytest.mark.usefixtures("may_make_databases")
def test_what_runs_outside_transactions_and_numbers_of_other_lengths_are_rehearsed(
    database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path / "m", **{"9_good": GOOD, "10_index": CONCURRENT})
    ended = rehearse(database, folder)
    assert ended.exit_code == 0, ended.output
    assert ended.output.index("9_good") < ended.output.index("10_index")


@pytest.mark.usefixtures("may_make_databases")
def test_an_up_that_fails_is_told_and_the_rest_goes_on(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1": GOOD, "2": NO_UP, "3": ("CREATE TABLE b ()", ""), "4": ("", "")})
    ended = rehearse(database, folder)
    assert ended.exit_code == 1
    assert "2.up.sql: up failed" in ended.output
    assert "3.up.sql: no down" in ended.output
    assert "4.up.sql: no down" in ended.output
    assert not databases(database)


def started(database: Database, folder: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    url = database.server.url(database.name, database.owner, CANARY)
    words = ("rehearse", "--dir", str(folder), "--up-glob", "*.up.sql", "--down-glob", "*.down.sql")
    return Laptop(folder, url).started(*words)


def sleeping(database: Database) -> Callable[[], object]:
    return lambda: database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")


@pytest.mark.usefixtures("may_make_databases")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_a_stopped_rehearsal_drops_its_scratch_database(
    database: Database, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = write(tmp_path / "m", **{"1_good": GOOD, "2_slow": ("SELECT pg_sleep(600)", "SELECT 1")})
    with started(database, folder) as process:
        until(sleeping(database))
        assert len(databases(database)) == 1
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    assert not databases(database)


@pytest.mark.usefixtures("may_make_databases")
def test_what_a_killed_rehearsal_left_is_dropped_by_the_next_and_one_at_work_is_left_alone(
    database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path / "m", **{"1_good": GOOD, "2_slow": ("SELECT pg_sleep(600)", "SELECT 1")})
    with started(database, folder) as killed:
        until(sleeping(database))
        (left,) = databases(database)
        killed.kill()
        killed.wait()
    until(lambda: not sleeping(database)())
    assert databases(database) == [left]
    with started(database, folder) as at_work:
        until(sleeping(database))
        (used,) = databases(database)
        assert used != left
        assert rehearse(database, write(tmp_path / "other", **{"1": GOOD})).exit_code == 0
        assert databases(database) == [used]
        at_work.terminate()
        at_work.communicate(timeout=60)
    assert not databases(database)


def test_a_login_that_may_not_make_databases_is_told_what_helps(database: Database, tmp_path: Path) -> None:
    ended = rehearse(database, write(tmp_path / "m", **{"1": GOOD}))
    assert ended.exit_code == 20, ended.output
    assert "CREATEDB" in ended.output
    assert "--scratch-url" in ended.output


def test_the_scratch_may_be_on_a_server_of_its_own(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1": GOOD})
    ended = rehearse(database, folder, "--scratch-url", database.server.url())
    assert ended.exit_code == 0, ended.output


def test_globs_without_a_star_or_a_match_are_refused(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1": GOOD})
    ended = rehearse(database, folder, "--up-glob", "up.sql")
    assert (ended.exit_code, "needs a *" in ended.output) == (20, True), ended.output
    ended = rehearse(database, folder, "--up-glob", "*.nothing")
    assert (ended.exit_code, "holds no file like" in ended.output) == (20, True), ended.output


GOOSE = """-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.at := now(); -- when
    RETURN NEW;
END $$
-- +goose StatementEnd
CREATE TABLE c (at timestamptz);

-- +goose Down
DROP TABLE c;
DROP FUNCTION touch();
"""
DBMATE = """-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY c_at ON c (at);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY c_at_;
"""


@pytest.mark.usefixtures("may_make_databases")
def test_files_with_both_directions_are_taken_as_they_are(database: Database, tmp_path: Path) -> None:
    (tmp_path / "1_goose.sql").write_text(GOOSE)
    (tmp_path / "2_dbmate.sql").write_text(DBMATE)
    ended = rehearse(database, tmp_path, globs=("*.sql", ""))
    assert ended.exit_code == 1, ended.output
    assert "1_goose.sql: inverse" in ended.output
    assert "2_dbmate.sql: down failed" in ended.output
    assert "2_dbmate.sql:5:" in ended.output, "the line is that of the file"


@pytest.mark.usefixtures("may_make_databases")
def test_a_routine_that_comes_back_laid_out_otherwise_is_an_inverse_with_a_note(
    database: Database, tmp_path: Path
) -> None:
    body = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ {} $$"
    made, other, back = body.format("SELECT 1"), body.format("SELECT 2"), body.format("SELECT\n  1 -- as it was")
    folder = write(tmp_path / "m", **{"1": (made, "DROP FUNCTION f"), "2": (other, back)})
    ended = rehearse(database, folder)
    assert ended.exit_code == 0, ended.output
    assert "note: function public.f() differs in white space and comments afterwards" in ended.output


@pytest.mark.usefixtures("may_make_databases")
def test_a_down_without_an_up_is_told(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", **{"1": GOOD})
    (folder / "2_renamed.down.sql").write_text("SELECT 1")
    ended = rehearse(database, folder)
    assert ended.exit_code == 0, ended.output
    assert "2_renamed.down.sql: no up" in ended.output


@pytest.mark.usefixtures("may_make_databases")
def test_all_is_played_again_only_behind_what_left_another_catalog(database: Database) -> None:
    told: list[str] = []
    pairs = {"1_good": GOOD, "2_no_up": NO_UP, "3_fails": FAILS, "4_otherwise": OTHERWISE, "5_forgets": FORGETS}
    migrations = [migration(name, up, down) for name, (up, down) in pairs.items()]
    last = migration("6_last", "CREATE TABLE b ()", "DROP TABLE b")
    verdicts = list(perform(Stage(database.where()), (), [*migrations, last], told.append))
    assert [each.finding for each in verdicts] == [
        Finding.INVERSE,
        Finding.UP_FAILED,
        Finding.DOWN_FAILED,
        Finding.NOT_INVERSE,
        Finding.NOT_INVERSE,
        Finding.INVERSE,
    ]
    again = [said.split()[1].rstrip(",") for said in told if said.endswith("to get there")]
    assert again == ["1_good", "3_fails", "4_otherwise", "5_forgets"], "once, behind the fifth"
