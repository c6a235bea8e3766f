"""The command line of the harness."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tests.harness.cache import cache_root
from tests.harness.console import Console
from tests.harness.errors import HarnessError
from tests.harness.local import LocalCluster
from tests.harness.settings import DEFAULT_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.cluster import Cluster


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns the exit code."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        return _run(options, console)
    except HarnessError as error:
        console.say(f"{error}")
        return 1


def _run(options: argparse.Namespace, console: Console) -> int:
    cluster: Cluster = LocalCluster(options.name, cache_root(), console, with_node=not options.control_plane_only)
    match options.command:
        case "up":
            cluster.up()
        case "down":
            cluster.down(purge=options.purge)
        case "status":
            status = cluster.status()
            print(f"{status.name} ({status.driver}): {'up' if status.running else 'down'}, {status.detail}")
            return 0 if status.running else 1
        case "kubeconfig":
            print(cluster.kubeconfig)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.harness")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default=DEFAULT_NAME)
    common.add_argument("--control-plane-only", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", parents=[common])
    commands.add_parser("down", parents=[common]).add_argument("--purge", action="store_true")
    commands.add_parser("status", parents=[common])
    commands.add_parser("kubeconfig", parents=[common])
    return parser
