SELECT 'publication', quote_ident(p.pubname), '', jsonb_build_object(
    'owner', pg_get_userbyid(p.pubowner),
    'comment', d.description,
    'of all tables', nullif(p.puballtables, false),
    'of all sequences', nullif((to_jsonb(p)->>'puballsequences')::boolean, false),
    'operations', concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
    'through the partition root', nullif(p.pubviaroot, false),
    'generated columns', nullif(to_jsonb(p)->>'pubgencols', 'n'),
    'tables', (SELECT to_jsonb(array_agg(r.prrelid::regclass::text ORDER BY r.prrelid::regclass::text))
        FROM pg_publication_rel r WHERE r.prpubid = p.oid))
FROM pg_publication p
LEFT JOIN pg_description d ON d.classoid = 'pg_publication'::regclass AND d.objoid = p.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_publication'::regclass AND e.objid = p.oid AND e.deptype = 'e')
