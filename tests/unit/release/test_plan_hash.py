"""The hash names exactly this plan on exactly this base: what does not matter leaves it, what matters changes it."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.step import Direction
from dbmigrations.release.migration import Kind
from dbmigrations.release.plan import Plan, PlannedMigration

if TYPE_CHECKING:
    from dbmigrations.release.plan import BaseEntry

BASE: tuple[BaseEntry, ...] = ((Kind.SCHEMA, "a", "1" * 64), (Kind.SQL, "b", "2" * 64))
UP = PlannedMigration("1.1.0", Kind.SQL, "c", Direction.UP, 1, "3" * 64, "4" * 64)
PLAN = Plan(BASE, (UP, replace(UP, name="d", kind=Kind.DATA, down="")))


def test_the_hash_is_sha256_over_canonical_json_of_format_base_and_plan() -> None:
    document = {
        "base": [["schema", "a", "1" * 64], ["sql", "b", "2" * 64]],
        "format": 1,
        "plan": [
            ["1.1.0", "sql", "c", "Up", 1, "3" * 64, "4" * 64],
            ["1.1.0", "data", "d", "Up", 1, "3" * 64, ""],
        ],
    }
    text = json.dumps(document, separators=(",", ":"))
    assert PLAN.hash == "sha256:" + sha256(text.encode()).hexdigest()


def test_the_hash_does_not_change_between_versions_of_this_program() -> None:
    assert PLAN.hash == "sha256:eb2f534bdfe64a6dfd8f7c0f8052054ce9d38ee7e8b03b685e9a5d70c85a69df"


@given(st.permutations(BASE))
def test_the_order_in_which_the_base_is_told_does_not_matter(base: list[BaseEntry]) -> None:
    assert replace(PLAN, base=tuple(base)).hash == PLAN.hash


def test_what_the_baseline_step_records_is_in_the_base_and_not_twice() -> None:
    assert replace(PLAN, baselined=BASE).hash == PLAN.hash


@pytest.mark.parametrize(
    "change",
    [
        {"release": "1.1.1"},
        {"kind": Kind.SCHEMA},
        {"name": "x"},
        {"direction": Direction.DOWN},
        {"nth": 2},
        {"up": "9" * 64},
        {"down": "9" * 64},
        {"down": ""},
    ],
)
def test_each_thing_that_the_plan_says_changes_the_hash(change: dict[str, Any]) -> None:
    changed = replace(PLAN, migrations=(replace(UP, **change), *PLAN.migrations[1:]))
    assert changed.hash != PLAN.hash


def test_another_base_another_order_or_one_migration_less_change_the_hash() -> None:
    hashes = {
        PLAN.hash,
        replace(PLAN, base=BASE[:1]).hash,
        replace(PLAN, base=(*BASE[:1], (Kind.SQL, "b", "9" * 64))).hash,
        replace(PLAN, migrations=PLAN.migrations[::-1]).hash,
        replace(PLAN, migrations=PLAN.migrations[:1]).hash,
        replace(PLAN, migrations=()).hash,
    }
    assert len(hashes) == 6
