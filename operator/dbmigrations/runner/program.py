"""This program itself."""

from importlib.metadata import version


def runner_version() -> str:
    """Its version."""
    return version("dbmigrations")
