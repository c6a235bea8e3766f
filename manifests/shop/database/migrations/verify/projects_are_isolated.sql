-- Row level security is on and forced, and there is a policy.
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'projects'::regclass;
SELECT count(*) = 1 FROM pg_policy WHERE polrelid = 'projects'::regclass AND polname = 'projects_by_account';

-- A project and its owner are of one account, and so are an order and its project.
SELECT NOT EXISTS (
    SELECT FROM projects JOIN users ON users.id = projects.owner_id
    WHERE users.account_id <> projects.account_id
);
SELECT NOT EXISTS (
    SELECT FROM orders JOIN projects ON projects.id = orders.project_id
    WHERE projects.account_id <> orders.account_id
);
