SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
    n.name || '.' || quote_ident(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')', '', jsonb_build_object(
    'owner', pg_get_userbyid(p.proowner),
    'comment', d.description,
    'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
    'arguments', CASE WHEN p.prokind = 'a' THEN pg_get_function_arguments(p.oid) END,
    'result', CASE WHEN p.prokind = 'a' THEN pg_get_function_result(p.oid) END,
    'parallel', CASE WHEN p.prokind = 'a' THEN p.proparallel::text END,
    'kind of aggregate', a.aggkind,
    'state function', nullif(a.aggtransfn::oid, 0)::regprocedure::text,
    'state type', CASE WHEN a.aggfnoid IS NOT NULL THEN format_type(a.aggtranstype, NULL) END,
    'state size', nullif(a.aggtransspace, 0),
    'initial state', a.agginitval,
    'final function', nullif(a.aggfinalfn::oid, 0)::regprocedure::text,
    'final function changes the state', a.aggfinalmodify,
    'final function takes extra arguments', nullif(a.aggfinalextra, false),
    'combining function', nullif(a.aggcombinefn::oid, 0)::regprocedure::text,
    'serializing function', nullif(a.aggserialfn::oid, 0)::regprocedure::text,
    'deserializing function', nullif(a.aggdeserialfn::oid, 0)::regprocedure::text,
    'moving state function', nullif(a.aggmtransfn::oid, 0)::regprocedure::text,
    'moving inverse function', nullif(a.aggminvtransfn::oid, 0)::regprocedure::text,
    'moving final function', nullif(a.aggmfinalfn::oid, 0)::regprocedure::text,
    'moving initial state', a.aggminitval,
    'sort operator', nullif(a.aggsortop, 0)::regoperator::text)
FROM pg_proc p
JOIN namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
LEFT JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    -- made by PostgreSQL with a range type
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
        AND e.deptype = 'i' AND e.refclassid = 'pg_type'::regclass)
