"""The command `dbmigrations-operator`: settings in, an exit code out.

Exit codes: 0 ended by a signal · 2 a setting that cannot be obeyed · 70 ended by an error, said in the log's last line.
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path

import click
import structlog

from dbmigrations.api.words import PullPolicy
from dbmigrations.operator.app import OperatorError, serve
from dbmigrations.operator.logs import configure
from dbmigrations.operator.settings import Address, LogLevel, Settings, SettingsError

USAGE = 2
INTERNAL = 70


@click.command(
    context_settings={
        "auto_envvar_prefix": "DBMIGRATIONS",
        "help_option_names": ["-h", "--help"],
        "show_default": True,
    },
    help="Runs the migrations that DatabaseMigration resources ask for, one Job a step, until it gets SIGTERM.",
    epilog="Each option may also be given as the environment variable shown beside it.",
)
@click.version_option(version("dbmigrations"), prog_name="dbmigrations-operator")
@click.option(
    "--runner-image",
    required=True,
    show_envvar=True,
    help="Image whose dbmigrate the Jobs run. A run keeps the image that it began with; the next run takes this one.",
)
@click.option(
    "--runner-pull-policy",
    default="",
    type=click.Choice(["", *(policy.value for policy in PullPolicy)]),
    show_default=False,
    show_envvar=True,
    help="When a node asks the registry for the runner's image. Without: as Kubernetes does it, Always for `:latest` "
    "and else IfNotPresent.",
)
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    show_envvar=True,
    help="Namespace that is served; may be repeated (in the variable: separated by spaces). "
    "Without: the whole cluster, which needs a ClusterRole.",
)
@click.option(
    "--cluster-name",
    default="",
    show_envvar=True,
    help="First part of the identity under which databases record their owner. Without: the uid of the namespace "
    "kube-system. A changed name makes every database belong to another.",
)
@click.option(
    "--workers",
    default=Settings.workers,
    type=click.IntRange(1, 64),
    show_envvar=True,
    help="Resources looked at at the same time. More: faster after a restart, and more load on the API server.",
)
@click.option(
    "--resync",
    default=Settings.resync,
    type=click.FloatRange(1, 86400),
    metavar="SECONDS",
    show_envvar=True,
    help="Seconds between two comparisons of what the watches brought with what is there. Bounds how long a lost "
    "wake-up, or a dead watch, goes unnoticed.",
)
@click.option(
    "--listen",
    default=":8080",
    metavar="HOST:PORT",
    show_envvar=True,
    help="Where /healthz, /readyz and /metrics are served; an empty host is every address, port 0 any free port.",
)
@click.option(
    "--log-level",
    default=LogLevel.INFO.value,
    type=click.Choice([level.value for level in LogLevel]),
    show_envvar=True,
    help="debug adds every look at a resource; warning hides the writes.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    help="How to reach the API server. Without: KUBECONFIG, else the Pod's ServiceAccount, else ~/.kube/config.",
)
def main(  # noqa: PLR0913, PLR0917 one argument for each option
    runner_image: str,
    runner_pull_policy: str,
    namespaces: tuple[str, ...],
    cluster_name: str,
    workers: int,
    resync: float,
    listen: str,
    log_level: str,
    kubeconfig: Path | None,
) -> None:
    """The command line; its help is above."""
    try:
        settings = Settings(
            runner_image=runner_image,
            runner_pull_policy=runner_pull_policy,
            namespaces=namespaces,
            cluster_name=cluster_name,
            workers=workers,
            resync=resync,
            listen=Address.parse(listen, option="--listen"),
            log_level=LogLevel(log_level),
            kubeconfig=kubeconfig,
        )
    except SettingsError as error:
        click.echo(f"dbmigrations-operator: {error}", err=True)
        sys.exit(USAGE)
    configure(settings.log_level)
    try:
        asyncio.run(serve(settings))
    except OperatorError as error:
        structlog.get_logger().error("failed", error=str(error))
        sys.exit(INTERNAL)
