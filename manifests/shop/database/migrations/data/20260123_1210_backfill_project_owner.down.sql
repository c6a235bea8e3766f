-- The foreign key takes the default projects out of their orders.
DELETE FROM projects WHERE is_default;
