"""The engine tier's servers, as the harness provides them."""

from tests.harness.fixtures import database, postgres_server

__all__ = ["database", "postgres_server"]
