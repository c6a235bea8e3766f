"""How refusals speak: short lists of migrations with their places, and the exact thing that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.resource import PLURAL, REQUESTED_AT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.migration import Key, Kind, Migration
    from dbmigrations.runner.preflight.facts import PreflightFacts

SHOWN = 3
"""Members of a list that a message names; it then counts. The log has them all."""


def listed(words: Iterable[str], *, between: str = ", ", shown: int = SHOWN) -> str:
    """`a, b, c and 4 more`."""
    every = list(words)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return between.join(every[:shown]) + more


def migration(item: Migration) -> str:
    """`sql 20260123_1200_name (releases.yaml:12)`."""
    return f"{item.kind} {item.name} ({item.file}:{item.line})"


def recorded(kind: Kind, name: str, release: str) -> str:
    """`sql 20260123_1200_name of 1.1.0`: a migration as the history has it."""
    return f"{kind} {name} of {release}"


def place(directory: ReleaseDirectory, key: Key) -> str:
    """The file of a migration's up, for the eye of a reader; its name where the directory does not know it."""
    known = directory.migration(*key)
    return known.up.path if known else f"{key[0]} {key[1]}"


def counted(number: int, noun: str) -> str:
    """`1 migration`, `2 migrations`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def look_again(facts: PreflightFacts) -> str:
    """How a person asks for another look after mending something that is not the spec."""
    if facts.is_laptop:
        return "run the command again"
    name, namespace = facts.requester.name, facts.requester.namespace
    return f'`kubectl -n {namespace} annotate {PLURAL} {name} --overwrite {REQUESTED_AT}="$(date +%s)"`'


def approve(facts: PreflightFacts, plan_hash: str) -> str:
    """How a person approves exactly this plan."""
    return f"pass `--approve {plan_hash}`" if facts.is_laptop else f"set `spec.approvedPlan: {plan_hash}`"


def policy(facts: PreflightFacts, field: str) -> str:
    """A field of the policy by name: `policy.outOfOrder`, on a laptop `--out-of-order`."""
    dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in field)
    return f"--{dashed}" if facts.is_laptop else f"policy.{field}"


def setting(facts: PreflightFacts, field: str, option: str) -> str:
    """A field of the spec, or the option of the command line that stands for it."""
    return f"`{option}`" if facts.is_laptop else f"`{field}`"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
