SELECT 'trigger', quote_ident(t.tgname) || ' on ' || r.identity, r.identity, jsonb_build_object(
    'comment', d.description,
    'definition', pg_get_triggerdef(t.oid),
    'firing', CASE t.tgenabled WHEN 'D' THEN 'never: disabled' WHEN 'R' THEN 'on replicas only' WHEN 'A' THEN 'always'
        END)
FROM pg_trigger t
JOIN relation r ON r.oid = t.tgrelid
LEFT JOIN pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid AND d.objsubid = 0
WHERE NOT t.tgisinternal
