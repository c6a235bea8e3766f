"""What may not change once it was released: a release directory now, compared with an earlier one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.release.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.migration import Migration, Release


def edits(then: ReleaseDirectory, now: ReleaseDirectory, ref: str, *, lists_all: bool = True) -> Iterator[Problem]:
    """Every change to what the releases of `then` contain, where it stands now.

    Their migrations, with their order and both scripts, must be what they were: databases have applied them, and keep
    the downs of that time. What cannot be read now is no edit: whoever read it has told. A changed assertion is a
    warning, for it may be mended.

    Args:
        then: the directory as it was released.
        now: the directory to judge.
        ref: how `then` is called in messages.
        lists_all: False where the ledger of `now` cannot be read as a whole: then nothing is said to be gone from it.
    """
    for old in then.releases:
        new = now.release(old.version.text)
        if new is None and not lists_all:
            continue
        if new is None:
            yield Problem(
                old.file,
                f"release {old.version}, which {ref} has, is gone",
                "put it back: databases are at it",
                old.line,
            )
            continue
        if old.baseline != new.baseline:
            yield Problem(new.file, f"release {old.version}: `baseline` is not what {ref} says", "restore it", new.line)
        yield from _lines(old, new, now, ref, lists_all=lists_all)
        yield from _assertions(old, new, ref)
    newest = then.releases[-1].version if then.releases else None
    known = set(then.versions)
    for release in now.releases:
        if newest is not None and release.version < newest and release.version.text not in known:
            yield Problem(
                release.file,
                f"release {release.version} is new and stands before {newest}, which {ref} has",
                "databases at or above it take it for out of order: number it above",
                release.line,
                severity=Severity.WARNING,
            )


def _lines(old: Release, new: Release, now: ReleaseDirectory, ref: str, *, lists_all: bool) -> Iterator[Problem]:
    for migration in old.migrations:
        found = now.migration(*migration.key)
        if found is None and not lists_all:
            continue
        if found is None:
            yield Problem(
                migration.file,
                f"{migration.kind} {migration.name} was in release {old.version} at {ref}, and no release lists it now",
                "put its line and its files back; undo it by a new migration",
                migration.line,
            )
        elif found.release != old.version:
            yield Problem(
                found.file,
                f"{found.kind} {found.name} was in release {old.version} at {ref}, and is in {found.release} now",
                f"put its line back under {old.version}",
                found.line,
            )
        else:
            yield from _scripts(migration, found, ref)
    before = [migration.key for migration in old.migrations]
    for migration in new.migrations:
        if migration.key not in before:
            yield Problem(
                migration.file,
                f"{migration.kind} {migration.name} is new in release {old.version}, which {ref} has already",
                "put it into a new release",
                migration.line,
            )
    same = [migration for migration in new.migrations if migration.key in before]
    for migration, key in zip(same, (key for key in before if key in {each.key for each in same}), strict=True):
        if migration.key != key:
            yield Problem(
                migration.file,
                f"{migration.kind} {migration.name} stands where {key[0]} {key[1]} stood at {ref}",
                "restore the order in which databases have applied them",
                migration.line,
            )
            return


def _scripts(then: Migration, now: Migration, ref: str) -> Iterator[Problem]:
    if now.up.path and then.up.checksum != now.up.checksum:
        yield Problem(
            now.up.path,
            f"was changed since {ref}, where it is part of release {then.release}",
            "restore it, and put the change into a new migration",
            1,
        )
    if then.down is None:
        return
    if now.down is None:
        yield Problem(
            then.down.path,
            f"is gone since {ref}, where it is part of release {then.release}",
            "restore it: databases that apply the release from now on would have no way back",
            1,
        )
    elif then.down.checksum != now.down.checksum:
        yield Problem(
            now.down.path,
            f"was changed since {ref}, where it is part of release {then.release}",
            "restore it; a faulty one is replaced in each database by `dbmigrate history replace-down "
            f"{then.kind}/{then.name}`",
            1,
        )


def _assertions(old: Release, new: Release, ref: str) -> Iterator[Problem]:
    now = {assertion.name: assertion for assertion in new.assertions}
    for assertion in old.assertions:
        found = now.get(assertion.name)
        if found is not None and not found.script.path:
            continue
        if found is None or found.script.checksum != assertion.script.checksum:
            what = "is gone from" if found is None else "was changed since"
            yield Problem(
                assertion.script.path,
                f"{what} {ref}, where it is an assertion of release {old.version}"
                if found
                else f"is no assertion of release {old.version} any more, as it was at {ref}",
                "allowed, for an assertion may be mended",
                1,
                severity=Severity.WARNING,
            )
