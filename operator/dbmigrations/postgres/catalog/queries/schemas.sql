SELECT 'schema', n.name, '', jsonb_build_object(
    'owner', pg_get_userbyid(s.nspowner),
    'comment', d.description)
FROM namespace n
JOIN pg_namespace s ON s.oid = n.oid
LEFT JOIN pg_description d ON d.classoid = 'pg_namespace'::regclass AND d.objoid = n.oid AND d.objsubid = 0
