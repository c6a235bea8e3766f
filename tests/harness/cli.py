"""The command line of the harness: `python -m tests.harness COMMAND --help`."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import requirements
from tests.harness.cache import Cache, cache_root
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.docker import docker_answers
from tests.harness.errors import HarnessError
from tests.harness.images import ALL, ImageStore, bring_up
from tests.harness.localkube import ensure_localkube
from tests.harness.postgres_binaries import ensure_binaries, majors_to_test
from tests.harness.settings import DEFAULT_NAME
from tests.harness.tools import ensure_helm, ensure_kubectl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.interface import Cluster


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns the exit code: 0 done, 1 not done, 2 called wrongly."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        return _run(options, console)
    except HarnessError as error:
        console.say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        console.say("\nInterrupted. The next `up` or `down` cleans up what is left.")
        return 1


def _run(options: argparse.Namespace, console: Console) -> int:
    root = cache_root()
    store = ImageStore(root, console)
    if options.command == "prepare":
        _prepare(store, console)
        return 0
    if options.command in {"kubectl", "helm"}:
        ensure = ensure_kubectl if options.command == "kubectl" else ensure_helm
        print(ensure(Cache(root), console))
        return 0
    cluster = choose_cluster(
        options.driver, options.name, root, console, with_node=not getattr(options, "control_plane_only", False)
    )
    match options.command:
        case "up" if options.control_plane_only or options.no_images:
            cluster.up()
            _tell(cluster, console)
        case "up":
            bring_up(cluster, store)
            _tell(cluster, console)
        case "down":
            cluster.down(purge=options.purge)
        case "status":
            status = cluster.status()
            print(f"{status.name} ({status.driver}): {'up' if status.running else 'down'}, {status.detail}")
            return 0 if status.running else 1
        case "kubeconfig":
            print(cluster.kubeconfig)
        case "images":
            if cluster.status().running:
                store.ensure_loaded(cluster)
            else:
                store.archives()
            console.say(f"  ✓ Images: {', '.join(image.name for image in ALL)}")
        case "load":
            name = store.load_source(cluster, options.tag, options.directory, options.base)
            console.say(f"  ✓ {name} in cluster {cluster.name}")
    return 0


def _prepare(store: ImageStore, console: Console) -> None:
    """Fetches and builds everything, side by side, and starts nothing."""
    if not docker_answers():
        requirements.require_linux("The local cluster")
        requirements.require_root("The local cluster")
        packages = (*requirements.NODE, *requirements.IMAGES, *requirements.DEBIAN_POSTGRES, *requirements.NPM)
        requirements.ensure(packages, console)
    cache = Cache(store.cache_root)
    with ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(ensure_localkube, cache, console),  # the control plane of its own tier is always local
            pool.submit(store.archives),
            pool.submit(ensure_helm, cache, console),
            *(pool.submit(ensure_binaries, major, console) for major in majors_to_test()),
        ]
    for job in jobs:
        job.result()


def _tell(cluster: Cluster, console: Console) -> None:
    console.say(f"  ✓ export KUBECONFIG={cluster.kubeconfig}")


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
    down = commands.add_parser("down", parents=[which], help="end a cluster with everything in it")
    down.add_argument("--purge", action="store_true", help="forget the loaded images too")
    commands.add_parser("status", parents=[which], help="is it up? (exit code 0 if so)")
    commands.add_parser("kubeconfig", parents=[which], help="print the path of the administrator's kubeconfig")
    commands.add_parser("images", parents=[which], help="build our images, and load them where the cluster is up")
    load = commands.add_parser("load", parents=[which], help="load a release directory as a source image")
    load.add_argument("tag", help="NAME:VERSION; Pods call it docker.io/local/NAME:VERSION")
    load.add_argument("directory", type=Path, help="the release directory; it is /database in the image")
    load.add_argument("--base", choices=("scratch", "runner"), default="scratch", help="what else the image holds")
    commands.add_parser("prepare", help="fetch and build everything that is needed, and start nothing")
    commands.add_parser("kubectl", help="print the path of kubectl")
    commands.add_parser("helm", help="print the path of helm")
    return parser
