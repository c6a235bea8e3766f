"""What a look found just before counts for the preflight behind it, as long as nothing else is different."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.runner.preflight.facts import BackupFacts
from tests.unit.preflight.situations import GROWN, OTHER, SHOP, Analyses, at, does, facts_of, half

if TYPE_CHECKING:
    from dbmigrations.runner.preflight.facts import PreflightFacts

SURVEY = facts_of(SHOP, at("1.0.0"), "1.1.0", analyses={})
SEEN = replace(
    SURVEY, analyses=Analyses({"up:d": does(OperationClass.DESTRUCTIVE)}), backup=BackupFacts(problem="no storage")
)


def test_the_same_survey_takes_up_what_was_seen() -> None:
    again = facts_of(SHOP, at("1.0.0"), "1.1.0", analyses={})
    assert SEEN.taken_up_by(again) == SEEN


@pytest.mark.parametrize(
    "later",
    [
        facts_of(SHOP, at("1.1.0"), "1.1.0", analyses={}),
        facts_of(GROWN, at("1.0.0"), "1.1.0", analyses={}),
        replace(SURVEY, history=replace(SURVEY.history, partial=(half(),))),
        replace(SURVEY, owner=OTHER),
        replace(SURVEY, version="1.0.0"),
    ],
    ids=["another run applied it", "other files", "half applied by another run", "another owner", "another version"],
)
def test_another_survey_does_not(later: PreflightFacts) -> None:
    assert SEEN.taken_up_by(later) != SEEN
