"""Extensions that PostgreSQL itself brings: none of them has a table, a materialized view or a sequence of its own."""

_NAMES = """
adminpack amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw
fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache
pg_freespacemap pg_logicalinspect pg_overexplain pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility
pg_walinspect pgcrypto pgrowlocks pgstattuple postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows
tsm_system_time unaccent uuid-ossp xml2
"""

WITHOUT_HOLDINGS = frozenset(_NAMES.split())
