"""A plan and its steps as JSON, as a run row of the database keeps them, and back.

What is stored is read again by later runners: fields may be added, none may change its meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbmigrations.api.words import Direction, StepName
from dbmigrations.release.migration import Kind
from dbmigrations.release.plan import BaseEntry, Plan, PlannedMigration
from dbmigrations.release.steps import PlannedStep, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = dict[str, Any]


class StoredPlanError(ValueError):
    """A stored plan that this runner cannot read: written by a newer one, or by hand."""


def dump_plan(plan: Plan) -> Json:
    """A plan as JSON-able data; the hash is stored beside it, not in it."""
    return {
        "base": [list(entry) for entry in plan.base],
        "baselined": [list(entry) for entry in plan.baselined],
        "migrations": [
            {
                "release": m.release,
                "kind": m.kind.value,
                "name": m.name,
                "direction": m.direction.value,
                "nth": m.nth,
                "up": m.up,
                "down": m.down,
            }
            for m in plan.migrations
        ],
    }


def load_plan(data: Mapping[str, Any]) -> Plan:
    """The plan that `dump_plan` wrote.

    Raises:
        StoredPlanError: where it is not of this shape.
    """
    try:
        return Plan(
            base=_entries(data["base"]),
            baselined=_entries(data["baselined"]),
            migrations=tuple(
                PlannedMigration(
                    release=m["release"],
                    kind=Kind(m["kind"]),
                    name=m["name"],
                    direction=Direction(m["direction"]),
                    nth=m["nth"],
                    up=m["up"],
                    down=m["down"],
                )
                for m in data["migrations"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoredPlanError(f"the stored plan cannot be read: {error!r}") from None


def dump_steps(steps: Steps) -> list[Json]:
    """Steps as JSON-able data."""
    return [
        {"ordinal": s.ordinal, "name": s.name.value, "release": s.release, "migrations": list(s.migrations)}
        for s in steps
    ]


def load_steps(data: Sequence[Mapping[str, Any]]) -> Steps:
    """The steps that `dump_steps` wrote.

    Raises:
        StoredPlanError: where they are not of this shape.
    """
    try:
        return tuple(PlannedStep(s["ordinal"], StepName(s["name"]), s["release"], tuple(s["migrations"])) for s in data)
    except (KeyError, TypeError, ValueError) as error:
        raise StoredPlanError(f"the stored steps cannot be read: {error!r}") from None


def _entries(rows: Sequence[Sequence[str]]) -> tuple[BaseEntry, ...]:
    return tuple((Kind(kind), name, checksum) for kind, name, checksum in rows)
