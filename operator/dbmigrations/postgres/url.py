"""Taking a connection URL apart, Prisma's parameters included, without ever repeating it.

A password that was not percent-encoded can make any part of the URL look like another (`u:p@ss/word@host/db`), so
errors name no part of it. What is doubtful is refused rather than sent to a host that is half a password.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.settings import ConnectionSettings, Secret

_SCHEMES = ("postgresql://", "postgres://")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]|%2[Ff][^:@/]*")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

_PRISMA = frozenset({
    "schema", "pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size",
    "single_use_connections", "sslaccept", "sslidentity", "sslpassword", "max_idle_connection_lifetime",
    "max_connection_lifetime",
})  # fmt: skip
"""Parameters that Prisma knows and libpq does not (or means otherwise). Most are about pools, which we have none of."""

_LIBPQ = frozenset({
    "channel_binding", "gssencmode", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle",
    "keepalives_interval", "krbsrvname", "load_balance_hosts", "options", "passfile", "require_auth", "requirepeer",
    "service", "sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslnegotiation",
    "sslpassword", "sslrootcert", "sslsni", "ssl_max_protocol_version", "ssl_min_protocol_version",
    "target_session_attrs", "tcp_user_timeout",
})  # fmt: skip
"""Parameters that are handed to libpq as they are."""

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_OURS = frozenset({"application_name", "client_encoding", "fallback_application_name"})
"""Parameters that this program sets itself."""

_OWN_FIELDS = frozenset({"host", "port", "dbname", "user", "password", "sslmode", "connect_timeout"})


def parse_url(url: str) -> ConnectionSettings:
    """The settings that a URL describes.

    Raises:
        CredentialsMissingError: malformed, or with parameters that nobody knows; its text repeats nothing of the URL.
    """
    body = _without_scheme(url.strip())
    address, _, query = _split_query(body)
    authority, slash, dbname = address.partition("/")
    if "@" in dbname or "/" in dbname:
        raise _malformed("it has an '@' or '/' after the host")
    login, at, hosts = authority.rpartition("@")
    user, _, password = login.partition(":") if at else ("", "", "")
    host, port = _hosts(hosts)
    parameters = _parameters(query)
    settings = ConnectionSettings(
        host=parameters.get("host", host),
        port=parameters.get("port", port),
        dbname=parameters.get("dbname", _decode(dbname) if slash else ""),
        user=parameters.get("user", _decode(user)),
        password=Secret(parameters.get("password", _decode(password))),
        sslmode=_sslmode(parameters),
        sslrootcert=_sslrootcert(parameters),
        connect_timeout=_seconds(parameters.get("connect_timeout", "")),
        schema=parameters.get("schema", ""),
        extra=_extra(parameters),
    )
    if not settings.dbname and "service" not in settings.extra:
        raise _malformed("it names no database")
    return settings


def _malformed(why: str) -> CredentialsMissingError:
    return CredentialsMissingError(
        f"the connection URL is malformed: {why}. Percent-encode what is special in user and password, "
        "or give them apart from the URL"
    )


def _without_scheme(url: str) -> str:
    for scheme in _SCHEMES:
        if url.startswith(scheme):
            return url.removeprefix(scheme)
    raise _malformed("it does not begin with postgresql:// or postgres://")


def _split_query(body: str) -> tuple[str, str, str]:
    # A '?' in a password stands before the first '@'; the query's stands after it.
    start = body.find("@") + 1
    mark = body.find("?", start)
    return (body, "", "") if mark < 0 else (body[:mark], "?", body[mark + 1 :])


def _hosts(text: str) -> tuple[str, str]:
    hosts: list[str] = []
    ports: list[str] = []
    for part in text.split(",") if text else []:
        host, colon, port = part.rpartition(":")
        if not colon or part.endswith("]"):
            host, port = part, ""
        if host and not _HOST.fullmatch(host):
            raise _malformed("its host has characters that no host has")
        if port and not (port.isascii() and port.isdigit()):
            raise _malformed("its port is not a number")
        hosts.append(_decode(host).removeprefix("[").removesuffix("]"))
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _decode(text: str) -> str:
    if _PERCENT.search(text):
        raise _malformed("it has a '%' that is not followed by two hexadecimal digits (a '%' itself is %25)")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise _malformed("what its percent-encoding stands for is not UTF-8") from None
    if "\0" in decoded:
        raise _malformed("it has a zero byte")
    return decoded


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise _malformed("one of its parameters has no value")
        if key not in _PRISMA | _LIBPQ | _OURS | _OWN_FIELDS:
            raise _malformed("it has a parameter that neither PostgreSQL nor Prisma knows")
        found[key] = _decode(value)
    if found.get("sslidentity"):
        raise CredentialsMissingError(
            "the connection URL has sslidentity, a PKCS#12 file: give the certificate and key as sslcert and sslkey"
        )
    return found


def checked_sslmode(mode: str, what: str) -> str:
    """An sslmode that libpq knows, or none.

    Raises:
        CredentialsMissingError: it knows no such; the text names `what` and not the word.
    """
    if mode and mode not in _SSL_MODES:
        raise CredentialsMissingError(f"{what} is none of {', '.join(_SSL_MODES)}")
    return mode


def _sslmode(parameters: dict[str, str]) -> str:
    # Prisma's sslaccept: `strict` checks certificate and name, `accept_invalid_certs` only encrypts.
    mode = checked_sslmode(parameters.get("sslmode", ""), "the connection URL's sslmode")
    match parameters.get("sslaccept"):
        case "strict":
            return "verify-full"
        case "accept_invalid_certs" if mode in {"", "prefer"}:
            return "require"
        case _:
            return mode


def _sslrootcert(parameters: dict[str, str]) -> str:
    # To libpq sslcert is the client's certificate and needs a key; Prisma calls the server's authority so.
    if "sslrootcert" in parameters or "sslkey" in parameters:
        return parameters.get("sslrootcert", "")
    if "sslcert" in parameters:
        return parameters["sslcert"]
    return "system" if parameters.get("sslaccept") == "strict" else ""


def _extra(parameters: dict[str, str]) -> dict[str, str]:
    extra = {key: value for key, value in parameters.items() if key in _LIBPQ and key != "sslrootcert"}
    if "sslkey" not in extra:
        extra.pop("sslcert", None)
        extra.pop("sslpassword", None)
    return extra


def _seconds(text: str) -> int:
    if not text:
        return ConnectionSettings.connect_timeout
    if not (text.isascii() and text.isdigit()):
        raise _malformed("its connect_timeout is not a number of seconds")
    # libpq takes 0 for "wait forever": nobody may wait forever in a Job.
    return int(text) or ConnectionSettings.connect_timeout
