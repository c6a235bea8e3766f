"""The world that the cases are tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dbmigrations.postgres.known import KnownDatabase
from tests.engine.databases import Database
from tests.engine.operations.fixture import BEFORE
from tests.engine.operations.oracle import existing
from tests.engine.operations.world import World, filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.postgres import Server


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    """Everything in it belongs to a superuser; tests roll back."""
    number = uuid4().hex[:8]
    names = {"role": f"somebody_{number}", "subscription": f"sub_{number}"}
    name = server.create_database()
    place = Database(server, name, "postgres")
    with server.connect(name, options="-c client_min_messages=error -c timezone=UTC") as connection:
        connection.execute(filled(BEFORE, names).encode())
        with place.session(schema="public") as session:
            session.execute("SET timezone = 'UTC'")
            yield World(server, name, connection, KnownDatabase.of(session), existing(connection), names)
        connection.execute(filled("DROP SUBSCRIPTION {subscription}; DROP ROLE {role}", names).encode())
    server.drop_database(name)
