-- Runs once, as superuser, when the server is new: what is not the business of migrations.
\set migrator_password `cat /etc/shop/migrator/password`
\set app_password `cat /etc/shop/app/password`

-- Who migrates owns the database and is no superuser. BYPASSRLS, because the shop keeps tables under FORCE ROW LEVEL
-- SECURITY, which binds even their owner: a backfill would touch no rows, and a backup would lack them.
CREATE ROLE shop_migrator LOGIN BYPASSRLS PASSWORD :'migrator_password';
CREATE DATABASE shop OWNER shop_migrator;

-- Who serves customers may use the tables and change none of them. Row level security binds it.
CREATE ROLE shop_app LOGIN PASSWORD :'app_password';

\connect shop
ALTER SCHEMA public OWNER TO shop_migrator;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_migrator IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app;
