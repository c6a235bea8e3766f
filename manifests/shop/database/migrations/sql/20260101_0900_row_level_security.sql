-- Every account sees its own rows only. The application says which account it works for:
--   SET app.account_id = '<uuid>'
-- A session that has said nothing sees nothing.

CREATE FUNCTION current_account_id() RETURNS uuid
    LANGUAGE sql STABLE
    AS $$ SELECT nullif(current_setting('app.account_id', true), '')::uuid $$;

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY accounts_by_account ON accounts
    USING (id = current_account_id());

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_by_account ON users
    USING (account_id = current_account_id());

-- FORCE: not even the owner of the table sees other accounts' orders. Whoever migrates and backs up this database
-- therefore needs BYPASSRLS; without it a backfill would silently touch no rows and a dump would lack them.
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY orders_by_account ON orders
    USING (account_id = current_account_id());
