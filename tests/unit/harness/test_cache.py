from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.harness.cache import Cache, cache_root, content_key, file_lock


def test_a_thing_is_made_once_and_then_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = cache.found_or_made("thing", "1", lambda folder: (folder / "a").touch())
    (first / "a").write_text("as the first maker left it")
    second = cache.found_or_made("thing", "1", lambda folder: (folder / "a").touch())
    assert (second / "a").read_text() == "as the first maker left it"


def test_of_two_makers_at_once_one_waits_for_the_other(tmp_path: Path) -> None:
    made: list[Path] = []
    together = threading.Barrier(2)

    def make(folder: Path) -> None:
        made.append(folder)

    def ask(_number: int) -> Path:
        together.wait()
        return Cache(tmp_path).found_or_made("thing", "1", make)

    with ThreadPoolExecutor(2) as pool:
        places = set(pool.map(ask, range(2)))
    assert (len(made), len(places)) == (1, 1)


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Cache(tmp_path).found_or_made("thing", "1", fail)
    assert list((tmp_path / "thing").iterdir()) == []


def test_the_keys_used_longest_ago_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for age, key in enumerate("abc"):
        os.utime(cache.found_or_made("thing", key, lambda _: None, keep=9), (100 - age, 100 - age))
    cache.found_or_made("thing", "d", lambda _: None, keep=2)
    assert {path.name for path in (tmp_path / "thing").iterdir()} == {"a", "d"}


def test_a_key_changes_with_a_text_a_content_and_a_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("same")
    two.write_text("same")
    keys = {content_key("v1"), content_key("v2"), content_key("v1", files=[one]), content_key("v1", files=[two])}
    one.write_text("different")
    assert len(keys | {content_key("v1", files=[one])}) == 5


def test_who_waited_for_a_lock_that_was_removed_locks_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with ThreadPoolExecutor(1) as pool:
        with file_lock(path):
            waiting = pool.submit(_hold, path)
            path.unlink()
        assert waiting.result(timeout=10)


def _hold(path: Path) -> bool:
    with file_lock(path):
        return path.exists()


def test_the_folder_is_chosen_by_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBMIGRATIONS_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("DBMIGRATIONS_CACHE")
    assert cache_root() == Path.home() / ".cache" / "dbmigrations"
