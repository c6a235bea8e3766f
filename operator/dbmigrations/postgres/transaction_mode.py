"""All of a script and its history row in one transaction: it takes effect with its row, or not at all."""

from dbmigrations.postgres.task import Task


def run_in_transaction(task: Task) -> int:
    """Run the task and return the id of its history row. Lock timeouts and the like: all of it is tried again.

    Raises:
        StatementError: nothing took effect.
        ContentionError: the time for trying is over.
        PlanChangedError: the run was superseded.
        UnavailableError: the session was lost; only the database knows whether it was committed.
    """
    session = task.around.session
    (unit,) = task.plan.units

    def attempt() -> int:
        with session.transaction(unit.begin):
            task.runner.run(unit.statements)
            task.settle()
            return task.record_success()

    return task.around.retry.until_done(session, attempt)
