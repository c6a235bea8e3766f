"""Names of types that are no domains: PostgreSQL's own, and those of the extensions that applications use."""

BUILT_IN = frozenset(
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
OF_EXTENSIONS = frozenset(
    """
    box2d box3d citext cube geography geometry gtrgm halfvec hstore isbn lquery ltree ltxtquery raster seg semver
    sparsevec topogeometry vector
    """.split()  # noqa: SIM905
)
