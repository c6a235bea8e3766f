"""Whether a dead watch is told from a silent one."""

from dbmigrations.operator.watchfulness import GRACE, Watchfulness

SHOP = ("prod", "shop")


def test_a_silent_watch_that_missed_nothing_is_alive() -> None:
    watch = Watchfulness()
    watch.saw(SHOP, "7")

    assert watch.listed({SHOP: "7"}, now=0) == frozenset()
    assert watch.overdue(now=10_000) == frozenset()


def test_what_a_list_shows_and_no_event_brought_needs_a_look_at_once_and_is_overdue_after_the_grace() -> None:
    watch = Watchfulness()
    watch.saw(SHOP, "7")

    assert watch.listed({SHOP: "8"}, now=0) == {SHOP}
    assert watch.overdue(now=GRACE - 1) == frozenset()
    assert watch.overdue(now=GRACE) == {SHOP}


def test_an_event_that_comes_late_ends_the_alarm() -> None:
    watch = Watchfulness()
    watch.listed({SHOP: "8"}, now=0)

    watch.saw(SHOP, "8")

    assert watch.overdue(now=GRACE) == frozenset()


def test_a_resource_that_changes_all_the_time_is_measured_from_its_first_missed_event() -> None:
    watch = Watchfulness()
    watch.saw(SHOP, "7")
    for second in range(int(GRACE)):
        watch.listed({SHOP: str(8 + second)}, now=second)

    assert watch.overdue(now=GRACE) == {SHOP}


def test_an_event_that_is_newer_than_the_list_counts_as_delivered() -> None:
    watch = Watchfulness()
    watch.listed({SHOP: "8"}, now=0)
    watch.saw(SHOP, "9")

    assert watch.overdue(now=GRACE) == frozenset()


def test_a_deletion_that_no_event_brought_needs_a_look_but_is_no_sign_of_a_dead_watch() -> None:
    watch = Watchfulness()
    watch.saw(SHOP, "7")

    assert watch.listed({}, now=0) == {SHOP}
    assert watch.overdue(now=GRACE) == frozenset()
    assert watch.listed({}, now=60) == frozenset()
