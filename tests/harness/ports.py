"""Ports of loopback for servers that begin to listen a few seconds after their port was chosen."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

from tests.harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Collection

# Below the range from which the kernel takes ports for outgoing connections: what is free now stays free.
_RANGE = range(20_000, 32_000)
_TRIES = 200


def free_ports(count: int, taken: Collection[int] = ()) -> list[int]:
    """Different ports that nobody listens on now, chosen at random so that two who choose at once do not meet.

    Args:
        count: how many.
        taken: ports that were promised to somebody who does not listen yet.

    Raises:
        HarnessError: nearly all are in use.
    """
    found: list[int] = []
    for port in random.sample(_RANGE, _TRIES):
        if len(found) == count:
            break
        if port not in taken and _is_free(port):
            found.append(port)
    if len(found) < count:
        raise HarnessError(f"No {count} free ports of loopback among {_RANGE.start} … {_RANGE.stop - 1}.")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
