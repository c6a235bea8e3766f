"""The tools that migrated a database before us: whose tables are there, and what they say. They are only read."""
