"""Who but the owner may write our tables: nobody, or a planted down script would later run with our rights.

Superusers, and the predefined roles that stand beside them, may write everywhere; nothing here can change that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.errors import PrivilegesUnsafeError

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session

_OWNERS = """
    SELECT kind || ' ' || name, pg_get_userbyid(owner) FROM (
        SELECT 'schema' AS kind, quote_ident(nspname) AS name, nspowner AS owner FROM pg_namespace
        WHERE nspname = %(schema)s
        UNION ALL
        SELECT 'relation', relname, relowner FROM pg_class
        WHERE relnamespace = to_regnamespace(%(quoted)s) AND relkind IN ('r', 'p', 'S', 'v')
        UNION ALL
        SELECT 'function', proname, proowner FROM pg_proc WHERE pronamespace = to_regnamespace(%(quoted)s)
    ) object
    WHERE owner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
        AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = owner)
    ORDER BY 1
"""

_GRANTS = """
    SELECT DISTINCT privilege || ' on ' || object,
        CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    FROM (
        SELECT 'SCHEMA ' || quote_ident(nspname) AS object, nspowner AS owner, a.grantee, a.privilege_type AS privilege
        FROM pg_namespace CROSS JOIN aclexplode(nspacl) a
        WHERE nspname = %(schema)s AND a.privilege_type = 'CREATE'
        UNION ALL
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || oid::regclass, relowner, a.grantee,
            a.privilege_type
        FROM pg_class CROSS JOIN aclexplode(relacl) a
        WHERE relnamespace = to_regnamespace(%(quoted)s)
            AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'USAGE')
        UNION ALL
        SELECT 'TABLE ' || c.oid::regclass, c.relowner, a.grantee, a.privilege_type || ' (' || attname || ')'
        FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN aclexplode(t.attacl) a
        WHERE c.relnamespace = to_regnamespace(%(quoted)s) AND a.privilege_type IN ('INSERT', 'UPDATE')
    ) granted
    WHERE grantee <> owner AND grantee NOT IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolname = current_user)
    ORDER BY 1
"""


def check_privileges(session: Session, schema: str) -> None:
    """Look who owns our tables and who was granted to write them.

    Raises:
        PrivilegesUnsafeError: somebody else; the text names them, and the statement that takes it back.
    """
    names = {"schema": schema, "quoted": sql.Identifier(schema).as_string(None)}
    (role,) = session.one("SELECT current_user")
    for what, owner in session.execute(_OWNERS, names):
        raise PrivilegesUnsafeError(
            f"{what} of the history is owned by {owner}, not by {role}: a script planted there would run as {role}. "
            f"Run as that role (spec.database.role: {owner}; --role {owner}), or give the ownership to {role}"
        )
    for what, grantee in session.execute(_GRANTS, names):
        raise PrivilegesUnsafeError(
            f"{grantee} has {what}: a script planted there would later run as {role}. REVOKE {what} FROM {grantee};"
        )
