"""A run on a laptop: its steps one after the other in this process, and what is told at its end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dbmigrations.api.words import Outcome
from dbmigrations.runner.commands.answers import run_document
from dbmigrations.runner.commands.laptop import local_now
from dbmigrations.runner.commands.turns import was_displaced
from dbmigrations.runner.exits import Exit, of_result, of_signal
from dbmigrations.runner.outcomes import verdict
from dbmigrations.runner.report.events import Event, Noted, PlanMade, Reporter, to_all
from dbmigrations.runner.report.lines import log_lines, log_path, open_log
from dbmigrations.runner.report.next_steps import next_step
from dbmigrations.runner.report.outlet import failure_of, outlet
from dbmigrations.runner.steps.run import run_step
from dbmigrations.runner.steps.session import tell_details

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbmigrations.api.step import StepRef, StepRequest, StepResult
    from dbmigrations.runner.commands.asking import Run
    from dbmigrations.runner.commands.laptop import Laptop
    from dbmigrations.runner.commands.looking import Look
    from dbmigrations.runner.context import StepContext


def run_to_its_end(laptop: Laptop, run: Run, seen: Look, context: StepContext) -> Exit | None:
    """Run what was seen, and tell how it ended; None: another run took its place."""
    with logged(laptop, context, run.changing.log_dir) as logging:
        results = run_through(run.request, logging)
    if was_displaced(run.request, context, results[-1]):
        return None
    return _tell_end(laptop, run, seen, results)


def run_through(request: StepRequest, context: StepContext) -> tuple[StepResult, ...]:
    """A whole run, step by step, until one does not succeed or none follows."""
    results: list[StepResult] = []
    step: StepRef | None = request.step
    plan_hash = ""
    while step is not None:
        result = run_step(request.model_copy(update={"step": step, "plan_hash": plan_hash}), context)
        results.append(result)
        if result.outcome is not Outcome.SUCCEEDED:
            break
        if result.plan is not None:
            plan_hash = result.plan.hash
        step = result.next
    return tuple(results)


@contextmanager
def logged(laptop: Laptop, context: StepContext, log_dir: Path | None) -> Iterator[StepContext]:
    """The context, with a log file beside the terminal. A log that cannot be written is said and does not stop us."""
    path = log_path(log_dir or laptop.place.source / "logs", local_now())
    terminal = laptop.desk.terminal
    try:
        stream = open_log(path)
    except OSError as error:
        terminal.aside(f"warning: no log is written: {path}: {error.strerror} (--log-dir names another folder)")
        yield context
        return
    with stream:
        log = outlet(stream)
        write = log_lines(log, laptop.desk.redactor, local_now)
        try:
            yield replace(context, report=to_all(context.report, write))
        except BaseException as error:
            tell_details(error, replace(context, report=write))
            write(Noted(f"error: {verdict(error)[2]}"))
            raise
    cut = failure_of(log)
    terminal.aside(f"warning: the log is not whole: {path}: {cut}" if cut else f"log: {path}")


def without_plan(report: Reporter) -> Reporter:
    """The same reporter, silent about the plan: it was shown before."""

    def tell(event: Event) -> None:
        if not isinstance(event, PlanMade):
            report(event)

    return tell


def _tell_end(laptop: Laptop, run: Run, seen: Look, results: tuple[StepResult, ...]) -> Exit:
    terminal = laptop.desk.terminal
    last = results[-1]
    interruption = laptop.desk.interruption
    code = of_signal(interruption.signal_name) if interruption.asked and not _is_over(last) else of_result(last)
    if terminal.as_json:
        terminal.document(run_document(run.command, run.request, seen, results, code))
    elif code in {Exit.INTERRUPTED, Exit.TERMINATED}:
        from dbmigrations.runner.commands.interrupted import state_after

        terminal.error(f"stopped by {interruption.signal_name}")
        for line in state_after(laptop, run.command, run.request, seen):
            terminal.aside(line)
    elif code is Exit.OK:
        terminal.say(f"the database is at {last.current_version}", "bold green")
    else:
        terminal.error(f"{last.reason}: {last.message}" if last.reason else last.message)
        if following := next_step(last.reason):
            terminal.aside(f"next: {following}")
    return code


def _is_over(last: StepResult) -> bool:
    """Whether the run came to its own end, although somebody asked it to stop."""
    return last.outcome is Outcome.SUCCEEDED and last.next is None
