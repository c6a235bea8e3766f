"""The static program that brings the files of a source image into a volume, run as a process of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.harness.command import run

SOURCE = Path(__file__).parents[3] / "images" / "copier" / "copier.c"


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("copier") / "copier"
    run(["cc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE])
    return program


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder as a ConfigMap mounts it: each file is a link into a folder that is a link itself."""
    folder = tmp_path / "source"
    (folder / "..2026" / "sql").mkdir(parents=True)
    (folder / "..2026" / "sql" / "a.sql").write_text("SELECT 1;\n")
    (folder / "..2026" / "run").write_text("true\n")
    (folder / "..2026" / "run").chmod(0o700)
    (folder / "..data").symlink_to("..2026")
    (folder / "sql").symlink_to("..data/sql")
    (folder / "run").symlink_to("..data/run")
    return folder


def call(copier: Path, *arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run([copier, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_links_inside_the_source_become_files(copier: Path, source: Path, tmp_path: Path) -> None:
    code, said = call(copier, "copy", source, tmp_path / "copy")
    assert (code, said) == (0, f"copier: 6 files from {source}\n")
    assert (tmp_path / "copy" / "sql" / "a.sql").read_text() == "SELECT 1;\n"
    assert not any(path.is_symlink() for path in (tmp_path / "copy").rglob("*"))


def test_a_file_can_be_read_by_all_and_run_if_it_could_be_run(copier: Path, source: Path, tmp_path: Path) -> None:
    call(copier, "copy", source, tmp_path / "copy")
    modes = {name: (tmp_path / "copy" / name).stat().st_mode & 0o777 for name in ("run", "sql/a.sql", "sql")}
    assert modes == {"run": 0o755, "sql/a.sql": 0o644, "sql": 0o755}


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sql/../../../outside"])
def test_a_link_that_leads_out_of_the_source_is_refused(
    copier: Path, source: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "outside").write_text("secret")
    (source / "link").symlink_to(target)
    code, said = call(copier, "copy", source, tmp_path / "copy")
    assert code == 1
    assert f"{source}/link: is a symbolic link that leads out of {source}, to /" in said
    assert not (tmp_path / "copy" / "link").exists()


def test_a_folder_whose_name_begins_alike_is_outside(copier: Path, source: Path, tmp_path: Path) -> None:
    (tmp_path / "source-of-another").mkdir()
    (tmp_path / "source-of-another" / "a").write_text("secret")
    (source / "link").symlink_to(tmp_path / "source-of-another")
    code, said = call(copier, "copy", source, tmp_path / "copy")
    assert code == 1
    assert "leads out of" in said


def test_a_link_to_its_own_folder_ends(copier: Path, source: Path, tmp_path: Path) -> None:
    (source / "self").symlink_to(".")
    code, said = call(copier, "copy", source, tmp_path / "copy")
    assert code == 1
    assert "source/self" in said


def test_a_broken_link_is_an_error_that_names_it(copier: Path, source: Path, tmp_path: Path) -> None:
    (source / "broken").symlink_to("gone")
    code, said = call(copier, "copy", source, tmp_path / "copy")
    assert (code, said) == (1, f"copier: {source}/broken: leads nowhere: No such file or directory\n")


def test_neither_a_pipe_nor_an_empty_or_missing_folder_is_a_source(copier: Path, source: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert call(copier, "copy", tmp_path / "empty", tmp_path / "copy")[1].endswith("empty: holds no files\n")
    assert "is this the image's folder?" in call(copier, "copy", tmp_path / "missing", tmp_path / "copy")[1]
    run(["mkfifo", source / "pipe"])
    assert call(copier, "copy", source, tmp_path / "copy")[1].endswith("pipe: is neither a file nor a folder\n")


def test_a_file_planted_as_a_link_in_the_target_is_not_followed(copier: Path, source: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "run").symlink_to(victim)
    assert call(copier, "copy", source, tmp_path / "copy")[0] == 1
    assert victim.read_text() == "mine"


def test_it_installs_itself(copier: Path, tmp_path: Path) -> None:
    assert call(copier, "install", tmp_path / "tools") == (0, "")
    installed = tmp_path / "tools" / "copier"
    assert installed.read_bytes() == copier.read_bytes()
    assert installed.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("arguments", [[], ["copy"], ["copy", "a"], ["install"], ["remove", "a", "b"]])
def test_called_wrongly_it_says_how(copier: Path, arguments: list[str]) -> None:
    code, said = call(copier, *arguments)
    assert code == 2
    assert said.startswith("usage: copier install")
