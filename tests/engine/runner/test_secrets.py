"""Canary passwords, those of the login and those in SQL, stand in nothing that the program says or writes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.engine.databases import CANARY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

IN_SQL = "s3cr3t-in-sql"
FORMS = (CANARY, quote(CANARY), quote(CANARY, safe=""), IN_SQL)


def leaks(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


def files(folder: Path) -> str:
    texts = [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    return "\n".join(texts)


def test_a_laptop_says_no_password_while_it_works_and_while_it_fails(laptop: Laptop, notes: Notes) -> None:
    said = [laptop.run("migrate", "--to", "1.0.0", "--no-backup").all]
    notes.write(notes.VIEW, f"CREATE ROLE nobody_made LOGIN PASSWORD '{IN_SQL}';\n")
    said.append(laptop.run("migrate", "--to", "1.1.0", "--no-backup", "--operations", "Any").all)
    notes.write(notes.VIEW, f"ALTER ROLE nobody PASSWORD '{IN_SQL}' oops;\n")
    said.append(laptop.run("migrate", "--to", "1.1.0", "--no-backup", "--operations", "Any").all)
    said += [laptop.run(*words).all for words in (["history"], ["history", "--json"], ["validate"], ["plan"])]
    assert "permission denied" in "".join(said)
    for text in (*said, files(notes.root / "logs")):
        assert leaks(text) == []


def test_a_process_of_its_own_says_no_password_either(laptop: Laptop, operator: Operator) -> None:
    with laptop.started("migrate", "--to", "1.0.0", "--no-backup", "--url", laptop.url + "x") as started:
        ran = laptop.end(started)
    assert ran.code == 30
    assert leaks(ran.all) == []
    operator.secret(CANARY[:-1])
    request = operator.request("1.0.0")
    with operator.started(request) as (process, path):
        result = operator.end(request, process, path)
    assert leaks(operator.log + result.model_dump_json()) == []
    assert CANARY[:-1] not in operator.log


def test_jobs_say_no_password_in_logs_results_or_history(operator: Operator, notes: Notes, database: Database) -> None:
    results = operator.migrate("1.0.0")
    notes.write(notes.VIEW, f"CREATE ROLE nobody_made LOGIN PASSWORD '{IN_SQL}';\n")
    operator.generation = 2
    results += operator.migrate("1.1.0")
    assert "permission denied" in results[-1].message
    stored = str(database.rows("SELECT * FROM dbmigrations.migration_history"))
    stored += str(database.rows("SELECT * FROM dbmigrations.migration_run"))
    stored += str(database.rows("SELECT * FROM dbmigrations.migration_owner"))
    assert leaks(operator.log + "".join(r.model_dump_json() for r in results) + stored) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{CANARY}@127.0.0.1:1/x",
        f"postgresql://u:{quote(CANARY, safe='')}@127.0.0.1:1/x",
        f"postgresql://u@h:{CANARY}/x",
        f"{CANARY}",
    ],
)
def test_no_part_of_a_url_that_does_not_work_is_repeated(laptop: Laptop, url: str) -> None:
    ran = laptop.run("version", "--url", url)
    assert ran.code in {2, 30}
    parts = [CANARY, *CANARY.split("/"), quote(CANARY, safe="")]
    assert [part for part in parts if part in ran.all] == []


def test_row_data_stays_out_of_messages_and_logs(operator: Operator, notes: Notes, database: Database) -> None:
    operator.migrate("1.0.0")
    database.run("INSERT INTO notes (body) VALUES ('ada@example.org'), ('ada@example.org')")
    notes.write(notes.VIEW, "CREATE UNIQUE INDEX once ON notes (body);\n")
    operator.generation = 2
    failed = operator.migrate("1.1.0")[-1]
    assert "SQLSTATE 23505" in failed.message
    assert "ada@example.org" not in operator.log + failed.message
