"""`version diff`: the ledger between two versions, or the way from the database to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes


def test_two_versions_are_compared_without_a_database(laptop: Laptop) -> None:
    nowhere = type(laptop)(laptop.folder, "")
    up = nowhere.run("version", "diff", "1.0.0", "1.2.0", "--json").document
    assert [release["version"] for release in up["releases"]] == ["1.1.0", "1.2.0"]
    assert [m["direction"] for m in up["plan"]["migrations"]] == ["Up"] * 4
    down = nowhere.run("version", "diff", "1.2.0", "1.0.0", "--json").document
    assert [m["name"] for m in down["plan"]["migrations"]] == [m["name"] for m in up["plan"]["migrations"]][::-1]
    text = nowhere.run("version", "diff", "1.0.0", "1.1.0").out
    assert "1.1.0  Coloured notes" in text
    assert "additive" in text


def test_one_version_is_compared_with_the_database(laptop: Laptop, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    found = laptop.run("version", "diff", "--json").document
    assert (found["plan"]["from"], found["plan"]["to"]) == ("1.1.0", "1.2.0")
    assert [m["name"] for m in found["plan"]["migrations"]] == ["20260301_0900_count"]
    assert [
        m["direction"] for m in laptop.run("version", "diff", "1.0.0", "--json").document["plan"]["migrations"]
    ] == ["Down"] * 3
    notes.write(notes.VIEW, "CREATE VIEW coloured AS SELECT 1 AS id;\n")
    assert notes.VIEW in laptop.run("version", "diff").out


def test_a_version_that_the_ledger_lacks_is_a_usage_error(laptop: Laptop) -> None:
    ran = laptop.run("version", "diff", "1.0.0", "1.1.9")
    assert (ran.code, "did you mean '1.1.0'?" in ran.err) == (2, True)


def test_options_belong_behind_the_command_that_follows(laptop: Laptop) -> None:
    ran = laptop.run("version", "--check", "diff")
    assert (ran.code, "--check belongs behind diff" in ran.err) == (2, True)
