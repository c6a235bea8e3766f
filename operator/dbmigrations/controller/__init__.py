"""The operator's mind: facts are gathered, a pure plan decides, and what it decided is executed.

`snapshot` (facts) → `plan` (pure decision) → `actions` (what to do) → executed by the I/O beside them.
It knows the API server through facts alone, and nothing of PostgreSQL.
"""
