"""Schema: Prisma's migrations, applied natively, with `_prisma_migrations` kept as Prisma keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.runner.steps.migrations import run_migrations

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.runner.context import StepContext


def run(request: StepRequest, context: StepContext) -> StepResult:
    """Apply or undo the step's migrations."""
    return run_migrations(request, context, row_security=True)
