"""Backfills: one statement over the rows of a table, batch by batch, in the order of a key.

Pure: `steering` (how many rows), `window` (which rows), `pace` (how fast), `progress`. With a database: `key` (what the
catalog says of table and key), `checkpoint` (how far it came), `pressure` (who suffers), `batches`, and `work`, the
loop over them.
"""
