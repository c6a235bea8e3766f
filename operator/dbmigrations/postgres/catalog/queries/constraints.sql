-- Of tables and domains. NOT NULL is a property of the column on every major, so 18's constraints for it are left out
-- but for what they say beside. Left out too: what PostgreSQL makes of a foreign key for each referenced partition.
, disabled AS MATERIALIZED (
    SELECT tgconstraint, to_jsonb(array_agg(DISTINCT CASE tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN
        'on replicas only' ELSE 'always' END)) AS states
    FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O' AND tgconstraint <> 0 GROUP BY tgconstraint
)
SELECT 'constraint', quote_ident(c.conname) || ' on ' || coalesce(r.identity, format_type(c.contypid, NULL)),
    coalesce(r.identity, format_type(c.contypid, NULL)), jsonb_build_object(
    'comment', d.description,
    'definition', regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''),
    'not validated', nullif(NOT c.convalidated AND {enforced}, false),
    'only inherited', nullif(NOT c.conislocal AND c.conparentid = 0, false),
    'triggers', g.states,
    'invalid', nullif(NOT i.indisvalid, false),
    'clustering its table', nullif(i.indisclustered, false),
    'replica identity of its table', nullif(i.indisreplident, false),
    'nulls', CASE WHEN c.contype = 'u' AND {nulls_not_distinct} THEN 'not distinct' END,
    'storage options', CASE WHEN x.reloptions IS NOT NULL THEN
        (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(x.reloptions) o) END,
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace AND x.reltablespace <> 0),
    'comment of its index', y.description)
FROM pg_constraint c
LEFT JOIN relation r ON r.oid = c.conrelid
LEFT JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = c.oid AND d.objsubid = 0
LEFT JOIN disabled g ON g.tgconstraint = c.oid
LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_description y ON y.classoid = 'pg_class'::regclass AND y.objoid = x.oid AND y.objsubid = 0
LEFT JOIN pg_constraint parent ON parent.oid = c.conparentid AND c.conparentid <> 0
WHERE c.contype NOT IN ('n', 't') AND NOT (c.contype = 'f' AND parent.conrelid IS NOT DISTINCT FROM c.conrelid)
    AND (r.oid IS NOT NULL OR EXISTS (SELECT FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace
        WHERE t.oid = c.contypid AND c.contypid <> 0 AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')))
