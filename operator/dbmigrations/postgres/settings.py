"""Where a database is and who logs in, as parameters: libpq never sees a URL.

libpq and psycopg repeat parts of a malformed URL in their errors; so `url` takes URLs apart, `credentials` reads
Secrets and the environment, and this is what both make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that no repr, log or f-string shows: it is read by name alone."""

    _value: str

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        """Whether there is one, and nothing more."""
        return "Secret('********')" if self._value else "Secret('')"

    __str__ = __repr__


NO_PASSWORD = Secret("")


@dataclass(frozen=True)
class ConnectionSettings:
    """Everything that libpq needs to know. Empty strings mean libpq's own default (a laptop's PG* and pgpass)."""

    host: str = ""
    """Name, address, folder of a socket, or several with commas between."""
    port: str = ""
    dbname: str = ""
    user: str = ""
    password: Secret = NO_PASSWORD
    sslmode: str = ""
    sslrootcert: str = ""
    connect_timeout: int = 10
    """Seconds."""
    schema: str = ""
    """Prisma's `?schema=`; empty: the URL names none."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Other parameters of libpq that a URL carried (sslcert, sslkey, target_session_attrs, …)."""

    def parameters(self) -> dict[str, str]:
        """What libpq is given, the password included; absent where empty."""
        named = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "password": self.password.get_secret_value(),
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
        }
        given = {key: value for key, value in named.items() if value}
        return {**self.extra, **given, "connect_timeout": str(self.connect_timeout)}

    def __str__(self) -> str:
        """`shop_owner@db.example:5432/shop`, for messages; where only a service file says more, the service's name."""
        if "service" in self.extra and not (self.host or self.dbname):
            return f"the service {self.extra['service']!r}"
        where = f"[{self.host}]" if ":" in self.host and "/" not in self.host else self.host or "local"
        port = f":{self.port}" if self.port else ""
        user = f"{self.user}@" if self.user else ""
        return f"{user}{where}{port}/{self.dbname}"
