"""The release directory: its ledger, its files, its history in a database as facts, and the plans made of them. Pure.

Nothing here talks to a database, a cluster or a network. `directory.load` reads files; the rest is values in, values
out.
"""
