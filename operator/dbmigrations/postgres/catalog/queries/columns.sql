-- Of tables all; of views those that have something of their own: the rest stands in the view's definition.
SELECT 'column', r.identity || '.' || quote_ident(a.attname), r.identity, jsonb_build_object(
    'comment', d.description,
    'type', CASE WHEN r.relkind NOT IN ('v', 'm') THEN format_type(a.atttypid, a.atttypmod) END,
    'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 AND r.relkind NOT IN ('v', 'm')
        THEN a.attcollation::regcollation::text END,
    'not null', nullif(a.attnotnull, false),
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(e.adbin, e.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN
        pg_get_expr(e.adbin, e.adrelid) || CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'storage', CASE WHEN a.attstorage <> t.typstorage AND r.relkind NOT IN ('v', 'f') THEN CASE a.attstorage
        WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END END,
    'compression', CASE {compression} WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
    'statistics target', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
    'options', CASE WHEN a.attoptions IS NOT NULL THEN
        (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(a.attoptions) o) END,
    'options of its foreign data wrapper', CASE WHEN a.attfdwoptions IS NOT NULL THEN
        (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(a.attfdwoptions) o) END,
    'only inherited', nullif(NOT a.attislocal AND NOT r.relispartition, false))
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
WHERE r.relkind IN ('r', 'p', 'f')
    OR (r.relkind IN ('v', 'm') AND (d.description IS NOT NULL OR e.oid IS NOT NULL OR a.attstattarget >= 0
        OR a.attoptions IS NOT NULL))
