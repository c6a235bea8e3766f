"""What statements do to what exists: one module for each family of statements, put together in classify.py.

The classes answer one question: who is surprised? ADDITIVE and WIDENING surprise nobody who worked before;
RESTRICTING those whose writes or names are no longer accepted; REWRITING those who wait for the table;
DESTRUCTIVE everybody, because it does not come back.
"""
