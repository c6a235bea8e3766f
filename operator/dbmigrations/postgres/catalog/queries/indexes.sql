-- Those behind a constraint stand with the constraint.
SELECT 'index', n.name || '.' || quote_ident(x.relname), r.identity, jsonb_build_object(
    'comment', d.description,
    'definition', pg_get_indexdef(i.indexrelid),
    'invalid', nullif(NOT i.indisvalid, false),
    'not ready', nullif(NOT i.indisready, false),
    'clustering its table', nullif(i.indisclustered, false),
    'replica identity of its table', nullif(i.indisreplident, false),
    'partition of', (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = x.oid),
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace AND x.reltablespace <> 0),
    'statistics targets', CASE WHEN i.indexprs IS NOT NULL THEN (
        SELECT jsonb_object_agg(a.attnum, a.attstattarget) FROM pg_attribute a
        WHERE a.attrelid = x.oid AND a.attstattarget >= 0) END)
FROM pg_index i
JOIN relation r ON r.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
JOIN namespace n ON n.oid = x.relnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = x.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.oid AND c.contype IN ('p', 'u', 'x'))
