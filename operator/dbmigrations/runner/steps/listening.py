"""The engine's events as the runner's."""

from __future__ import annotations

from dbmigrations.postgres import events as engine
from dbmigrations.runner.report.events import BackfillProgressed, Noted, Reporter, StatementBegan, Waited

_LOUD = frozenset({"WARNING", "ERROR"})


def listener(report: Reporter) -> engine.Listener:
    """Tells the runner's reporter what the engine tells. Begin and end of a migration the step tells itself."""

    def listen(event: engine.Event) -> None:
        match event:
            case engine.StatementStarted(path=path, line=line, ordinal=ordinal, of=count):
                report(StatementBegan(f"{path}:{line}", ordinal, count))
            case engine.Retrying(why=why, attempt=attempt, delay=delay, blockers=blockers):
                held = f"; held by {'; '.join(blockers)}" if blockers else ""
                report(Waited(f"{why}: attempt {attempt + 1} follows in {delay:.1f} s{held}"))
            case engine.WaitingForLock(holder=holder):
                report(Waited(f"another migration holds the lock: {holder}"))
            case engine.WaitingAtGate(closed=closed):
                report(Waited(f"a gate is closed: {'; '.join(closed)}"))
            case engine.ServerNotice(severity=severity, text=text):
                report(Noted(f"{severity}: {text}", warning=severity in _LOUD))
            case engine.BackfillMoved():
                report(
                    BackfillProgressed(
                        name=event.name,
                        rows=event.rows,
                        estimate=event.estimate,
                        changed=event.changed,
                        rate=event.rate,
                        fraction=event.fraction,
                        seconds_left=event.seconds_left,
                        batch=event.size,
                        notable=event.notable,
                    )
                )
            case engine.MigrationStarted(name=name, resumed=True):
                report(Noted(f"{name} was interrupted before and is taken up where it stopped"))
            case engine.MigrationStarted() | engine.MigrationFinished():
                pass

    return listen
