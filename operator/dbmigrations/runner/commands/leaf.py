"""A command that takes `--dir`, and a person who wrote the folder without it: told how it is written."""

from __future__ import annotations

from pathlib import Path

import click


class Leaf(click.Command):
    """A command without commands below it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, but for the words of its refusal."""
        given = list(args)  # click takes them off its list one by one
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter:
            raise
        except click.UsageError:
            # Not by the words of the error, which may be translated: by what the parser has left over.
            _refuse_folder(ctx, self.make_parser(ctx).parse_args(given)[1])
            raise


class Fork(click.Group):
    """A command that acts by itself, with commands below it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but for the words of its refusal."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            _refuse_folder(ctx, args)
            raise


def _refuse_folder(ctx: click.Context, words: list[str]) -> None:
    folder = next((word for word in words if _is_folder(word)), None)
    if folder is None or not any("--dir" in parameter.opts for parameter in ctx.command.params):
        return
    raise click.UsageError(
        f"unexpected argument {folder!r}: the release directory is named with `--dir {folder}`", ctx
    ) from None


def _is_folder(word: str) -> bool:
    """Whether it is one, or is written like one."""
    try:
        return word.endswith("/") or Path(word).is_dir()
    except (OSError, ValueError):
        return False
