"""A migration that stopped between two of its statements: every command that looks says so, and where it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.runner.releases import Notes

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop

_FIRST = "CREATE TABLE first (i int);\n"
_BROKEN = f"-- migrate: tx=statement\n{_FIRST}CREATE TABLE first (j int);\nCREATE TABLE third (i int);\n"
_MENDED = _BROKEN.replace("CREATE TABLE first (j", "CREATE TABLE second (j")
_NAME = "20260301_0900_count"


def half_done(laptop: Laptop, notes: Notes) -> None:
    notes.write(Notes.COUNT, _BROKEN)
    assert laptop.run("migrate", "--no-backup").code == 20
    notes.write(Notes.COUNT, _MENDED)


def test_it_is_said_with_what_ran_and_what_follows_and_what_ran_is_not_to_be_done(laptop: Laptop, notes: Notes) -> None:
    half_done(laptop, notes)
    for words in (["plan"], ["version", "diff"]):
        said = laptop.run(*words).out
        assert "half-done: 1 of 3 statements ran; it goes on with statement 2 (line 3)" in said
        assert "create table first" not in said
    checked = laptop.run("check", "--no-backup")
    assert checked.code == 0
    assert f"{Notes.COUNT}:3: half-done: sql/{_NAME} (release 1.2.0) is applied in part: 1 statement ran" in checked.out
    assert f"half-done:  sql {_NAME} is applied in part (1 statement ran)" in laptop.run("version").out
    assert laptop.changed("migrate").code == 0
    assert "half-done" not in laptop.run("version").out + laptop.run("check").out


def test_it_is_in_the_json_documents_too(laptop: Laptop, notes: Notes) -> None:
    half_done(laptop, notes)
    planned = laptop.run("plan", "--json").document["plan"]["migrations"][0]
    assert planned["half_done"] == {"ran": [1], "statements": 3, "next": 2, "line": 3, "begun": False}
    assert [each["statement"] for each in planned["operations"]] == [2, 3]
    told = {"kind": "sql", "name": _NAME, "release": "1.2.0", "direction": "Up", "ran": [1]}
    assert laptop.run("version", "--json").document["half_done"] == [told]
    (finding,) = laptop.run("check", "--json").document["findings"]
    assert (finding["what"], finding["stands_in_the_way"]) == ("half-done", False)


def test_an_edit_of_what_ran_is_refused_before_anything_runs_and_check_says_it(
    laptop: Laptop, notes: Notes, database: Database
) -> None:
    half_done(laptop, notes)
    notes.write(Notes.COUNT, _MENDED.replace("first (i int", "first (k int"))
    for words in (["check", "--no-backup"], ["migrate", "--no-backup"]):
        ran = laptop.run(*words)
        assert ran.code == {"check": 1, "migrate": 10}[words[0]]
        assert f"HistoryDiverged: half-done, and edited where it has run: {Notes.COUNT}: statement 1" in ran.all
    assert database.value("SELECT to_regclass('third') IS NULL")
