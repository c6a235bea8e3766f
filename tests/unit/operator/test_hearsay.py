"""When the Jobs of a resource need be listed."""

from dataclasses import replace

from dbmigrations.controller.hearsay import Hearsay
from dbmigrations.controller.snapshot import JobFacts, JobState

SHOP = ("prod", "shop")
DONE = JobFacts(name="shop-sql-1", uid="u", labels={}, owner_uid="o", state=JobState.COMPLETE)


def test_a_resource_of_which_nothing_was_heard_has_nothing_to_list() -> None:
    assert Hearsay().only_finished(SHOP, ["shop-sql-1"])


def test_finished_jobs_of_the_last_run_are_nothing_new() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-1", finished=True)

    assert hearsay.only_finished(SHOP, ["shop-sql-1", "shop-verify-1"])


def test_a_job_that_may_still_run_is_worth_a_list_whatever_its_name() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-1", finished=False)

    assert not hearsay.only_finished(SHOP, ["shop-sql-1"])


def test_a_finished_job_of_another_run_is_worth_a_list() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-0", finished=True)

    assert not hearsay.only_finished(SHOP, ["shop-sql-1"])


def test_a_list_replaces_what_was_heard() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-0", finished=True)
    hearsay.heard(SHOP, "shop-sql-1", finished=False)

    hearsay.listed(SHOP, [DONE])

    assert hearsay.only_finished(SHOP, ["shop-sql-1"])


def test_a_list_that_finds_an_active_job_is_followed_by_another() -> None:
    hearsay = Hearsay()

    hearsay.listed(SHOP, [replace(DONE, state=JobState.ACTIVE)])

    assert not hearsay.only_finished(SHOP, ["shop-sql-1"])


def test_a_job_that_is_gone_is_no_longer_heard_of() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-0", finished=True)

    hearsay.heard_end(SHOP, "shop-sql-0")
    hearsay.heard_end(("prod", "other"), "shop-sql-0")

    assert hearsay.only_finished(SHOP, [])


def test_a_resource_that_is_gone_is_forgotten() -> None:
    hearsay = Hearsay()
    hearsay.heard(SHOP, "shop-sql-1", finished=False)

    hearsay.forget(SHOP)

    assert hearsay.only_finished(SHOP, [])
