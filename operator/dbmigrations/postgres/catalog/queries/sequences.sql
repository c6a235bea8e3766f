-- Their parameters, never where they stand.
SELECT 'sequence', r.identity, coalesce(t.identity, ''), jsonb_build_object(
    'owner', pg_get_userbyid(r.relowner),
    'comment', d.description,
    'type', format_type(s.seqtypid, NULL),
    'start', s.seqstart,
    'increment', s.seqincrement,
    'minimum', s.seqmin,
    'maximum', s.seqmax,
    'cache', s.seqcache,
    'cycling', nullif(s.seqcycle, false),
    'unlogged', nullif(r.relpersistence = 'u', false),
    'owned by', t.identity || '.' || quote_ident(a.attname))
FROM relation r
JOIN pg_sequence s ON s.seqrelid = r.oid
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid AND d.objsubid = 0
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = r.oid AND o.objsubid = 0
    AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
LEFT JOIN relation t ON t.oid = o.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
