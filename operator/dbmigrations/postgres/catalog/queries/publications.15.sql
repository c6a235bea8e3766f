-- What 15 added to them.
SELECT 'publication', quote_ident(p.pubname), '', jsonb_build_object(
    'schemas', (SELECT to_jsonb(array_agg(n.pnnspid::regnamespace::text ORDER BY n.pnnspid::regnamespace::text))
        FROM pg_publication_namespace n WHERE n.pnpubid = p.oid),
    'row filters', (SELECT jsonb_object_agg(r.prrelid::regclass::text, pg_get_expr(r.prqual, r.prrelid))
        FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prqual IS NOT NULL),
    'column lists', (SELECT jsonb_object_agg(r.prrelid::regclass::text, (
            SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
            WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)))
        FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prattrs IS NOT NULL))
FROM pg_publication p
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_publication'::regclass AND e.objid = p.oid AND e.deptype = 'e')
