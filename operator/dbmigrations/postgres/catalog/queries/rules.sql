SELECT 'rule', quote_ident(w.rulename) || ' on ' || r.identity, r.identity, jsonb_build_object(
    'comment', d.description,
    'definition', pg_get_ruledef(w.oid),
    'firing', CASE w.ev_enabled WHEN 'D' THEN 'never: disabled' WHEN 'R' THEN 'on replicas only' WHEN 'A' THEN 'always'
        END)
FROM pg_rewrite w
JOIN relation r ON r.oid = w.ev_class
LEFT JOIN pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = w.oid AND d.objsubid = 0
WHERE w.rulename <> '_RETURN'
