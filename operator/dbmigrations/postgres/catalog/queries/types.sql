-- Enums with their order, domains, ranges, base types; composite types with their attributes in order, which is part
-- of what their values mean.
SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END,
    n.name || '.' || quote_ident(t.typname), '', jsonb_build_object(
    'owner', pg_get_userbyid(t.typowner),
    'comment', coalesce(d.description, c.description),
    'labels', CASE WHEN t.typtype = 'e' THEN coalesce((SELECT to_jsonb(array_agg(e.enumlabel ORDER BY e.enumsortorder))
        FROM pg_enum e WHERE e.enumtypid = t.oid), '[]') END,
    'base type', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 AND t.typcollation <> b.typcollation
        THEN t.typcollation::regcollation::text END,
    'not null', nullif(t.typtype = 'd' AND t.typnotnull, false),
    'default', coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
    'attributes', CASE WHEN t.typtype = 'c' THEN coalesce((SELECT to_jsonb(array_agg(
            quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || CASE
                WHEN a.attcollation <> 0 AND a.attcollation <> y.typcollation
                THEN ' collate ' || a.attcollation::regcollation::text ELSE '' END ORDER BY a.attnum))
        FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '[]') END,
    'comments of its attributes', CASE WHEN t.typtype = 'c' THEN (SELECT jsonb_object_agg(a.attname, o.description)
        FROM pg_attribute a JOIN pg_description o ON o.classoid = 'pg_class'::regclass AND o.objoid = a.attrelid
            AND o.objsubid = a.attnum WHERE a.attrelid = t.typrelid AND a.attnum > 0) END,
    'range of', format_type(r.rngsubtype, NULL),
    'collation of its bounds', nullif(r.rngcollation, 0)::regcollation::text,
    'operator class', (SELECT quote_ident(s.nspname) || '.' || quote_ident(o.opcname) FROM pg_opclass o
        JOIN pg_namespace s ON s.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
    'canonical function', nullif(r.rngcanonical::oid, 0)::regprocedure::text,
    'difference function', nullif(r.rngsubdiff::oid, 0)::regprocedure::text,
    'multirange type', format_type({multirange}, NULL),
    'only a shell', nullif(NOT t.typisdefined, false),
    'base', CASE WHEN t.typtype = 'b' AND t.typisdefined THEN jsonb_build_object(
        'input', t.typinput::oid::regprocedure::text, 'output', t.typoutput::oid::regprocedure::text,
        'length', t.typlen, 'by value', t.typbyval, 'alignment', t.typalign, 'storage', t.typstorage,
        'category', t.typcategory, 'preferred', t.typispreferred, 'delimiter', t.typdelim) END)
FROM pg_type t
JOIN namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_class k ON k.oid = t.typrelid AND t.typrelid <> 0
LEFT JOIN pg_description d ON d.classoid = 'pg_type'::regclass AND d.objoid = t.oid AND d.objsubid = 0
LEFT JOIN pg_description c ON c.classoid = 'pg_class'::regclass AND c.objoid = k.oid AND c.objsubid = 0
WHERE (t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND k.relkind = 'c')
        OR (t.typtype = 'p' AND NOT t.typisdefined)
        -- a base type that is not the array of another
        OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type o WHERE o.typarray = t.oid)))
    AND NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
