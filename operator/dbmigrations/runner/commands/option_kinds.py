"""The kinds of options that there are, and how several are read into one value."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from dbmigrations.api.limits import LONGEST_TIMEOUT
from dbmigrations.release.versions import Version, VersionError

if TYPE_CHECKING:
    from enum import StrEnum

Body = Callable[..., Any]
Decorator = Callable[[Body], Body]

_SIZE = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>(Ki|Mi|Gi|Ti)?)")


def checked_version(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A callback: a version as it is written, where it is one.

    Raises:
        click.BadParameter: it is no version; says why.
    """
    try:
        return value if value is None else Version.parse(value).text
    except VersionError as error:
        raise click.BadParameter(str(error)) from None


def utf8(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A callback: a text that a server can be told. Bytes of the command line that are no UTF-8 are none."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("it is not UTF-8") from None
    return value


def version_option(flag: str, name: str, text: str, *, also: tuple[str, ...] = (), required: bool = False) -> Decorator:
    """An option that takes a version; `also`: other words for it."""
    return click.option(
        flag, *also, name, callback=checked_version, required=required, default=None, metavar="VERSION", help=text
    )


def grouped(function: Body, name: str, make: Callable[..., object], *decorators: Decorator) -> Body:
    """Decorate with options and hand their values to the function as one."""

    def bare() -> None:
        """Carries the options, to learn their names."""

    for decorate in decorators:
        decorate(bare)
    names = [parameter.name for parameter in vars(bare)["__click_params__"]]

    @wraps(function)
    def call(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - click's own
        values[name] = make(**{option: values.pop(option) for option in names})
        return function(*args, **values)

    wrapped: Body = call
    for decorate in reversed(decorators):
        wrapped = decorate(wrapped)
    return wrapped


def choice(flag: str, default: StrEnum, text: str) -> Decorator:
    """One of the words of an enumeration."""
    values = [each.value for each in type(default)]
    return click.option(flag, type=click.Choice(values), default=default.value, show_default=True, help=text)


class Finite(click.FloatRange):
    """A number in a range. `nan` lies in every one as click compares, and is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Read it.

        Raises:
            click.BadParameter: it is no number, or not in the range.
        """
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{value} is no finite number", param, ctx)
        return number


def seconds(flag: str, default: float, text: str) -> Decorator:
    """A span of time, with a default, as long as PostgreSQL's own may be."""
    kind = Finite(min=0, max=LONGEST_TIMEOUT)
    return click.option(flag, type=kind, default=default, show_default=True, metavar="SECONDS", help=text)


def checked_size(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A callback: bytes, as Kubernetes writes them (`512Mi`).

    Raises:
        click.BadParameter: it is no size.
    """
    if value is None:
        return None
    if not (found := _SIZE.fullmatch(value)):
        raise click.BadParameter(f"{value!r} is no size: write bytes, or 512Mi, 10Gi")
    exponent = ("", "Ki", "Mi", "Gi", "Ti").index(found["unit"])
    return int(found["number"]) << (10 * exponent)


def most_seconds(flag: str, text: str) -> Decorator:
    """A limit in seconds; None: no limit."""
    kind = Finite(min=0)
    return click.option(flag, type=kind, default=None, metavar="SECONDS", help=f"{text} Default: no limit.")


def most_bytes(flag: str, text: str) -> Decorator:
    """A limit in bytes; None: no limit."""
    return click.option(flag, callback=checked_size, default=None, metavar="SIZE", help=f"{text} Default: no limit.")
