SELECT 'text search configuration', n.name || '.' || quote_ident(c.cfgname), '', jsonb_build_object(
    'owner', pg_get_userbyid(c.cfgowner),
    'comment', d.description,
    'parser', (SELECT quote_ident(s.nspname) || '.' || quote_ident(p.prsname) FROM pg_ts_parser p
        JOIN pg_namespace s ON s.oid = p.prsnamespace WHERE p.oid = c.cfgparser),
    'mappings', (SELECT jsonb_object_agg(token, dictionaries) FROM (
        SELECT k.alias AS token, array_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno) AS dictionaries
        FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype
        WHERE m.mapcfg = c.oid GROUP BY k.alias) mapped))
FROM pg_ts_config c
JOIN namespace n ON n.oid = c.cfgnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_ts_config'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_ts_config'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'text search dictionary', n.name || '.' || quote_ident(c.dictname), '', jsonb_build_object(
    'owner', pg_get_userbyid(c.dictowner),
    'comment', d.description,
    'template', (SELECT quote_ident(s.nspname) || '.' || quote_ident(t.tmplname) FROM pg_ts_template t
        JOIN pg_namespace s ON s.oid = t.tmplnamespace WHERE t.oid = c.dicttemplate),
    'options', c.dictinitoption)
FROM pg_ts_dict c
JOIN namespace n ON n.oid = c.dictnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_ts_dict'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_ts_dict'::regclass AND e.objid = c.oid AND e.deptype = 'e')
