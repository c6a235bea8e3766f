-- Collations, operators, operator classes and families.
SELECT 'collation', n.name || '.' || quote_ident(c.collname), '', jsonb_build_object(
    'owner', pg_get_userbyid(c.collowner),
    'comment', d.description,
    'provider', c.collprovider,
    'not deterministic', nullif(NOT c.collisdeterministic, false),
    'collate', c.collcollate,
    'ctype', c.collctype,
    'locale', coalesce(to_jsonb(c)->>'colllocale', to_jsonb(c)->>'colliculocale'),
    'rules', to_jsonb(c)->>'collicurules')
FROM pg_collation c
JOIN namespace n ON n.oid = c.collnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_collation'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_collation'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'operator', o.oid::regoperator::text, '', jsonb_build_object(
    'owner', pg_get_userbyid(o.oprowner),
    'comment', d.description,
    'function', nullif(o.oprcode::oid, 0)::regprocedure::text,
    'result', format_type(o.oprresult, NULL),
    'commutator', nullif(o.oprcom, 0)::regoperator::text,
    'negator', nullif(o.oprnegate, 0)::regoperator::text,
    'restriction estimator', nullif(o.oprrest::oid, 0)::regprocedure::text,
    'join estimator', nullif(o.oprjoin::oid, 0)::regprocedure::text,
    'able to hash', nullif(o.oprcanhash, false),
    'able to merge', nullif(o.oprcanmerge, false))
FROM pg_operator o
JOIN namespace n ON n.oid = o.oprnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_operator'::regclass AND d.objoid = o.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL
SELECT 'operator class', n.name || '.' || quote_ident(o.opcname) || ' for ' || m.amname, '', jsonb_build_object(
    'owner', pg_get_userbyid(o.opcowner),
    'comment', d.description,
    'type', format_type(o.opcintype, NULL),
    'family', quote_ident(s.nspname) || '.' || quote_ident(f.opfname),
    'default', nullif(o.opcdefault, false),
    'stored type', CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END)
FROM pg_opclass o
JOIN namespace n ON n.oid = o.opcnamespace
JOIN pg_am m ON m.oid = o.opcmethod
JOIN pg_opfamily f ON f.oid = o.opcfamily
JOIN pg_namespace s ON s.oid = f.opfnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_opclass'::regclass AND d.objoid = o.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_opclass'::regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL
SELECT 'operator family', n.name || '.' || quote_ident(f.opfname) || ' for ' || m.amname, '', jsonb_build_object(
    'owner', pg_get_userbyid(f.opfowner),
    'comment', d.description,
    'operators', (SELECT to_jsonb(array_agg(a.amopstrategy || ' ' || a.amopopr::regoperator::text
        ORDER BY a.amopstrategy, a.amopopr::regoperator::text)) FROM pg_amop a WHERE a.amopfamily = f.oid),
    'functions', (SELECT to_jsonb(array_agg(a.amprocnum || ' ' || a.amproc::oid::regprocedure::text
        ORDER BY a.amprocnum, a.amproc::oid::regprocedure::text)) FROM pg_amproc a WHERE a.amprocfamily = f.oid))
FROM pg_opfamily f
JOIN namespace n ON n.oid = f.opfnamespace
JOIN pg_am m ON m.oid = f.opfmethod
LEFT JOIN pg_description d ON d.classoid = 'pg_opfamily'::regclass AND d.objoid = f.oid AND d.objsubid = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e')
