"""Types that are no domain with constraints: a column of such a type is added without writing the rows.

Those of PostgreSQL itself, and those of the extensions that applications use. Of any other name the catalog must be
asked, or the batch that made it.
"""

from dbmigrations.postgres.sql.asking import has_made_plain_type
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.tree import Node
from dbmigrations.postgres.sql.type_names import BUILT_IN, OF_EXTENSIONS


def is_plain(type_name: Node, batch: Batch) -> bool | None:
    """Whether a type, or the element type of an array, is no domain with constraints; None: not known."""
    if type_name.nodes("array_bounds"):
        return True  # the default of an array is NULL, and its elements are not looked at
    name = RelationName.of_parts(type_name.texts("names"))
    if name.schema == "pg_catalog" or (name.schema is None and name.name in BUILT_IN):
        return True  # pg_catalog is looked into before any other schema
    if name.name in OF_EXTENSIONS:
        return True
    return has_made_plain_type(batch, name)
