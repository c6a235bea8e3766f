-- An account signs up and places two orders, as the application does: under row level security.
SELECT set_config('app.account_id', :'account', false);
INSERT INTO accounts (id, name) VALUES (current_account_id(), :'name');
INSERT INTO users (account_id, email) VALUES (current_account_id(), 'first@' || lower(:'name') || '.example');
INSERT INTO orders (account_id, placed_by, total_cents)
SELECT users.account_id, users.id, cart.cents FROM users, (VALUES (1990), (450)) AS cart (cents);
