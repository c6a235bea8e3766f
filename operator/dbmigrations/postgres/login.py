"""Opening a connection, with texts of our own where it fails.

libpq's text is looked at to tell the failures apart, and only what the server itself said ("FATAL: …") is repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg

from dbmigrations.postgres.errors import AuthenticationError, UnavailableError

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from dbmigrations.postgres.settings import ConnectionSettings

_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A peer that vanished without a word is noticed after half a minute. Seconds; the last in milliseconds."""

_SERVER_SAID = re.compile(r"FATAL:\s+(?P<words>[^\n]+)")

_LOGIN_REFUSED = re.compile(
    r"authentication failed|no pg_hba\.conf entry|pg_hba\.conf rejects|"
    r"role \"[^\n]*\" does not exist|is not permitted to log in|database \"[^\n]*\" does not exist|"
    r"permission denied for database|is not currently accepting connections"
)

_NOTHING_GIVEN = "no password supplied"
"""libpq says so itself: the server only asked."""

_CAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), cause)
    for pattern, cause in (
        (r"syntax error in service file|nested service", "its service file has an error in it"),
        (
            r"definition of service|service file",
            "it stands in no service file (PGSERVICEFILE, ~/.pg_service.conf)",
        ),
        (r"could not translate host name|not known|name resolution|resolve", "its name cannot be resolved"),
        (r"connection refused", "nothing listens there"),
        (r"no such file or directory", "there is no socket of a server there"),
        (r"timeout|timed out", "it does not answer in time"),
        (r"invalid port number", "its port is none from 1 to 65535"),
        (
            r"root certificate|root\.crt",
            "the certificates to check its own with cannot be read (sslrootcert, PGSSLROOTCERT)",
        ),
        (r"does not match host name", "its TLS certificate is for another host name"),
        (r"private key|certificate file", "our TLS certificate or its key cannot be used (sslcert, sslkey)"),
        (r"certificate", "its TLS certificate is not trusted"),
        (r"SSL|TLS|GSSAPI", "no TLS connection as asked for can be made"),
        (r"network is unreachable|no route to host", "there is no route to it"),
        (r"closed the connection|connection reset", "it closed the connection during the login"),
    )
)


def open_connection(where: ConnectionSettings, application_name: str) -> psycopg.Connection[TupleRow]:
    """A fresh connection in autocommit, with keepalives and without prepared statements.

    Raises:
        AuthenticationError: the login is refused, or the database does not exist.
        UnavailableError: anything else that keeps a connection from being made.
    """
    parameters: dict[str, object] = {**_KEEPALIVES, **where.parameters()}
    try:
        return psycopg.connect(
            autocommit=True,
            prepare_threshold=None,
            application_name=application_name,
            client_encoding="utf8",
            **parameters,  # type: ignore[arg-type]  # libpq's parameters, which psycopg does not list
        )
    except psycopg.Error as error:
        raise connection_failure(str(error), where) from None


def connection_failure(libpq_text: str, where: ConnectionSettings) -> UnavailableError:
    """The error for a connection that could not be made."""
    said = _SERVER_SAID.search(libpq_text)
    words = said["words"].strip() if said else ""
    if words and _LOGIN_REFUSED.search(words):
        return AuthenticationError(f"the server refuses the login {where}: {words}")
    if words:
        return UnavailableError(f"the server {where} takes no connection now: {words}")
    if _NOTHING_GIVEN in libpq_text:
        return AuthenticationError(f"the server asks for the password of {where}, and none is given")
    for pattern, cause in _CAUSES:
        if pattern.search(libpq_text):
            return UnavailableError(f"cannot connect to {where}: {cause}")
    return UnavailableError(f"cannot connect to {where}")
