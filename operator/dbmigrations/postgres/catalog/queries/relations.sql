-- Tables, views, materialized views and foreign tables.
SELECT r.kind, r.identity, '', jsonb_build_object(
    'owner', pg_get_userbyid(r.relowner),
    'comment', d.description,
    'definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
    'unlogged', nullif(r.relpersistence = 'u', false),
    'without its data', nullif(r.relkind = 'm' AND NOT r.relispopulated, false),
    'storage options', CASE WHEN r.reloptions IS NOT NULL THEN
        (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(r.reloptions) o) END,
    'storage options of its TOAST table', (SELECT to_jsonb(array_agg(o ORDER BY o))
        FROM pg_class t CROSS JOIN unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid AND r.reltoastrelid <> 0),
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace AND r.reltablespace <> 0),
    'access method', (SELECT nullif(amname, 'heap') FROM pg_am WHERE oid = r.relam AND r.relkind IN ('r', 'p', 'm')),
    'type of its rows', CASE WHEN r.reloftype <> 0 THEN format_type(r.reloftype, NULL) END,
    'partitioned by', CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END,
    'partition of', CASE WHEN r.relispartition THEN
        (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = r.oid) END,
    'bound of its partition', CASE WHEN r.relispartition THEN pg_get_expr(r.relpartbound, r.oid) END,
    'parents', CASE WHEN NOT r.relispartition AND r.relkind IN ('r', 'f')
        AND r.oid IN (SELECT inhrelid FROM pg_inherits) THEN
        (SELECT to_jsonb(array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno))
        FROM pg_inherits i WHERE i.inhrelid = r.oid) END,
    'bound by row level security', nullif(r.relrowsecurity, false),
    'bound by row level security for its owner too', nullif(r.relforcerowsecurity, false),
    'replica identity', CASE WHEN r.relkind IN ('r', 'p') THEN
        CASE r.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' END END,
    'server', f.srvname,
    'options', f.options,
    '#columns', CASE WHEN r.relkind IN ('r', 'p', 'f') THEN (
        SELECT to_jsonb(array_agg(a.attname ORDER BY a.attnum)) FROM pg_attribute a
        WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped) END)
FROM relation r
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid AND d.objsubid = 0
LEFT JOIN (
    SELECT t.ftrelid, s.srvname, (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(t.ftoptions) o) AS options
    FROM pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver) f ON f.ftrelid = r.oid
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
