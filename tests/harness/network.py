"""The network namespace of a node, and the cable that joins it to the machine. Needs root.

Nothing is written into the machine's own firewall: routes and devices of the machine vanish with the namespace.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.harness.command import run

if TYPE_CHECKING:
    from tests.harness.settings import Network


def networks_in_use() -> list[str]:
    """Every network that this machine has a route to or an address in."""
    routes: list[dict[str, Any]] = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
    return [route["dst"] for route in routes if route.get("dst", "default") != "default"]


def inside(namespace: str) -> list[str]:
    """What stands before a command that is to run in the namespace.

    Not `ip netns exec`: that mounts /sys anew, without the control groups.
    """
    return ["nsenter", f"--net=/run/netns/{namespace}", "--"]


def create(namespace: str, network: Network) -> None:
    """Makes the namespace, the cable and its routes.

    Pods and machine reach each other by their own addresses. The world is out of reach, so images are loaded into the
    cluster, not pulled, and a test can not depend on what is outside.
    """
    here, there = network.machine_device, network.node_device
    run(["ip", "netns", "add", namespace])
    run(["ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", namespace])
    run(["ip", "address", "add", f"{network.machine}/30", "dev", here])
    run(["ip", "link", "set", here, "up"])
    run(["ip", "route", "add", network.pods, "via", network.node])
    run(["ip", "route", "add", network.services, "via", network.node])
    within = inside(namespace)
    run([*within, "ip", "link", "set", "lo", "up"])
    run([*within, "ip", "address", "add", f"{network.node}/30", "dev", there])
    run([*within, "ip", "link", "set", there, "up"])
    run([*within, "ip", "route", "add", "default", "via", network.machine])
    run([*within, "sysctl", "-qw", "net.ipv4.ip_forward=1"])


def remove(namespace: str, network: Network | None) -> None:
    """Takes the namespace away with its cable, if it is there; the processes in it have ended before.

    Where the network is not known any more, the kernel removes the cable a moment after the namespace.
    """
    if network is not None and Path(f"/sys/class/net/{network.machine_device}").exists():
        run(["ip", "link", "delete", network.machine_device])
    if Path(f"/run/netns/{namespace}").exists():
        run(["ip", "netns", "delete", namespace])
