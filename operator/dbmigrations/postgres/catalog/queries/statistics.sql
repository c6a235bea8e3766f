SELECT 'statistics', n.name || '.' || quote_ident(s.stxname), r.identity, jsonb_build_object(
    'owner', pg_get_userbyid(s.stxowner),
    'comment', d.description,
    'on', r.identity,
    'kinds', (SELECT to_jsonb(array_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN
        'mcv' WHEN 'e' THEN 'expressions' END ORDER BY k)) FROM unnest(s.stxkind) k),
    'columns', (SELECT to_jsonb(array_agg(a.attname ORDER BY a.attname)) FROM pg_attribute a
        WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)),
    'expressions', to_jsonb({expressions}),
    'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END)
FROM pg_statistic_ext s
JOIN namespace n ON n.oid = s.stxnamespace
JOIN relation r ON r.oid = s.stxrelid
LEFT JOIN pg_description d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid AND d.objsubid = 0
