"""Follows a run until it ends, and says what happens as it happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

Json = dict[str, Any]
PAUSE = 0.3
"""Seconds between two looks."""

_MARKS = {"Succeeded": "[green]✓[/]", "Skipped": "[dim]·[/]", "Failed": "[red]✗[/]", "Stopped": "[yellow]■[/]"}


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(frozen=True)
class Line:
    """One step that ended: a key that tells it from every other, and what is printed."""

    key: tuple[str, int, int]
    text: str


def condition(resource: Json, kind: str) -> Json:
    """A condition of the resource; empty where it has none."""
    conditions: list[Json] = resource.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), {})


def ended_steps(resource: Json) -> Iterator[Line]:
    """The steps of the run that ended, in their order."""
    run = resource.get("status", {}).get("run", {})
    for step in run.get("steps", ()):
        if mark := _MARKS.get(step["state"]):
            name = " ".join(filter(None, (step["name"], step.get("release", ""))))
            took = "skipped" if step["state"] == "Skipped" else f"{seconds(step):.0f} s"
            key = (run["id"], step.get("ordinal", 0), step.get("attempts", 0))
            message = step.get("message", "").partition("\n")[0]
            yield Line(key, f"    {mark} {name:<16} [dim]{took:>8}   {message}[/]")


def under_way(resource: Json) -> str:
    """What the resource is doing, in one line."""
    status = resource.get("status", {})
    what = " ".join(filter(None, (status.get("phase", "waiting for the operator"), status.get("step", ""))))
    return f"{what}  [dim]{status.get('message', '').partition(chr(10))[0][:100]}[/]"


def seconds(step: Json) -> float:
    """How long a step took or is taking."""
    began = step.get("startedAt")
    if not began:
        return 0.0
    ended = step.get("finishedAt")
    end = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return (end - datetime.fromisoformat(began)).total_seconds()


def is_done(resource: Json) -> bool:
    """Whether the database is at the version that the newest spec asks for.

    Raises:
        DemoError: a person is needed.
    """
    status = resource.get("status", {})
    if status.get("observedGeneration") != resource["metadata"]["generation"]:
        return False
    if (stalled := condition(resource, "Stalled")).get("status") == "True":
        raise DemoError(f"The migration stands still: {stalled['reason']}. {stalled.get('message', '')}")
    ready = condition(resource, "Ready")
    return bool(ready.get("status") == "True" and ready.get("observedGeneration") == resource["metadata"]["generation"])


def follow(console: Console, look: Callable[[], Json], *, within: float) -> Json:
    """The resource once its run ended well; each step is printed when it ends.

    Args:
        console: where it is printed.
        look: reads the resource.
        within: seconds that it may take.

    Raises:
        DemoError: the run did not end well, or not in time.
    """
    deadline = time.monotonic() + within
    told = {line.key for line in ended_steps(look())}
    with console.status("…") as spinner:
        while True:
            resource = look()
            for line in ended_steps(resource):
                if line.key not in told:
                    told.add(line.key)
                    console.print(line.text, soft_wrap=True, highlight=False)
            if is_done(resource):
                return resource
            if time.monotonic() > deadline:
                raise DemoError(f"After {within:.0f} s the run has not ended: {under_way(resource)}")
            spinner.update(under_way(resource))
            time.sleep(PAUSE)
