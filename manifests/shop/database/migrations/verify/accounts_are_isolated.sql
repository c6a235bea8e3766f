-- Row level security is on wherever there is an account's data, and forced on orders.
SELECT bool_and(relrowsecurity)
FROM pg_class
WHERE oid IN ('accounts'::regclass, 'users'::regclass, 'orders'::regclass);

SELECT relforcerowsecurity FROM pg_class WHERE oid = 'orders'::regclass;

-- Nobody has ordered for another account.
SELECT NOT EXISTS (
    SELECT FROM orders JOIN users ON users.id = orders.placed_by
    WHERE users.account_id <> orders.account_id
);
