"""Data: data migrations, unbound by row level security: a backfill that it hides rows from is an error."""

from dbmigrations.api.step import StepRequest, StepResult
from dbmigrations.runner.context import StepContext
from dbmigrations.runner.steps.migrations import run_migrations


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Apply or undo the step's migrations."""
    return run_migrations(request, context, row_security=False)
