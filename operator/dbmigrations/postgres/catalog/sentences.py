"""Differences as sentences. Pure."""

from collections.abc import Mapping

from pydantic import JsonValue

from dbmigrations.postgres.catalog.difference import Change, Difference, PropertyChange

SHOWN = 160
"""Characters of a value that a sentence shows; JSON has them all."""

_LEAD = 40
"""Characters shown before the place where two long values part."""

_PLURALS = {"index": "indexes", "policy": "policies", "statistics": "statistics"}


def sentence(difference: Difference, by: str = "") -> str:
    """What became of an object, with old and new values.

    Args:
        difference: the object.
        by: by whom, after "was added", "was removed", "was changed": `someone`.
    """
    subject = _subject(difference)
    doer = f" by {by}" if by else ""
    match difference.change:
        case Change.ADDED:
            return f"{subject} was added{doer}{_with_it(difference)}"
        case Change.REMOVED:
            return f"{subject} was removed{doer}{_with_it(difference)}"
        case Change.CHANGED:
            return f"{subject} {_changes(difference, doer)}"


def headline(difference: Difference) -> str:
    """The same without any value: fit for a status."""
    subject = _subject(difference)
    match difference.change:
        case Change.ADDED:
            return f"{subject} was added"
        case Change.REMOVED:
            return f"{subject} was removed"
        case Change.CHANGED:
            flags = [_flag(each) for each in difference.properties if _is_flag(each)]
            names = [each.name for each in difference.properties if not _is_flag(each)]
            if names:
                flags.append(f"was changed ({', '.join(names)})")
            return f"{subject} {' and '.join(flags)}"


def _subject(difference: Difference) -> str:
    """A name may hold a line end, and a sentence is one line."""
    return f"{difference.subject.kind} {difference.subject.name}".replace("\n", "\\n")


def _changes(difference: Difference, doer: str) -> str:
    parts = [_flag(each) for each in difference.properties if _is_flag(each)]
    values = [_values(each) for each in difference.properties if not _is_flag(each)]
    if values:
        parts.append(f"was changed{doer}: {'; '.join(values)}")
    return " and ".join(parts)


def _is_flag(change: PropertyChange) -> bool:
    return {change.before, change.after} == {True, None} if _are_plain(change) else False


def _are_plain(change: PropertyChange) -> bool:
    return all(value is None or isinstance(value, bool) for value in (change.before, change.after))


def _flag(change: PropertyChange) -> str:
    return f"became {change.name}" if change.after else f"is no longer {change.name}"


def _values(change: PropertyChange) -> str:
    before, after = change.before, change.after
    if isinstance(before, list) and isinstance(after, list):
        return f"{change.name}: {_list_change(before, after)}"
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        return f"{change.name}: {_mapping_change(before or {}, after or {})}"
    old, new = _text(before), _text(after)
    if old == new:
        return f"{change.name}: only its white space"
    start = _parting(old, new)
    return f"{change.name}: {_cut(old, start)} → {_cut(new, start)}"


def _list_change(before: list[JsonValue], after: list[JsonValue]) -> str:
    gone = [_text(each) for each in before if each not in after]
    come = [_text(each) for each in after if each not in before]
    if not gone and not come:
        return f"{_cut(_text(before), 0)} → {_cut(_text(after), 0)}"
    parts = [f"without {', '.join(gone)}"] if gone else []
    parts += [f"with {', '.join(come)}"] if come else []
    return _cut(" and ".join(parts), 0)


def _mapping_change(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> str:
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    parts = [f"{name}: {_text(before.get(name))} → {_text(after.get(name))}" for name in names]
    return _cut("; ".join(parts), 0)


def _with_it(difference: Difference) -> str:
    parts = [f"{number} {kind if number == 1 else _plural(kind)}" for kind, number in difference.with_it.items()]
    return f" (with {', '.join(parts)})" if parts else ""


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind}s")


def _text(value: JsonValue) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_text(each) for each in value) or "none"
        case dict():
            return "; ".join(f"{name}: {_text(each)}" for name, each in sorted(value.items()))
        case _:
            return " ".join(str(value).split())


def _parting(old: str, new: str) -> int:
    """From where two texts are shown: a little before they part."""
    if max(len(old), len(new)) <= SHOWN:
        return 0
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return max(0, same - _LEAD)


def _cut(text: str, start: int) -> str:
    end = start + SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
