"""What a script, or somebody else, leaves in the session and in the database does not reach our own rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres import facts, history
from dbmigrations.postgres.errors import StatementError
from tests.engine.databases import applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from tests.engine.databases import Database

SESSION = """
SELECT current_user, session_user, current_setting('search_path'), current_setting('role'),
    current_setting('standard_conforming_strings'), current_setting('client_encoding'),
    current_setting('default_transaction_read_only'), current_setting('default_transaction_isolation'),
    current_setting('bytea_output'), current_setting('DateStyle'), current_setting('TimeZone'),
    current_setting('session_replication_role'), current_setting('row_security'), current_setting('lock_timeout'),
    current_setting('check_function_bodies'), current_setting('application_name'),
    (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors),
    (SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'dbmigrations %'),
    to_regclass('pg_temp.leak') IS NULL,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
"""

LEAKS = {
    "search_path": "SET search_path = '';",
    "role": "SET ROLE other;",
    "session authorization": "SET SESSION AUTHORIZATION other;",
    "strings": "SET escape_string_warning = off; SET backslash_quote = on;",
    "encoding": "SET client_encoding = 'LATIN1';",
    "read only": "SET default_transaction_read_only = on;",
    "characteristics": "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY;",
    "output": "SET bytea_output = 'escape'; SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo';",
    "replication role": "SET session_replication_role = replica;",
    "timeouts": "SET lock_timeout = 0; SET statement_timeout = '1h'; SET idle_in_transaction_session_timeout = 0;",
    "name": "SET application_name = 'somebody else';",
    "bodies": "SET check_function_bodies = off; SET row_security = off;",
    "listen": "LISTEN news;",
    "prepared": "PREPARE leak AS SELECT 1;",
    "cursor": "DECLARE leak CURSOR WITH HOLD FOR SELECT 1;",
    "temporary": "CREATE TEMP TABLE leak (id int);",
    "local": "SET LOCAL search_path = ''; SET LOCAL ROLE other;",
    "set_config": "SELECT set_config('search_path', 'pg_catalog', false);",
    "jit": "SET jit = off; SET work_mem = '1GB'; SET synchronous_commit = off;",
}  # fmt: skip


PRIVILEGED = {"role", "session authorization", "local", "replication role"}


@pytest.mark.parametrize("privileged", [False, True], ids=["owner", "superuser"])
@pytest.mark.parametrize("mode", ["", "-- migrate: tx=statement\n"], ids=["whole", "by statement"])
def test_what_a_script_does_to_its_session_ends_with_it(database: Database, mode: str, privileged: bool) -> None:  # noqa: FBT001
    if privileged:
        database.run(f"ALTER ROLE {database.owner} SUPERUSER", "DROP ROLE IF EXISTS other", "CREATE ROLE other")
    tried = {name: script for name, script in LEAKS.items() if (name in PRIVILEGED) is privileged}
    with database.session() as session:
        apply = applier(session, database.tables)
        before = session.one(SESSION)
        left = {}
        for number, (name, script) in enumerate(tried.items()):
            apply.up(migration(f"leak {number}", f"{mode}{script}"))
            after = session.one(SESSION)
            if after != before:
                left[name] = after
            apply.up(migration(f"next {number}", f"CREATE TABLE t{number} (id int);"))
            assert database.value(f"SELECT to_regclass('public.t{number}') IS NOT NULL"), name
        assert left == {}
        assert {row.database_user for row in history.rows(session, database.tables)} == {database.owner}
        assert history.broken_link(session, database.tables) is None


SHADOWS = {
    "functions": """
        CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '1999-01-01'::timestamptz $$;
        CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT public.now() $$;
        CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT '\\x00'::bytea $$;
        CREATE FUNCTION public.encode(bytea, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
        CREATE FUNCTION public.pg_backend_pid() RETURNS int LANGUAGE sql AS $$ SELECT 0 $$;
        CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
        CREATE FUNCTION public.to_regclass(text) RETURNS regclass LANGUAGE sql AS $$ SELECT NULL::regclass $$;
    """,
    "better matches": """
        CREATE FUNCTION public.jsonb_build_array(text, text, text, text, text, text, text, text, text, text, text, text,
            text, text, text, text, text, text, text, text, text, bigint, text, text)
            RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
    """,
    "operators": """
        CREATE FUNCTION public.wrong(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
        CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.wrong);
        CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.wrong);
        CREATE FUNCTION public.glued(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
        CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = public.glued);
    """,
    "types and relations": """
        CREATE DOMAIN public.text AS int;
        CREATE DOMAIN public.bigint AS pg_catalog.text;
        CREATE TABLE public.pg_locks (pid int);
        CREATE TABLE public.pg_class (oid int);
        CREATE VIEW public.pg_stat_activity AS SELECT 1;
    """,
    "temporary relations": """
        CREATE TEMP TABLE pg_locks (pid int);
        CREATE TEMP TABLE pg_class (oid oid, relname name, relnamespace oid);
        CREATE TEMP TABLE pg_index (indexrelid oid);
        CREATE TEMP TABLE pg_namespace (oid oid);
        CREATE TEMP TABLE pg_inherits (inhrelid oid);
        CREATE TEMP TABLE migration_history (id int);
        CREATE TEMP TABLE migration_run (id text, outcome text);
    """,
}  # fmt: skip
PATHS = ["", "SET search_path = public, pg_catalog;\n"]


@pytest.mark.parametrize("path", PATHS, ids=["usual path", "catalog last"])
@pytest.mark.parametrize("shadow", SHADOWS)
def test_names_that_shadow_the_catalog_change_nothing_of_the_history(
    database: Database, shadow: str, path: str
) -> None:
    script = f"{path}{SHADOWS[shadow]}\nCREATE TABLE t (id int);\n"
    with database.session() as session:
        apply = applier(session, database.tables)
        apply.up(migration("a", script, "SELECT 1;"))
        apply.up(migration("b", f"{path}ALTER TABLE public.t ADD COLUMN word pg_catalog.text;"))
        apply.up(migration("c", f"{path}CREATE INDEX CONCURRENTLY t_id ON public.t (id);\nSELECT 1;"))
        apply.down(migration("a", "").kind, "a")
        with pytest.raises(StatementError, match="no_such"):
            apply.up(migration("d", f"{path}SELECT no_such();"))
        found = facts.read_history(session, database.tables)
        assert [row.name for row in found.applied] == ["b", "c"]
        assert [row.name for row in found.undone] == ["a"]
        assert history.broken_link(session, database.tables) is None
    chains = database.rows(
        "SELECT chain ~ '^[0-9a-f]{64}$', applied_at > '2020-01-01' FROM dbmigrations.migration_history"
    )
    assert chains == [(True, True)] * 5


@pytest.mark.parametrize("path", PATHS, ids=["usual path", "catalog last"])
def test_temporary_relations_that_shadow_the_catalog_do_not_hide_an_invalid_index(
    database: Database, path: str
) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (1)", user=database.owner)
    script = f"{path}{SHADOWS['temporary relations']}\nCREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id);\n"
    with database.session() as session, pytest.raises(StatementError, match="could not create unique"):
        applier(session, database.tables).up(migration("a", script))
    database.run("DELETE FROM t", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(migration("a", script))
    assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")
