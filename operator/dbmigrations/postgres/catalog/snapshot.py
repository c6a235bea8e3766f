"""A snapshot: every object of a database with its properties, as a value that can be hashed, kept and compared.

Nothing in it depends on object ids, on the session's search_path or on where columns stand in their table. The order
of columns is kept beside (a property whose name begins with `#`), for those who want to tell it; it is no part of the
fingerprint, because PostgreSQL cannot put a column back where it was: one that was dropped and made again stands last.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from pydantic import JsonValue

FORMAT = 1
"""Of the stored form."""

ObjectKey = tuple[str, str]
"""Kind and name: `("table", "shop.orders")`, `("policy", "own_rows on shop.orders")`."""

COLUMN_ORDER = "#columns"


@dataclass(frozen=True, slots=True)
class CatalogObject:
    """One object. Properties are only there where they say something: a default is left out."""

    kind: str
    name: str
    """Qualified and quoted as SQL would have it; of a constraint, trigger, rule or policy `name on table`."""
    parent: str
    """The name of the relation or type that it belongs to; empty: it stands alone."""
    properties: Mapping[str, JsonValue]

    @property
    def key(self) -> ObjectKey:
        """Kind and name."""
        return self.kind, self.name

    @property
    def counting(self) -> dict[str, JsonValue]:
        """The properties that make the fingerprint."""
        return {name: value for name, value in self.properties.items() if not name.startswith("#")}


class SnapshotInvalidError(ValueError):
    """Stored bytes that are no snapshot: written by a newer runner, or by hand."""


@dataclass(frozen=True)
class Snapshot:
    """The objects of one database at one time."""

    major: int
    """Of the server: it is the server that prints definitions."""
    objects: Mapping[ObjectKey, CatalogObject]

    @classmethod
    def of(cls, major: int, objects: Iterable[CatalogObject]) -> "Snapshot":
        """A snapshot of these; those of one key are put together."""
        found: dict[ObjectKey, CatalogObject] = {}
        for each in objects:
            known = found.get(each.key)
            if known is None:
                found[each.key] = each
            else:
                properties = {**known.properties, **each.properties}
                found[each.key] = CatalogObject(each.kind, each.name, known.parent or each.parent, properties)
        return cls(major, MappingProxyType(found))

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:…` over the objects; two databases with the same are alike in every property that is looked at."""
        rows = [[*each.key, each.counting] for each in self._ordered()]
        return f"sha256:{sha256(_canonical(rows)).hexdigest()}"

    def encode(self) -> bytes:
        """The snapshot as it is stored: compressed JSON."""
        rows = [[*each.key, each.parent, dict(each.properties)] for each in self._ordered()]
        return zlib.compress(_canonical({"format": FORMAT, "major": self.major, "objects": rows}))

    @classmethod
    def decode(cls, raw: bytes) -> "Snapshot":
        """What `encode` made.

        Raises:
            SnapshotInvalidError: it is nothing of the kind.
        """
        try:
            content = json.loads(zlib.decompress(raw))
            if content["format"] != FORMAT:
                raise SnapshotInvalidError(f"a snapshot of format {content['format']}; this runner knows {FORMAT}")
            return cls.of(content["major"], (CatalogObject(*row) for row in content["objects"]))
        except (zlib.error, ValueError, KeyError, TypeError) as error:
            raise SnapshotInvalidError(f"not a snapshot: {error}") from None

    def _ordered(self) -> Iterator[CatalogObject]:
        return (self.objects[key] for key in sorted(self.objects))


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
