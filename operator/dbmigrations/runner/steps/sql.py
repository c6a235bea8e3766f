"""SQL: hand-written SQL migrations."""

from dbmigrations.api.step import StepRequest, StepResult
from dbmigrations.runner.context import StepContext
from dbmigrations.runner.steps.migrations import run_migrations


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Apply or undo the step's migrations."""
    return run_migrations(request, context, row_security=True)
