-- Each account starts with one project, owned by its first user, and all its orders are in it.
INSERT INTO projects (account_id, owner_id, name, is_default)
SELECT accounts.id,
       (SELECT users.id FROM users WHERE users.account_id = accounts.id ORDER BY users.created_at, users.id LIMIT 1),
       'General',
       true
FROM accounts;

UPDATE orders
SET project_id = projects.id
FROM projects
WHERE projects.account_id = orders.account_id
  AND projects.is_default;
