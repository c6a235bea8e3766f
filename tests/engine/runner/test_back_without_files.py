"""Going back by what the database holds: over several releases, after the files are gone, the loss told first."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from dbmigrations.api.step import Outcome

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

ONLY_FIRST = """\
releases:
  - version: 1.0.0
    description: Notes
    schema: [20260101000000_init]
"""


def forget_all_but_the_first_release(notes: Notes) -> None:
    """What an image of 1.0.0 holds: it has never heard of what came later."""
    for path in (*notes.root.glob("migrations/*"), *notes.root.glob("prisma/migrations/2026020*")):
        shutil.rmtree(path)
    notes.write(notes.LEDGER, ONLY_FIRST)


def test_a_laptop_goes_back_two_releases_without_their_files_and_sees_the_loss_before(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("INSERT INTO notes (body) VALUES ('a'), ('b'), ('c')", user=database.owner)
    laptop.changed("migrate")
    database.run("INSERT INTO totals SELECT generate_series(1, 5)", user=database.owner)
    forget_all_but_the_first_release(notes)
    seen = laptop.run("plan", "--to", "1.0.0", "--no-backup", "--json")
    assert seen.code == 0, seen.all
    plan = seen.document["plan"]
    assert plan["summary"]["dataLoss"] == {"rows": 5, "values": 3, "unknown": False, "estimated": False}, json.dumps(
        plan
    )
    assert [each["name"] for each in plan["migrations"]] == [
        "20260301_0900_count",
        "20260201_1000_paint",
        "20260201_0900_colours",
        "20260201000000_add_colour",
    ]
    assert "5 rows of" in laptop.run("plan", "--to", "1.0.0", "--no-backup").out
    assert database.value("SELECT count(*) FROM totals") == 5, "nothing happened yet"
    back = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--no-backup", "--approve", plan["hash"])
    assert back.code == 0, back.all
    assert database.value("SELECT to_regclass('totals') IS NULL AND to_regclass('coloured') IS NULL")
    assert database.rows("SELECT body FROM notes ORDER BY id") == [("a",), ("b",), ("c",)]
    version = laptop.run("version", "--json").document
    assert version["database"] == "1.0.0"


def test_a_resource_goes_back_with_the_older_image_once_its_plan_is_approved(
    operator: Operator, database: Database, notes: Notes
) -> None:
    operator.migrate("1.0.0")
    database.run("INSERT INTO notes (body) VALUES ('a')", user=database.owner)
    operator.migrate("1.2.0")
    forget_all_but_the_first_release(notes)
    _, asked = operator.preflight("1.0.0")
    if asked.outcome is Outcome.REFUSED:
        results = operator.approve("1.0.0")
    else:
        assert asked.plan is not None
        results = operator.migrate("1.0.0")
    assert asked.plan is not None
    assert asked.plan.data_loss.values == 1
    assert results[-1].outcome is Outcome.SUCCEEDED, operator.log
    assert results[-1].current_version == "1.0.0"


def test_back_to_a_release_between_leaves_what_is_below(laptop: Laptop, database: Database, notes: Notes) -> None:
    laptop.changed("migrate")
    notes.edit_ledger("  - version: 1.2.0\n    description: Counted notes\n    sql: [20260301_0900_count]\n", "")
    for path in sorted(notes.root.rglob("*_count*")):
        path.unlink()
    plan = laptop.run("plan", "--to", "1.1.0", "--no-backup", "--json").document["plan"]
    back = laptop.run("rollback", "--to-version", "1.1.0", "--yes", "--no-backup", "--approve", plan["hash"])
    assert back.code == 0, back.all
    assert database.value("SELECT to_regclass('totals') IS NULL AND to_regclass('coloured') IS NOT NULL")
