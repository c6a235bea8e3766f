SELECT 'policy', quote_ident(p.polname) || ' on ' || r.identity, r.identity, jsonb_build_object(
    'comment', d.description,
    'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN
        'delete' ELSE 'all' END,
    'restrictive', nullif(NOT p.polpermissive, false),
    'roles', (SELECT to_jsonb(array_agg(CASE u WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(u) END
        ORDER BY CASE u WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(u) END)) FROM unnest(p.polroles) u),
    'using', pg_get_expr(p.polqual, p.polrelid),
    'with check', pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p
JOIN relation r ON r.oid = p.polrelid
LEFT JOIN pg_description d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid AND d.objsubid = 0
