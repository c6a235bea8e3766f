"""A folder as it was at a Git ref, by the `git` program: read from the repository, never checked out."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dbmigrations.runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILES = {"100644", "100755"}
_LINK = "120000"
_HEAD = 3  # object, type, size


class GitRefError(RunnerError):
    """The ref cannot be read; the text says what to do."""


@contextmanager
def folder_at(folder: Path, ref: str) -> Iterator[Path]:
    """A copy of the folder as the ref has it; it is gone afterwards.

    Raises:
        GitRefError: no git, no repository, no such ref, or the ref has no such folder.
    """
    git = _Git(folder)
    commit = git.commit(ref)
    prefix = git.ask("rev-parse", "--show-prefix").decode().strip().rstrip("/")
    entries = git.tree(commit, prefix)
    if not entries:
        raise GitRefError(f"{ref} has no folder {prefix or '.'}: name a ref at which the release directory was there")
    with tempfile.TemporaryDirectory(prefix="dbmigrate-") as place:
        root = Path(place)
        contents = git.contents([blob for _, blob, _ in entries])
        for (mode, _, name), content in zip(entries, contents, strict=True):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == _LINK:
                path.symlink_to(content.decode())
            elif mode in _FILES:
                path.write_bytes(content)
        yield root


class _Git:
    """The repository around a folder."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("git")
        if program is None:
            raise GitRefError("--against needs the program git, which is not installed here")
        self._command = [program, "-C", str(folder)]
        inside = self._run("rev-parse", "--is-inside-work-tree")
        if inside.returncode:
            said = inside.stderr.decode(errors="replace").strip()
            if "dubious ownership" in said:
                raise GitRefError(f"git refuses {folder}: {said.splitlines()[0]}")
            raise GitRefError(f"{folder} is in no Git work tree: --against compares with a ref of its repository")

    def commit(self, ref: str) -> str:
        """The commit that a ref stands for."""
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found.returncode:
            shallow = self.ask("rev-parse", "--is-shallow-repository").strip() == b"true"
            remedy = (
                "the clone is shallow: fetch it whole (`git fetch --unshallow --tags`; in CI `fetch-depth: 0`)"
                if shallow
                else "see `git tag` and `git branch --all`, or fetch it first"
            )
            raise GitRefError(f"there is no ref {ref!r} here: {remedy}")
        return found.stdout.decode().strip()

    def tree(self, commit: str, prefix: str) -> list[tuple[str, str, str]]:
        """Mode, blob and name of every file below a folder, names relative to it."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{prefix}")
        if listed.returncode:
            return []
        entries = []
        for line in listed.stdout.split(b"\0")[:-1]:
            facts, _, name = line.partition(b"\t")
            mode, kind, blob = facts.decode().split()
            if kind == "blob":
                entries.append((mode, blob, name.decode("utf-8", "surrogateescape")))
        return entries

    def contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """The bytes of each blob, all asked for at once."""
        ended = self._run("cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
        raw, start = ended.stdout, 0
        for blob in blobs:
            end = raw.find(b"\n", start)
            head = raw[start:end].split()
            if len(head) != _HEAD:
                raise GitRefError(f"git has no object {blob}: is this a partial clone? `git fetch --refetch` gets it")
            size = int(head[2])
            yield raw[end + 1 : end + 1 + size]
            start = end + size + 2

    def ask(self, *words: str) -> bytes:
        """What git answers.

        Raises:
            GitRefError: it fails.
        """
        ended = self._run(*words)
        if ended.returncode:
            raise GitRefError(f"git {words[0]}: {ended.stderr.decode(errors='replace').strip()}")
        return ended.stdout

    def _run(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*self._command, *words], input=given, capture_output=True, check=False)  # noqa: S603 - no shell
