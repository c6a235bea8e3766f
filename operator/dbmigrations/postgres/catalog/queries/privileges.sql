-- Privileges as they differ from what an owner and PUBLIC have by default: no list of privileges means just that.
, given (kind, identity, parent, acl, normal) AS (
    SELECT 'schema', n.name, '', s.nspacl, acldefault('n', s.nspowner)
    FROM namespace n JOIN pg_namespace s ON s.oid = n.oid WHERE s.nspacl IS NOT NULL
    UNION ALL
    SELECT r.kind, r.identity, '', r.relacl,
        acldefault((CASE WHEN r.relkind = 'S' THEN 's' ELSE 'r' END)::"char", r.relowner)
    FROM relation r WHERE r.relacl IS NOT NULL AND r.relkind <> 'c'
    UNION ALL
    SELECT 'column', r.identity || '.' || quote_ident(a.attname), r.identity, a.attacl, acldefault('c', r.relowner)
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
    WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        n.name || '.' || quote_ident(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')', '',
        p.proacl, acldefault('f', p.proowner)
    FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    UNION ALL
    SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END,
        n.name || '.' || quote_ident(t.typname), '', t.typacl, acldefault('T', t.typowner)
    FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class k ON k.oid = t.typrelid
    WHERE t.typacl IS NOT NULL AND (t.typtype IN ('d', 'e', 'r', 'b') OR k.relkind = 'c')
        AND NOT EXISTS (SELECT FROM pg_type o WHERE o.typarray = t.oid)
        AND NOT EXISTS (SELECT FROM pg_depend e
            WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
    UNION ALL
    SELECT 'foreign data wrapper', quote_ident(w.fdwname), '', w.fdwacl, acldefault('F', w.fdwowner)
    FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL AND %(database_wide)s
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_foreign_data_wrapper'::regclass
            AND e.objid = w.oid AND e.deptype = 'e')
    UNION ALL
    SELECT 'server', quote_ident(s.srvname), '', s.srvacl, acldefault('S', s.srvowner)
    FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL AND %(database_wide)s
    UNION ALL
    SELECT 'default privileges', 'of ' || quote_ident(pg_get_userbyid(a.defaclrole)) || CASE a.defaclnamespace WHEN 0
        THEN '' ELSE ' in ' || a.defaclnamespace::regnamespace::text END || ' for ' || CASE a.defaclobjtype
        WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
        WHEN 'n' THEN 'schemas' ELSE 'large objects' END, '', a.defaclacl,
        -- within a schema they are added to what holds for the whole database
        CASE a.defaclnamespace WHEN 0 THEN acldefault(
            CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole) END
    FROM pg_default_acl a
    WHERE (a.defaclnamespace = 0 AND %(database_wide)s) OR a.defaclnamespace = ANY (%(namespaces)s::oid[])
)
SELECT g.kind, g.identity, g.parent, jsonb_build_object(
    'granted', (SELECT jsonb_object_agg(grantee, privileges) FROM (
        SELECT grantee, array_agg(privilege ORDER BY privilege) AS privileges FROM (
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
                x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END AS privilege
            FROM aclexplode(g.acl) x
            EXCEPT
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type
            FROM aclexplode(g.normal) x) extra GROUP BY grantee) granted),
    'revoked', (SELECT jsonb_object_agg(grantee, privileges) FROM (
        SELECT grantee, array_agg(privilege ORDER BY privilege) AS privileges FROM (
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
                x.privilege_type AS privilege
            FROM aclexplode(g.normal) x
            EXCEPT
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type
            FROM aclexplode(g.acl) x) missing GROUP BY grantee) revoked))
FROM given g
