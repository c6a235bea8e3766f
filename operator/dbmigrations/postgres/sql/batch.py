"""What the migrations of one plan made themselves, so that it does not count as existing."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Batch:
    """Frozen: `review_script` returns the batch that follows. One batch serves all migrations of a plan in order."""

    schema: str

    @classmethod
    def of(cls, schema: str) -> Self:
        """A batch that has made nothing. `schema`: the application's, first in search_path."""
        return cls(schema=schema)
