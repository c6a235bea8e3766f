"""Options that several commands share, each group read into one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbmigrations.api.words import (
    ApprovalMode,
    BackupWhen,
    ChangePolicy,
    DriftPolicy,
    ExceptionsPolicy,
    OperationsPolicy,
    RollbackPolicy,
)
from dbmigrations.runner.commands.option_kinds import (
    Body,
    Finite,
    choice,
    grouped,
    most_bytes,
    most_seconds,
    seconds,
    utf8,
    version_option,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbmigrations.api.step import RequestedBackfill, RequestedBackup, RequestedGates, RequestedPolicy


@dataclass(frozen=True)
class Place:
    """Where the database and the release directory are, and how they are used."""

    url: str
    """Empty: DATABASE_URL, else PG*."""
    source: Path
    """The release directory."""
    schema: str
    history_schema: str
    role: str
    wait: float
    lock_timeout: float
    statement_timeout: float
    gates: RequestedGates | None


@dataclass(frozen=True)
class Planning:
    """What a plan is judged by, and the backup before it: as it was said, and read when there is a plan."""

    approve: str
    said: Mapping[str, object]
    no_backup: bool
    backup_dir: Path
    retain: int

    @cached_property
    def policy(self) -> RequestedPolicy:
        """The policy."""
        from dbmigrations.api.step import RequestedPolicy

        return RequestedPolicy.model_validate(self.said)

    @cached_property
    def backup(self) -> RequestedBackup:
        """The backup."""
        when = BackupWhen.NEVER if self.no_backup else BackupWhen.ALWAYS
        return _backup(backup_dir=self.backup_dir, retain=self.retain).model_copy(update={"when": when})


@dataclass(frozen=True)
class Offline:
    """Whether to plan without a database, and from which version; `start` None: from an empty one."""

    asked: bool
    start: str | None


@dataclass(frozen=True)
class Changing:
    """How a command that changes a database behaves."""

    yes: bool
    dry_run: bool
    force_owned: bool
    log_dir: Path | None


_SOURCE = click.option(
    "--dir",
    "source",
    callback=lambda _context, _option, value: _source(value),
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The release directory. Default: ./database where there is one, else the current folder.",
)
_LOG_DIR = click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of migration_YYYYMMDD_HHMM.log. Default: logs in the release directory.",
)
_BACKUPS = (
    click.option(
        "--backup-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("backups"),
        show_default=True,
        help="Folder for backups.",
    ),
    click.option("--retain", default=5, show_default=True, type=click.IntRange(1, 1000), help="Backups kept."),
)


def to_option(function: Body) -> Body:
    """`--to`, as the parameter `version`; empty: the newest release."""
    return version_option("--to", "version", "Default: the newest release of the directory.")(function)


def offline_options(function: Body) -> Body:
    """`--offline` and `--from`, as the parameter `offline`."""
    return grouped(
        function,
        "offline",
        Offline,
        click.option("--offline", "asked", is_flag=True, help="Ask no database: the directory alone gives the hash."),
        version_option("--from", "start", "With --offline: the version to start from. Default: an empty database."),
    )


def source_option(function: Body) -> Body:
    """`--dir`, as the parameter `source`."""
    return _SOURCE(function)


def place_options(function: Body) -> Body:
    """`--url`, `--dir` and what goes with them, as the parameter `place`."""
    return grouped(
        function,
        "place",
        _place,
        click.option(
            "--url", callback=utf8, default="", metavar="URL", help="Connection URL. Default: DATABASE_URL, else PG*."
        ),
        _SOURCE,
        click.option(
            "--schema", callback=utf8, default="", help="The application's schema. Default: the URL's, else public."
        ),
        click.option(
            "--history-schema",
            callback=utf8,
            default="dbmigrations",
            show_default=True,
            help="Schema of our own tables.",
        ),
        click.option("--role", callback=utf8, default="", help="Role that migrations run as (SET ROLE)."),
        seconds("--wait", 60.0, "How long to wait for locks."),
        seconds("--lock-timeout", 1.0, "lock_timeout of a statement."),
        seconds("--statement-timeout", 0.0, "statement_timeout of a statement; 0: no limit."),
        most_seconds("--max-replica-lag", "Wait while a replica lags further behind."),
        most_bytes("--max-replica-lag-size", "Wait while a replica has more WAL than this to replay: 64Mi."),
        most_bytes("--max-retained-wal", "Wait while a replication slot keeps more WAL than this: 10Gi."),
        most_seconds("--max-oldest-transaction", "Wait while a transaction of somebody else is older."),
    )


def planning_options(function: Body) -> Body:
    """The policy, `--approve` and the backup, as the parameter `planning`."""
    return grouped(
        function,
        "planning",
        _planning,
        choice("--operations", OperationsPolicy.NON_DESTRUCTIVE, "Which operations ups may contain."),
        choice("--exceptions", ExceptionsPolicy.DECLARED, "What `-- migrate: class=` and `allow=` count for."),
        choice("--rollback", RollbackPolicy.AUTOMATIC, "Whether downs may run."),
        choice("--approval", ApprovalMode.NEVER, "Which plans wait for --approve."),
        click.option("--require-down", is_flag=True, help="Refuse a migration that has no way back."),
        choice("--changed-release", ChangePolicy.REFUSE, "Migrations that are new in an applied release."),
        choice("--out-of-order", ChangePolicy.REFUSE, "Migrations that belong before applied ones."),
        choice("--drift", DriftPolicy.REPORT, "What somebody changed since the last verify."),
        click.option(
            "--drift-ignore", multiple=True, metavar="GLOB", help="No drift: `table shop.log_*` (repeatable)."
        ),
        click.option("--approve", default="", metavar="HASH", help="Approve exactly the plan of this hash."),
        click.option("--no-backup", is_flag=True, help="Take none. A plan that loses data then needs --approve."),
        *_BACKUPS,
    )


def backfill_options(function: Body) -> Body:
    """How fast backfills may go, as the parameter `backfill`; None: nothing was asked for."""
    rate = Finite(min=0, min_open=True)
    return grouped(
        function,
        "backfill",
        _backfill,
        click.option("--max-rate", type=rate, metavar="ROWS", help="Rows of a backfill in a second. Default: any."),
        click.option(
            "--target-time",
            type=rate,
            metavar="SECONDS",
            help="Time that a batch of a backfill should take. Default: what its file says, else 0.1.",
        ),
    )


def backup_options(function: Body) -> Body:
    """`--backup-dir` and `--retain`, as the parameter `backup`."""
    return grouped(function, "backup", _backup, *_BACKUPS)


def changing_options(function: Body) -> Body:
    """`--yes`, `--dry-run`, `--force-owned`, `--log-dir`, as the parameter `changing`."""
    return grouped(
        function,
        "changing",
        Changing,
        click.option("--yes", is_flag=True, help="Ask nothing. Needed where nobody can be asked."),
        click.option("--dry-run", is_flag=True, help="Show the plan and change nothing, our own tables included."),
        click.option("--force-owned", is_flag=True, help="Change it although a DatabaseMigration owns it (audited)."),
        _LOG_DIR,
    )


def log_dir_option(function: Body) -> Body:
    """`--log-dir`, as the parameter `log_dir`."""
    return _LOG_DIR(function)


json_option = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")


def _place(
    *,
    max_replica_lag: float | None,
    max_replica_lag_size: int | None,
    max_retained_wal: int | None,
    max_oldest_transaction: float | None,
    **place: Any,  # noqa: ANN401 - click's own
) -> Place:
    limits = {
        "replica_lag": max_replica_lag,
        "replica_lag_size": max_replica_lag_size,
        "retained_wal": max_retained_wal,
        "oldest_transaction": max_oldest_transaction,
    }
    return Place(**place, gates=None if set(limits.values()) == {None} else _gates(limits))


def _gates(limits: Mapping[str, float | None]) -> RequestedGates:
    from dbmigrations.api.step import RequestedGates

    return RequestedGates.model_validate(limits)


def _planning(*, approve: str, no_backup: bool, backup_dir: Path, retain: int, **policy: object) -> Planning:
    return Planning(approve, policy, no_backup, backup_dir, retain)


def _backfill(*, max_rate: float | None, target_time: float | None) -> RequestedBackfill | None:
    if max_rate is None and target_time is None:
        return None
    from dbmigrations.api.step import RequestedBackfill

    return RequestedBackfill(max_rate=max_rate or 0, target_time=target_time or 0)


def _backup(*, backup_dir: Path, retain: int) -> RequestedBackup:
    from dbmigrations.api.step import RequestedBackup

    return RequestedBackup(directory=str(backup_dir.absolute()), retain=retain)


def _source(given: Path | None) -> Path:
    if given is not None:
        return given
    usual = Path("database")
    return usual if usual.is_dir() else Path()
