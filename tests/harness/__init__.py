"""The machinery that the tests and the demo stand on: a real Kubernetes and real PostgreSQL servers on this machine.

Importing it does nothing; every resource is asked for by a call. `python -m tests.harness` is its command line and
README.md beside this file says how to use it.
"""
