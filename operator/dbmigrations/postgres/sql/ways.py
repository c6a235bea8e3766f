"""The ways of a batch, those that lead to something apart from those that lead to nothing yet.

A plan that makes a thousand partitions and fills each would otherwise go from each to all others for nothing: a way to
a relation at which nothing happens is not gone. It waits until something is tied to that relation.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rpds import HashTrieMap

from dbmigrations.postgres.sql.names import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.sql.ties import Tie


@dataclass(frozen=True, slots=True)
class Ways:
    """Every tie that was made, by bare names.

    Attributes:
        leading: those that tell something or lead to what does, by where they begin.
        waiting: those that lead to nothing yet, by where they end.
    """

    leading: "HashTrieMap[str, tuple[Tie, ...]]" = field(default_factory=HashTrieMap)
    waiting: "HashTrieMap[str, tuple[Tie, ...]]" = field(default_factory=HashTrieMap)

    def __bool__(self) -> bool:
        """Whether any leads to something."""
        return bool(self.leading)

    def __iter__(self) -> "Iterator[Tie]":
        """All of them."""
        for ties in (*self.leading.values(), *self.waiting.values()):
            yield from ties

    def of(self, name: str) -> "tuple[Tie, ...]":
        """Those that lead to something, from what is called so."""
        return self.leading.get(name, ())

    def lead_from(self, name: str) -> bool:
        """Whether any leads to something from what is called so."""
        return bool(self.leading) and (name == ANY or name in self.leading or ANY in self.leading)

    def having(self, tie: "Tie") -> "Ways":
        """With one more, and with all those leading that waited for it."""
        if not self._leads(tie):
            end = tie.target.name if tie.target else ""
            return replace(self, waiting=self.waiting.insert(end, (*self.waiting.get(end, ()), tie)))
        leading, waiting = self.leading, self.waiting
        pending = [tie]
        while pending:
            each = pending.pop()
            begin = each.source.name
            leading = leading.insert(begin, (*leading.get(begin, ()), each))
            if each.is_met_everywhere:
                continue
            for end in tuple(waiting) if begin == ANY else (begin,):
                there = waiting.get(end, ())
                if woken := [other for other in there if not other.is_taken_back_by(each)]:
                    pending += woken
                    waiting = waiting.insert(end, tuple(other for other in there if other.is_taken_back_by(each)))
        return Ways(leading, waiting)

    def joined(self, other: "Ways") -> "Ways":
        """With those of the other too, which began with the same: what neither has touched is not looked at."""
        joined = self
        for own, others in ((self.leading, other.leading), (self.waiting, other.waiting)):
            for name, ties in others.items():
                if own.get(name) is not ties:
                    joined = joined._with_each(ties)
        return joined

    def _with_each(self, ties: "tuple[Tie, ...]") -> "Ways":
        joined = self
        for tie in ties:
            has = any(each is tie for each in (*joined.of(tie.source.name), *joined._waiting_for(tie)))
            joined = joined if has else joined.having(tie)
        return joined

    def _waiting_for(self, tie: "Tie") -> "tuple[Tie, ...]":
        return self.waiting.get(tie.target.name if tie.target else "", ())

    def without_runs_of(self, tie: "Tie") -> "Ways":
        """Without those that run the same."""
        begin = tie.source.name
        kept = tuple(each for each in self.of(begin) if each.runs is not tie.runs)
        return replace(self, leading=self.leading.insert(begin, kept))

    def _leads(self, tie: "Tie") -> bool:
        if tie.is_telling:
            return True
        if tie.target is None:
            return False
        if tie.target.name == ANY:
            return True
        following = (*self.of(tie.target.name), *self.of(ANY))
        return any(not each.is_met_everywhere and not tie.is_taken_back_by(each) for each in following)
