-- What a NOT NULL says beside being there.
SELECT 'column', r.identity || '.' || quote_ident(a.attname), r.identity, jsonb_build_object(
    'not null without being validated', nullif(NOT c.convalidated, false),
    'not null without its children', nullif(c.connoinherit, false),
    'comment of its NOT NULL', d.description)
FROM pg_constraint c
JOIN relation r ON r.oid = c.conrelid
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
LEFT JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE c.contype = 'n' AND (NOT c.convalidated OR c.connoinherit OR d.description IS NOT NULL)
