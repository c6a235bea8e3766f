-- From 1.1.0 on an order can be placed in a project.
SELECT set_config('app.account_id', :'account', false);
INSERT INTO orders (account_id, placed_by, total_cents, project_id)
SELECT users.account_id, users.id, 12300, projects.id FROM users JOIN projects ON projects.owner_id = users.id;
