-- What stands in no schema. No option of a user mapping is read: passwords are among them.
SELECT 'extension', quote_ident(e.extname), '', jsonb_build_object(
    'owner', pg_get_userbyid(e.extowner), 'version', e.extversion, 'schema', e.extnamespace::regnamespace::text)
FROM pg_extension e
UNION ALL
SELECT 'event trigger', quote_ident(t.evtname), '', jsonb_build_object(
    'owner', pg_get_userbyid(t.evtowner),
    'comment', d.description,
    'event', t.evtevent,
    'function', t.evtfoid::regprocedure::text,
    'tags', (SELECT to_jsonb(array_agg(g ORDER BY g)) FROM unnest(t.evttags) g),
    'firing', CASE t.evtenabled WHEN 'D' THEN 'never: disabled' WHEN 'R' THEN 'on replicas only' WHEN 'A' THEN 'always'
        END)
FROM pg_event_trigger t
LEFT JOIN pg_description d ON d.classoid = 'pg_event_trigger'::regclass AND d.objoid = t.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'foreign data wrapper', quote_ident(w.fdwname), '', jsonb_build_object(
    'owner', pg_get_userbyid(w.fdwowner),
    'comment', d.description,
    'handler', nullif(w.fdwhandler, 0)::regprocedure::text,
    'validator', nullif(w.fdwvalidator, 0)::regprocedure::text,
    'options', (SELECT to_jsonb(array_agg(o ORDER BY o)) FROM unnest(w.fdwoptions) o))
FROM pg_foreign_data_wrapper w
LEFT JOIN pg_description d ON d.classoid = 'pg_foreign_data_wrapper'::regclass AND d.objoid = w.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_foreign_data_wrapper'::regclass AND e.objid = w.oid AND e.deptype = 'e')
UNION ALL
SELECT 'server', quote_ident(s.srvname), '', jsonb_build_object(
    'owner', pg_get_userbyid(s.srvowner),
    'comment', d.description,
    'type', s.srvtype,
    'version', s.srvversion,
    'wrapper', w.fdwname,
    'options', (SELECT to_jsonb(array_agg(CASE WHEN o ~* '^[^=]*(pass|secret|token)' THEN
        split_part(o, '=', 1) || '=…' ELSE o END ORDER BY o)) FROM unnest(s.srvoptions) o))
FROM pg_foreign_server s
JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
LEFT JOIN pg_description d ON d.classoid = 'pg_foreign_server'::regclass AND d.objoid = s.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_foreign_server'::regclass AND e.objid = s.oid AND e.deptype = 'e')
UNION ALL
SELECT 'user mapping', 'of ' || CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END || ' on '
    || quote_ident(m.srvname), '', jsonb_build_object(
    'server', m.srvname)
FROM pg_user_mappings m
UNION ALL
SELECT 'cast', format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL), '', jsonb_build_object(
    'comment', d.description,
    'function', nullif(c.castfunc, 0)::regprocedure::text,
    'context', CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END,
    'method', CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END)
FROM pg_cast c
LEFT JOIN pg_description d ON d.classoid = 'pg_cast'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e  -- of an extension, or made with a range type
    WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))
UNION ALL
SELECT 'language', quote_ident(l.lanname), '', jsonb_build_object(
    'owner', pg_get_userbyid(l.lanowner),
    'trusted', nullif(l.lanpltrusted, false),
    'handler', nullif(l.lanplcallfoid, 0)::regprocedure::text)
FROM pg_language l
WHERE l.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e')
UNION ALL
SELECT 'subscription', quote_ident(s.subname), '', jsonb_build_object(
    'owner', pg_get_userbyid(s.subowner),
    'enabled', nullif(s.subenabled, false),
    'publications', (SELECT to_jsonb(array_agg(p ORDER BY p)) FROM unnest(s.subpublications) p))
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
