"""Types that are no domain with constraints: a column of such a type is added without writing the rows.

Those of PostgreSQL itself, and those of the extensions that applications use. Of any other name the catalog must be
asked, or the batch that made it.
"""

from dbmigrations.postgres.sql.asking import has_made_plain_type
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.tree import Node

_BUILT_IN = frozenset(
    """
    aclitem bigserial bit bool boolean box bpchar bytea char cid cidr circle date daterange datemultirange decimal
    float4 float8 inet int int2 int2vector int4 int4multirange int4range int8 int8multirange int8range integer interval
    json jsonb jsonpath line lseg macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn
    pg_snapshot point polygon real refcursor regclass regcollation regconfig regdictionary regnamespace regoper
    regoperator regproc regprocedure regrole regtype serial serial2 serial4 serial8 smallserial text tid time timestamp
    timestamptz timetz tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot uuid varbit varchar
    xid xid8 xml
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
_OF_EXTENSIONS = frozenset(
    """
    box2d box3d citext cube geography geometry gtrgm halfvec hstore isbn lquery ltree ltxtquery raster seg semver
    sparsevec topogeometry vector
    """.split()  # noqa: SIM905
)


def is_plain(type_name: Node, batch: Batch) -> bool | None:
    """Whether a type, or the element type of an array, is no domain with constraints; None: not known."""
    if type_name.nodes("array_bounds"):
        return True  # the default of an array is NULL, and its elements are not looked at
    name = RelationName.of_parts(type_name.texts("names"))
    if name.schema == "pg_catalog" or (name.schema is None and name.name in _BUILT_IN):
        return True  # pg_catalog is looked into before any other schema
    if name.name in _OF_EXTENSIONS:
        return True
    return has_made_plain_type(batch, name)
