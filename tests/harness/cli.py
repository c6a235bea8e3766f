"""The command line of the harness: `python -m tests.harness COMMAND --help`."""

from __future__ import annotations

import argparse
import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import requirements
from tests.harness.cache import Cache, cache_root
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.docker import docker_answers
from tests.harness.errors import HarnessError
from tests.harness.images import ALL, TESTED, ImageStore, bring_up
from tests.harness.localkube import ensure_localkube
from tests.harness.postgres_binaries import ensure_binaries, majors_to_test
from tests.harness.servicemonitor import ensure_servicemonitor_crd
from tests.harness.settings import DEFAULT_NAME
from tests.harness.tools import ensure_helm, ensure_kubectl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.harness.interface import Cluster


@dataclass(frozen=True)
class _Context:
    """What a command works with."""

    options: argparse.Namespace
    console: Console
    store: ImageStore

    @property
    def cache(self) -> Cache:
        return Cache(self.store.cache_root)

    @property
    def cluster(self) -> Cluster:
        """The cluster that the options name."""
        options = self.options
        return choose_cluster(
            options.driver, options.name, self.store.cache_root, self.console, with_node=not options.control_plane_only
        )


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns the exit code: 0 done, 1 not done, 2 called wrongly."""
    options = _parser().parse_args(arguments)
    console = Console()
    context = _Context(options, console, ImageStore(cache_root(), console))
    command: Callable[[_Context], int | None] = options.run
    try:
        return command(context) or 0
    except HarnessError as error:
        console.say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        console.say("\nInterrupted. The next `up` or `down` cleans up what is left.")
        return 1


def _up(context: _Context) -> None:
    cluster = context.cluster
    if context.options.control_plane_only or context.options.no_images:
        cluster.up()
    else:
        bring_up(cluster, context.store)
    context.console.say(f"  ✓ export KUBECONFIG={cluster.kubeconfig}")


def _down(context: _Context) -> None:
    context.cluster.down(purge=context.options.purge)


def _status(context: _Context) -> int:
    status = context.cluster.status()
    print(f"{status.name} ({status.driver}): {'up' if status.running else 'down'}, {status.detail}")
    return 0 if status.running else 1


def _kubeconfig(context: _Context) -> None:
    print(context.cluster.kubeconfig)


def _images(context: _Context) -> None:
    if context.cluster.status().running:
        context.store.ensure_loaded(context.cluster)
    else:
        context.store.archives()
    context.console.say(f"  ✓ Images: {', '.join(image.name for image in ALL)}")


def _unit_tests(context: _Context) -> None:
    context.store.archives([TESTED])
    context.console.say("  ✓ The unit tests pass on the Python of the images")


def _load(context: _Context) -> None:
    options = context.options
    name = context.store.load_source(context.cluster, options.tag, options.directory, options.base)
    context.console.say(f"  ✓ {name} in cluster {options.name}")


def _kubectl(context: _Context) -> None:
    print(ensure_kubectl(context.cache, context.console))


def _helm(context: _Context) -> None:
    print(ensure_helm(context.cache, context.console, context.options.major))


def _prepare(context: _Context) -> None:
    """Fetches and builds everything, side by side, and starts nothing."""
    console, cache = context.console, context.cache
    if not docker_answers():
        requirements.require_linux("The local cluster")
        requirements.require_root("The local cluster")
        packages = (*requirements.NODE, *requirements.IMAGES, *requirements.DEBIAN_POSTGRES, *requirements.NPM)
        requirements.ensure(packages, console)
    jobs: list[Callable[[], object]] = [
        lambda: ensure_localkube(cache, console),  # always: the control plane of its own tier is local
        context.store.archives,
        lambda: ensure_helm(cache, console),
        lambda: ensure_servicemonitor_crd(cache, console),
        *(functools.partial(ensure_binaries, major, console) for major in majors_to_test(every=True)),
    ]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(job) for job in jobs]
    for each in running:
        each.result()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.harness", description="Clusters, images and tools for the tests and the demo."
    )
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--name", default=DEFAULT_NAME, help="which cluster; several run side by side (%(default)s)")
    which.add_argument("--driver", choices=("auto", "kind", "local"), default="auto", help="who provides it")
    which.add_argument(
        "--control-plane-only", action="store_true", help="etcd, API server and controllers; needs no privilege"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", parents=[which], help="bring a cluster up, with our images")
    up.add_argument("--no-images", action="store_true", help="without building and loading our images")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", parents=[which], help="end a cluster with everything in it")
    down.add_argument("--purge", action="store_true", help="forget the loaded images too")
    down.set_defaults(run=_down)
    status = commands.add_parser("status", parents=[which], help="is it up? (exit code 0 if so)")
    status.set_defaults(run=_status)
    kubeconfig = commands.add_parser("kubeconfig", parents=[which], help="print the path of the kubeconfig")
    kubeconfig.set_defaults(run=_kubeconfig)
    images = commands.add_parser("images", parents=[which], help="build our images, and load them into the cluster")
    images.set_defaults(run=_images)
    load = commands.add_parser("load", parents=[which], help="load a release directory as a source image")
    load.add_argument("tag", help="NAME:VERSION; Pods call it docker.io/local/NAME:VERSION")
    load.add_argument("directory", type=Path, help="the release directory; it is /database in the image")
    load.add_argument("--base", choices=("scratch", "runner"), default="scratch", help="what else the image holds")
    load.set_defaults(run=_load)
    units = commands.add_parser("unit-tests", parents=[which], help="run the unit tests on the Python of the images")
    units.set_defaults(run=_unit_tests)
    prepare = commands.add_parser("prepare", help="fetch and build everything that is needed, and start nothing")
    prepare.set_defaults(run=_prepare)
    commands.add_parser("kubectl", help="print the path of kubectl").set_defaults(run=_kubectl)
    helm = commands.add_parser("helm", help="print the path of helm")
    helm.add_argument("--major", type=int, choices=(3, 4), default=4)
    helm.set_defaults(run=_helm)
    return parser
