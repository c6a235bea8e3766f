"""The ledger is read as it is meant, and what is wrong in it is told with line, column, field and remedy."""

# ruff: noqa: E501 - a row of a table of messages is read best as one line

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.release.ledger import Ledger, LedgerRelease, read_many, read_single
from dbmigrations.release.migration import Kind

TEAM = """\
releases:
  - version: 1.0.0
    description: Initial multi-tenant setup
    baseline: true
    compatibility: {backend: "1.0.x", frontend: "1.0.x"}
    schema: [20260101000000_init]
    sql: [20260101_0900_row_level_security]
  - version: 1.1.0
    description: Projects module, isolated by account
    compatibility: {backend: "1.0.x - 1.1.x", frontend: "1.0.x - 1.1.x"}
    schema: [20260123110000_add_projects]
    sql: [20260123_1200_projects_rls]
    data: [20260123_1210_backfill_project_owner]
    verify: [projects_are_isolated]
    breaking: "clients must send the account"
    irreversible: {20260123_1210_backfill_project_owner: "the old owner is not kept"}
"""


def read(text: str) -> Ledger:
    return read_single("releases.yaml", dedent(text))


def release_of(body: str) -> LedgerRelease:
    ledger = read("releases:\n  - version: 1.0.0\n" + "".join(f"    {line}\n" for line in dedent(body).splitlines()))
    assert ledger.problems == ()
    return ledger.releases[0]


def messages(text: str) -> list[str]:
    return [str(problem) for problem in read(text).problems]


def messages_of(body: str) -> list[str]:
    return messages("releases:\n  - version: 1.0.0\n" + "".join(f"    {line}\n" for line in dedent(body).splitlines()))


def test_a_ledger_as_a_team_writes_it_is_read_whole() -> None:
    ledger = read(TEAM)
    assert ledger.problems == ()
    first, second = ledger.releases
    assert first.baseline
    assert not second.baseline
    assert [(line.kind, line.name, line.line) for line in second.lines] == [
        (Kind.SCHEMA, "20260123110000_add_projects", 11),
        (Kind.SQL, "20260123_1200_projects_rls", 12),
        (Kind.DATA, "20260123_1210_backfill_project_owner", 13),
    ]
    assert [(a.name, a.line) for a in second.assertions] == [("projects_are_isolated", 14)]
    assert [(c.component, c.versions.text) for c in second.compatibility] == [
        ("backend", "1.0.x - 1.1.x"),
        ("frontend", "1.0.x - 1.1.x"),
    ]
    assert second.breaking == "clients must send the account"
    assert second.irreversible == {"20260123_1210_backfill_project_owner": "the old owner is not kept"}
    assert second.description == "Projects module, isolated by account"


def test_scalars_are_strings_whatever_yaml_thinks() -> None:
    release = release_of("""\
        description: no
        sql: [20260101_0900_0]
        breaking: 1.10
        """)
    assert release.description == "no"
    assert release.breaking == "1.10"
    assert [line.name for line in release.lines] == ["20260101_0900_0"]


def test_nothing_after_a_colon_is_as_if_the_key_were_not_there() -> None:
    release = release_of("""\
        description:
        sql:
        data: ~
        baseline: null
        compatibility:
        """)
    assert (release.description, release.lines, release.baseline, release.compatibility) == ("", (), False, ())


def test_one_list_in_free_order_keeps_its_order() -> None:
    release = release_of("""\
        migrations:
          - sql: 20260101_0900_a
          - schema: 20260101100000_b
          - data: 20260101_1100_c
          - sql: 20260101_1200_d
        """)
    assert [line.kind for line in release.lines] == [Kind.SQL, Kind.SCHEMA, Kind.DATA, Kind.SQL]
    assert [line.line for line in release.lines] == [4, 5, 6, 7]


def test_the_three_lists_run_as_schema_then_sql_then_data_however_they_are_written() -> None:
    release = release_of("""\
        data: [20260101_0900_a]
        sql: [20260101_0900_b]
        schema: [20260101000000_c]
        """)
    assert [line.kind for line in release.lines] == [Kind.SCHEMA, Kind.SQL, Kind.DATA]


def test_windows_line_ends_are_line_ends() -> None:
    ledger = read_single("releases.yaml", TEAM.replace("\n", "\r\n"))
    assert ledger.problems == ()
    assert ledger.releases[1].lines[2].line == 13


def test_prereleases_stand_before_their_release() -> None:
    ledger = read("releases:\n- version: 1.2.0-rc.1\n- version: 1.2.0-rc.2\n- version: 1.2.0\n")
    assert ledger.problems == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "releases.yaml: is empty (begin with `releases:` and a list of releases)"),
        ("# only a comment\n", "releases.yaml: is empty (begin with `releases:` and a list of releases)"),
        ("releases:\n", "releases.yaml:1:1: releases: is missing or empty (list at least one release: `- version: 1.0.0`)"),
        ("- version: 1.0.0\n", "releases.yaml:1:1: is not a mapping (begin with `releases:` and a list of releases)"),
        ("releases: {version: 1.0.0}\n", "releases.yaml:1:11: releases: is not a list (begin each release with `- version:`)"),
        ("releases: [1.0.0]\n", "releases.yaml:1:12: releases: is not a mapping (begin with `version: 1.0.0`)"),
        ("releases:\n- description: x\n", "releases.yaml:2:3: version: is missing (write `version: 1.0.0`)"),
        ("releases:\n- version: [1]\n", "releases.yaml:2:12: version: is not a text (write `version: 1.0.0`)"),
        ("releases:\n- version: 1.10\n", "releases.yaml:2:12: version: version '1.10' is not complete: write major.minor.patch, '1.10.0'"),
        (
            "releases:\n- version: 1.0.0+7\n",
            "releases.yaml:2:12: version: version '1.0.0+7' has build metadata, which has no place in an order: leave out `+…`",
        ),
        (
            "releases:\n- version: 1.1.0\n- version: 1.0.0\n",
            "releases.yaml:3: version: 1.0.0 stands after 1.1.0 (line 2) (order releases by version)",
        ),
        (
            "releases:\n- version: 1.0.0\n- version: 1.0.0\n",
            "releases.yaml:3: version: 1.0.0 is listed twice, first on line 2 (keep one of them)",
        ),
        (
            "releases:\n- version: 1.0.0\n  version: 1.0.1\n",
            "releases.yaml:3:3: key 'version' stands twice, first on line 2 (keep one of them)",
        ),
        ("release: []\n", "releases.yaml:1:1: unknown key 'release' (did you mean 'releases'?)"),
        ("releases:\n- version: 1.0.0\n  [\n", "releases.yaml:4:1: is not YAML"),
        ("releases:\n\t- version: 1.0.0\n", "releases.yaml:2:1: is not YAML"),
        ("a: 1\n---\nb: 2\n", "releases.yaml:2:1: is not YAML"),
        ("releases: &a [*a]\n", "is used again by an alias (write it out: anchors have no place in a ledger)"),
        ("releases:\n- version: !!python/name:os.system 1.0.0\n", "has the tag tag:yaml.org,2002:python/name:os.system"),
        ("? [a]\n: 1\n", "releases.yaml:1:3: a key must be a text"),
        ("- " * 500, "releases.yaml: is nested too deeply to be a ledger"),
        ("releases: \x07\n", "releases.yaml: is not YAML"),
    ],
)  # fmt: skip
def test_a_broken_ledger_says_where_and_what_to_write(text: str, message: str) -> None:
    assert any(message in told for told in messages(text)), messages(text)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("verfy: [a]", "releases.yaml:3:5: unknown key 'verfy' (did you mean 'verify'?)"),
        ("colour: red", "releases.yaml:3:5: unknown key 'colour' (known are version, description,"),
        ("description: [a]", 'releases.yaml:3:18: description: is not a text (write `description: "…"`)'),
        ("baseline: yes", "releases.yaml:3:15: baseline: is neither true nor false (write `baseline: true`, or leave it out)"),
        ("sql: 20260101_0900_a", "releases.yaml:3:10: sql: is not a list (write `sql: [name]`, or a line `- name` for each)"),
        ("sql: [[a]]", "releases.yaml:3:11: sql: is not a name"),
        ("sql: [~]", "releases.yaml:3:11: sql: is not a name"),
        ("sql: [20260101_0900_a.sql]", "'20260101_0900_a.sql' is not a name that a file here may have (write '20260101_0900_a', without the suffix)"),
        ("sql: [add_projects]", "(expected YYYYMMDD_HHMM_name)"),
        ("data: [../../etc/passwd]", "'../../etc/passwd' is not a name that a file here may have"),
        ("sql: ['20260101_0900_a/../../b']", "is not a name that a file here may have"),
        ("sql: ['20260101_0900_a\\n']", "is not a name that a file here may have (expected YYYYMMDD_HHMM_name)"),
        ('sql: ["20260101_0900_a\\0"]', "is not a name that a file here may have"),
        ("schema: [20260101_0900_a/b]", "(expected YYYYMMDDHHMMSS_name, as Prisma names its folders)"),
        ("schema: [" + "1" * 14 + "_" + "a" * 300 + "]", "(at most 200 characters)"),
        ("verify: [a, a]", "releases.yaml:3:17: verify: 'a' is listed twice, first on line 3 (keep one of them)"),
        ("verify: [a b]", "(expected letters, digits, hyphens and underscores)"),
        ("compatibility: {backend: newest}", "releases.yaml:3:30: compatibility.backend: 'newest' is not a range of versions"),
        ("compatibility: {backend: 1.0.x-1.1.x}", "write spaces around the hyphen"),
        ("compatibility: {backend: [1.0.x]}", "compatibility: what stands at 'backend' is not a text"),
        ("compatibility: 1.0.x", "compatibility: is not a mapping"),
        ("compatibility: {back end: 1.0.x}", "'back end' is no name of a component"),
        ("sql: [20260101_0900_abc]\nirreversible: {20260101_0900_abd: why}", "this release has no migration '20260101_0900_abd' (did you mean '20260101_0900_abc'?)"),
        ("sql: [20260101_0900_a]\nirreversible: {20260101_0900_a: }", "irreversible.20260101_0900_a: does not say why"),
        ("sql: [20260101_0900_a]\nirreversible: [20260101_0900_a]", "releases.yaml:4:19: irreversible: is not a mapping"),
        ("sql: [20260101_0900_a]\nmigrations: [{sql: 20260101_0900_b}]", "migrations: stands beside sql (either one list in free order, or the three)"),
        ("migrations: {sql: 20260101_0900_b}", "migrations: is not a list"),
        ("migrations: [20260101_0900_b]", "migrations: is not one kind and one name (write the kind and the name: `{sql: 20260123_1200_name}`)"),
        ("migrations: [{sql: 20260101_0900_b, data: 20260101_0900_b}]", "migrations: is not one kind and one name"),
        ("migrations: [{shema: 20260101000000_b}]", "unknown kind 'shema' (did you mean 'schema'?)"),
    ],
)  # fmt: skip
def test_a_broken_release_says_where_and_what_to_write(body: str, message: str) -> None:
    assert any(message in told for told in messages_of(body)), messages_of(body)


def test_every_mistake_is_told_at_once() -> None:
    told = messages_of("""\
        sql: [bad]
        colour: red
        baseline: perhaps
        """)
    assert len(told) == 3


def test_releases_in_files_are_named_by_their_version_and_ordered_by_it() -> None:
    ledger = read_many(
        {
            "releases/1.10.0.yaml": "description: later\n",
            "releases/1.2.0.yaml": "version: 1.2.0\nsql: [20260101_0900_a]\n",
        }
    )
    assert ledger.problems == ()
    assert [(r.version.text, r.file) for r in ledger.releases] == [
        ("1.2.0", "releases/1.2.0.yaml"),
        ("1.10.0", "releases/1.10.0.yaml"),
    ]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("releases/next.yaml", "description: x", "releases/next.yaml: is named after no version"),
        ("releases/1.0.0.yaml", "version: 1.0.1", "releases/1.0.0.yaml:1:10: version: is 1.0.1, but the file is named 1.0.0.yaml"),
        ("releases/1.0.0.yaml", "", "releases/1.0.0.yaml: is empty"),
        ("releases/1.0.0.yaml", "- a", "releases/1.0.0.yaml:1:1: is not a mapping"),
        ("releases/1.0.0.yaml", "a: [", "releases/1.0.0.yaml:1:5: is not YAML"),
    ],
)  # fmt: skip
def test_a_broken_release_file_says_where_and_what_to_write(file: str, text: str, message: str) -> None:
    told = [str(problem) for problem in read_many({file: text}).problems]
    assert any(message in line for line in told), told


@given(st.text(alphabet=st.sampled_from("releases:\n -[]{}#&*!|>'\"%@`,?ab01.~\t"), max_size=120))
def test_any_text_is_a_ledger_or_problems_and_never_an_exception(text: str) -> None:
    ledger = read_single("releases.yaml", text)
    assert ledger.releases or ledger.problems


@given(st.text(max_size=60))
def test_any_value_in_any_place_is_told_and_never_an_exception(value: str) -> None:
    for key in ("version", "sql", "compatibility", "irreversible", "migrations", "verify", "baseline"):
        read_single("releases.yaml", f"releases:\n- version: 1.0.0\n  {key}: {value}\n")


@pytest.mark.parametrize("text", ["[" * 200_000, "? " * 200_000, "- " * 20_000, "{a: " * 20_000])
def test_a_ledger_of_too_many_levels_is_a_problem_and_no_crash(text: str) -> None:
    (problem,) = read_single("releases.yaml", text).problems

    assert "is nested too deeply" in str(problem) or "is not YAML" in str(problem)
