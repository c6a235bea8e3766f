"""Bounds that are not ours: whoever reads a setting says which field is beyond them."""

LONGEST_TIMEOUT = 2_147_483
"""Seconds. PostgreSQL keeps lock_timeout and statement_timeout as milliseconds in 32 bits: some 596 hours."""

LONGEST_LIMIT = 500_000 * 3600
"""Seconds. Kubernetes counts a Job's deadline in nanoseconds in 64 bits: 292 years; half a million hours are 57."""

LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL, in UTF-8: the schema counts characters, of which some have several."""


def is_postgres_own(schema: str) -> bool:
    """Whether PostgreSQL keeps the name of a schema for itself: nobody else can make, or fill, one of that name."""
    return schema.startswith("pg_") or schema == "information_schema"
