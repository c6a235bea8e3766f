"""Ways that lead to nothing are not gone, and those that lead to something are all gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from rpds import HashTrieMap

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.names import ANY, TEMPORARY, RelationName
from dbmigrations.postgres.sql.ties import Event, Reached, Tie, Touch, reached, with_tie
from dbmigrations.postgres.sql.tree import Node, parse
from dbmigrations.postgres.sql.tying import child
from dbmigrations.postgres.sql.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence

_CALL = parse("SELECT f()")
assert isinstance(_CALL, Node)
_RUNS = (_CALL,)
_NAMES = st.builds(RelationName, st.sampled_from(["public", "s", None]), st.sampled_from("abcd"))
_WINDOW = st.sampled_from([True])
_EVERYWHERE = st.just(RelationName(ANY, ANY))
_EVENTS = st.sampled_from([Event.ANY, Event.CHANGE, Event.WRITE, Event.READ, Event.DELETE])
_TIES = st.one_of(
    st.builds(Tie, _NAMES, _EVENTS, _NAMES, is_quiet=st.booleans()),
    st.builds(Tie, _NAMES, st.just(Event.ANY), _NAMES),
    st.builds(Tie, _NAMES, _EVENTS, _NAMES, origins=st.tuples(_NAMES)),
    st.builds(Tie, st.one_of(_NAMES, _EVERYWHERE), _EVENTS, runs=st.just(_RUNS)),
    st.builds(Tie, _NAMES, _EVENTS, is_window=_WINDOW),
    st.builds(
        Tie,
        _NAMES,
        st.sampled_from([Event.DELETE, Event.UPDATE]),
        _NAMES,
        becomes=st.just(Event.UPDATE),
        on=st.sampled_from([frozenset[str](), frozenset({"x"})]),
        sets=st.just(("x",)),
    ),
    st.builds(Tie, st.builds(RelationName, st.just("s"), st.just(ANY)), st.just(Event.CHANGE), is_window=_WINDOW),
)
_TOUCHES = st.builds(
    Touch,
    _NAMES,
    st.sampled_from([*Event.ANY]),
    st.sampled_from([frozenset[str](), frozenset({"x"})]),
)


@settings(max_examples=300)
@given(st.lists(_TIES, max_size=9), _TOUCHES)
def test_what_happens_at_the_end_of_any_way_is_found(ties: list[Tie], touch: Touch) -> None:
    batch = with_tie(Batch.of("public"), *ties)

    assert _telling(batch, touch) == _telling(replace(batch, ties=_all_leading(ties)), touch)


def test_a_partition_leads_to_its_siblings_only_where_something_happens_there() -> None:
    parent, first, second = (RelationName(None, name) for name in ("parent", "first", "second"))
    batch = Batch.of("public").with_made(parent).with_made(first).with_made(second)
    batch = child(child(batch, parent, first), parent, second)

    assert list(reached(batch, Touch(first, Event.INSERT))) == []
    batch = with_tie(batch, Tie(RelationName("public", "second"), Event.INSERT, runs=_RUNS))
    assert [end.tie.runs for end in reached(batch, Touch(parent, Event.INSERT)) if end.tie.runs] == [_RUNS]


def test_a_temporary_table_is_not_the_parent_of_what_stays() -> None:
    batch = with_tie(
        Batch.of("public"),
        Tie(RelationName("public", "p"), Event.ANY, RelationName("public", "parent"), is_quiet=True),
        Tie(RelationName("public", "parent"), Event.INSERT, runs=_RUNS),
        Tie(RelationName(TEMPORARY, "parent"), Event.ANY, RelationName("public", "p")),
    )

    assert batch.ties.of("parent") == (Tie(RelationName("public", "parent"), Event.INSERT, runs=_RUNS),)


def _telling(batch: Batch, touch: Touch) -> set[tuple[int, Event, object]]:
    ends = [end for end in reached(batch, touch) if _is_about_something(end)]
    return {(_identity(end.tie), Event(0) if end.tie.runs else end.event, end.columns) for end in ends}


def _is_about_something(end: Reached) -> bool:
    return bool(end.tie.runs or end.tie.is_window or end.tie.origins or end.columns)


def _identity(tie: Tie) -> int:
    return hash((tie.source, tie.events, tie.target, tie.origins, tie.becomes, tie.on, tie.sets, bool(tie.runs)))


def _all_leading(ties: Sequence[Tie]) -> Ways:
    leading: HashTrieMap[str, tuple[Tie, ...]] = HashTrieMap()
    for tie in ties:
        leading = leading.insert(tie.source.name, (*leading.get(tie.source.name, ()), tie))
    return Ways(leading)
