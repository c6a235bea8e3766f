"""What is not looked at: objects by glob, and grants to roles by glob. Pure.

`table shop.events_p*` leaves out these tables with all that belongs to them, `index *_tmp` indexes, `* audit.*` all of
a schema, `grants to app_v*` whatever these roles were granted.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from pydantic import JsonValue

from dbmigrations.postgres.catalog.snapshot import CatalogObject, Snapshot

GRANTS = "grants to "
_PRIVILEGES = ("granted", "revoked")


def without(snapshot: Snapshot, patterns: Sequence[str]) -> Snapshot:
    """The snapshot without what matches one of the patterns.

    A pattern is compared with `kind name`, case counts, and `*` stands for anything.
    """
    if not patterns:
        return snapshot
    objects = [pattern for pattern in patterns if not pattern.startswith(GRANTS)]
    roles = [pattern.removeprefix(GRANTS) for pattern in patterns if pattern.startswith(GRANTS)]
    return Snapshot.of(snapshot.major, _kept(snapshot, objects, roles))


def _kept(snapshot: Snapshot, objects: Sequence[str], roles: Sequence[str]) -> Iterator[CatalogObject]:
    gone = {each.name for each in snapshot.objects.values() if not each.parent and _matches(each, objects)}
    for each in snapshot.objects.values():
        if each.parent in gone or _matches(each, objects):
            continue
        if not roles:
            yield each
            continue
        properties = _without_grants(each.properties, roles)
        if properties or not each.properties:
            yield CatalogObject(each.kind, each.name, each.parent, properties)


def _matches(each: CatalogObject, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(f"{each.kind} {each.name}", pattern) for pattern in patterns)


def _without_grants(properties: Mapping[str, JsonValue], roles: Sequence[str]) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for name, value in properties.items():
        if name not in _PRIVILEGES or not isinstance(value, dict):
            kept[name] = value
            continue
        left = {role: each for role, each in value.items() if not any(fnmatchcase(role, glob) for glob in roles)}
        if left:
            kept[name] = left
    return kept
