"""The plan that facts lead to, before anybody asks whether it may run."""

from dbmigrations.release.plan import Plan
from dbmigrations.runner.preflight.facts import PreflightFacts


def draft(facts: PreflightFacts) -> Plan | None:
    """The plan, whatever policy says of it; None where none can be formed (`decide` then says why)."""
    raise NotImplementedError
