"""The shop as it was: valid at each version, and without a trace of what came later."""

from __future__ import annotations

from pathlib import Path

import demo
from dbmigrations.release.directory import inspect
from demo.releases import directory_as_of

DATABASE = Path(demo.__file__).parents[1] / "manifests/shop/database"


def test_the_shops_release_directory_has_no_finding() -> None:
    directory, problems = inspect(DATABASE, require_down=True)
    assert problems == ()
    assert directory is not None
    assert directory.versions == ("1.0.0", "1.1.0")


def test_the_directory_of_an_older_version_has_never_heard_of_a_newer_one(tmp_path: Path) -> None:
    directory_as_of(DATABASE, "1.0.0", tmp_path)
    directory, problems = inspect(tmp_path, require_down=True)
    assert problems == ()
    assert directory is not None
    assert directory.versions == ("1.0.0",)
    assert [path for path in tmp_path.rglob("*") if "project" in path.name] == []
    assert "1.1.0" not in (tmp_path / "releases.yaml").read_text()


def test_the_directory_of_the_newest_version_holds_the_same_migrations(tmp_path: Path) -> None:
    directory_as_of(DATABASE, "1.1.0", tmp_path)
    then, _ = inspect(tmp_path)
    now, _ = inspect(DATABASE)
    assert then is not None
    assert now is not None
    assert [(m.key, m.up.checksum, m.down_checksum) for m in then.migrations] == [
        (m.key, m.up.checksum, m.down_checksum) for m in now.migrations
    ]
