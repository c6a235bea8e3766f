"""What differs between two snapshots, object by object. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from dbmigrations.postgres.catalog.snapshot import COLUMN_ORDER, CatalogObject, ObjectKey, Snapshot


class Change(StrEnum):
    """What became of an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A property that is another now; None: it is not there."""

    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not what it was."""

    before: CatalogObject | None
    after: CatalogObject | None
    with_it: Mapping[str, int] = field(default_factory=dict)
    """How many objects of each kind came or went with it: the columns of a table, say."""

    @property
    def subject(self) -> CatalogObject:
        """The object as it is, or was."""
        found = self.after or self.before
        if found is None:
            raise AssertionError("a difference is of an object")
        return found

    @property
    def change(self) -> Change:
        """What became of it."""
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.CHANGED

    @property
    def properties(self) -> tuple[PropertyChange, ...]:
        """What changed in it; none for one that was added or removed."""
        if self.before is None or self.after is None:
            return ()
        old, new = self.before.counting, self.after.counting
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return tuple(PropertyChange(name, old.get(name), new.get(name)) for name in names)


def compare(before: Snapshot, after: Snapshot) -> tuple[Difference, ...]:
    """Every object that was added, removed or changed, by name.

    What came or went with the relation that it belongs to is counted there and not told by itself.
    """
    every = {difference.subject.key: difference for difference in _differences(before, after)}
    came_or_went: dict[tuple[str, Change], ObjectKey] = {
        (each.subject.name, each.change): key
        for key, each in every.items()
        if not each.subject.parent and each.change is not Change.CHANGED
    }
    told: dict[ObjectKey, Difference] = {}
    with_it: dict[ObjectKey, Counter[str]] = {}
    for key, each in every.items():
        whole = came_or_went.get((each.subject.parent, each.change)) if each.subject.parent else None
        if whole is None:
            told[key] = each
        else:
            with_it.setdefault(whole, Counter())[each.subject.kind] += 1
    return tuple(
        Difference(each.before, each.after, dict(sorted(with_it.get(key, {}).items())))
        for key, each in sorted(told.items(), key=lambda item: _place(item[1].subject))
    )


def changed_keys(before: Snapshot, after: Snapshot) -> frozenset[ObjectKey]:
    """The keys of all objects that differ, those of relations that came or went included."""
    return frozenset(difference.subject.key for difference in _differences(before, after))


def moved_columns(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """The tables whose columns are the same and stand in another order."""
    return tuple(
        each.name
        for key, each in sorted(after.objects.items())
        if (known := before.objects.get(key)) is not None
        and (old := _order(known)) != (new := _order(each))
        and sorted(old) == sorted(new)
    )


def _differences(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    for key in before.objects.keys() | after.objects.keys():
        old, new = before.objects.get(key), after.objects.get(key)
        if old is None or new is None or old.counting != new.counting:
            yield Difference(old, new)


def _place(each: CatalogObject) -> tuple[str, bool, ObjectKey]:
    """What belongs to a relation follows it."""
    return each.parent or each.name, bool(each.parent), each.key


def _order(each: CatalogObject) -> list[str]:
    found = each.properties.get(COLUMN_ORDER)
    return [str(name) for name in found] if isinstance(found, list) else []
