-- Before every other query: the schemas and relations that are looked at.
WITH namespace AS (
    SELECT oid, nspname, quote_ident(nspname) AS name FROM pg_namespace WHERE oid = ANY (%(namespaces)s::oid[])
), relation AS (
    SELECT c.*, n.name || '.' || quote_ident(c.relname) AS identity,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
            WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'table' END AS kind
    FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relname <> '_prisma_migrations' AND NOT ({our_view})
        -- hashed once: a look-up for each relation and column costs more
        AND c.oid NOT IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e')
)
