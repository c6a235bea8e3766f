"""Settings from a mounted Secret, or from a laptop's environment.

Nothing here repeats a value that it read: a value may be, or hold, a password.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg.pq import Conninfo

from dbmigrations.api.words import TlsMode
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.settings import ConnectionSettings, Secret
from dbmigrations.postgres.url import checked_sslmode, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dbmigrations.api.spec import SecretKeys


@dataclass(frozen=True)
class SecretDefaults:
    """What the resource says where the Secret is silent, and the Secret's name for messages."""

    secret: str = ""
    host: str = ""
    port: int = 5432
    name: str = ""
    tls_mode: TlsMode = TlsMode.PREFER
    ca_file: str = ""


_USUAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "url": ("uri", "url", "DATABASE_URL", "database_url", "connectionString"),
    "host": ("host", "hostname", "DB_HOST"),
    "port": ("port",),
    "name": ("dbname", "database", "db", "POSTGRES_DB"),
    "user": ("user", "username", "POSTGRES_USER"),
    "password": ("password", "postgres-password", "POSTGRES_PASSWORD"),
}
"""What CloudNativePG, PGO, Zalando and Bitnami write; the first present wins, so a direct URL before a pooled one."""


def from_secret(folder: Path, keys: SecretKeys, defaults: SecretDefaults) -> ConnectionSettings:
    """Settings from the mounted keys of a Secret. A URL wins; what it leaves open comes from the single keys.

    Raises:
        CredentialsMissingError: the folder is empty, or a needed key is missing or malformed; it names the Secret.
    """
    try:
        return _with_tls(_from_keys(folder, keys, defaults), defaults)
    except CredentialsMissingError as error:
        if not defaults.secret:
            raise
        there = folder.is_dir() and any(folder.iterdir())
        state = "" if there else " is not there, or is empty"
        raise CredentialsMissingError(f"Secret {defaults.secret}{state}: {error}") from None


def _from_keys(folder: Path, keys: SecretKeys, defaults: SecretDefaults) -> ConnectionSettings:
    found = {part: _read(folder, _names(part, getattr(keys, part))) for part in _USUAL_KEYS}
    for part in _USUAL_KEYS:
        if getattr(keys, part) and found[part] is None:
            raise CredentialsMissingError(f"the Secret has no key {getattr(keys, part)!r} (for the {part})")
    settings = parse_url(found["url"]) if found["url"] else ConnectionSettings()
    settings = replace(
        settings,
        host=settings.host or found["host"] or defaults.host,
        port=settings.port or found["port"] or str(defaults.port),
        dbname=settings.dbname or found["name"] or defaults.name,
        user=settings.user or found["user"] or "",
        password=settings.password if settings.password.get_secret_value() else Secret(found["password"] or ""),
    )
    missing = [
        part
        for part, value in (("host", settings.host), ("name", settings.dbname), ("user", settings.user))
        if not value
    ]
    if missing:
        raise CredentialsMissingError(_missing_text(missing))
    return settings


def from_environment(environ: Mapping[str, str], url: str = "") -> ConnectionSettings:
    """A laptop's settings: `--url`, else DATABASE_URL, else what libpq makes of PG* and of a service file.

    libpq also fills what a URL leaves open, and looks for a password in the password file where nobody gives one.

    Raises:
        CredentialsMissingError: where nothing names a database, or the URL is malformed.
    """
    text = url or environ.get("DATABASE_URL", "")
    if text:
        return parse_url(text)
    if not any(environ.get(name) for name in ("PGHOST", "PGDATABASE", "PGUSER", "PGSERVICE", "PGHOSTADDR")):
        raise CredentialsMissingError("no database is named: give --url, DATABASE_URL, or PGHOST and PGDATABASE")
    # libpq's own answer: in it a service file comes before the variables, which nobody should have to know twice.
    known = {each.keyword.decode(): (each.val or b"").decode() for each in Conninfo.get_defaults()}
    return ConnectionSettings(
        host=known["host"],
        port=known["port"],
        dbname=known["dbname"],
        user=known["user"],
        password=Secret(known["password"]),
        sslmode=checked_sslmode(known["sslmode"], "PGSSLMODE (or the service's sslmode)"),
        sslrootcert=known["sslrootcert"],
        extra={"service": service} if (service := environ.get("PGSERVICE", "")) else {},
    )


def _names(part: str, remapped: str | None) -> tuple[str, ...]:
    return (remapped,) if remapped else _USUAL_KEYS[part]


def _read(folder: Path, names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except (PermissionError, UnicodeDecodeError):
            raise CredentialsMissingError(f"the Secret's key {name!r} cannot be read") from None
        # A line end at the very end is what `echo` left there, never part of a password.
        return text.removesuffix("\n").removesuffix("\r")
    return None


def _missing_text(missing: list[str]) -> str:
    looked = "; ".join(f"{part}: {', '.join(_USUAL_KEYS[part])}" for part in missing)
    urls = ", ".join(_USUAL_KEYS["url"])
    return f"the Secret gives no {' and no '.join(missing)}, nor a URL ({urls}); looked for {looked}"


def _with_tls(settings: ConnectionSettings, defaults: SecretDefaults) -> ConnectionSettings:
    # The resource's mode is the default `prefer` unless somebody asked for more; a URL may only ask for more.
    asked = defaults.tls_mode
    mode = settings.sslmode if asked is TlsMode.PREFER and settings.sslmode else asked.value
    return replace(settings, sslmode=mode, sslrootcert=defaults.ca_file or settings.sslrootcert)
