"""The shop's release directory as it was at a version: what an image of that time carried."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dbmigrations.release.directory import load

if TYPE_CHECKING:
    from pathlib import Path


def directory_as_of(database: Path, version: str, into: Path) -> None:
    """Copies the releases up to a version, and of the scripts only theirs.

    Args:
        database: a release directory whose ledger is one file.
        version: the last release that is copied.
        into: a folder that is there and empty.

    Raises:
        ReleaseInvalidError: the directory has errors.
    """
    directory = load(database)
    kept = directory.releases[: directory.versions.index(version) + 1]
    scripts = [
        script for release in kept for migration in release.migrations for script in (migration.up, migration.down)
    ]
    scripts += [assertion.script for release in kept for assertion in release.assertions]
    for script in filter(None, scripts):
        place = into / script.path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(database / script.path, place)
    yaml = YAML(typ="safe", pure=True)
    ledger: dict[str, Any] = yaml.load(database / "releases.yaml")
    ledger["releases"] = ledger["releases"][: len(kept)]
    with (into / "releases.yaml").open("w") as file:
        yaml.dump(ledger, file)
