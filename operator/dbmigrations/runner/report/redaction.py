"""Hiding what must never be shown: the passwords that this process knows, and those written in SQL.

The last line of defence: errors and logs are made without secrets; whatever slipped into a text is hidden here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from dbmigrations.postgres.sql.redact import redact

if TYPE_CHECKING:
    from dbmigrations.postgres.settings import ConnectionSettings, Secret

HIDDEN = "********"

TOO_SHORT = 4
"""Characters. Hiding every `a` because a password is `a` makes texts unreadable and tells the password."""


class Redactor:
    """Knows the secrets of this process. `clean` is applied to every text on its way out."""

    def __init__(self) -> None:
        self._forms: tuple[str, ...] = ()

    def hide(self, secret: Secret, *, unless: tuple[str, ...] = ()) -> None:
        """Hide a secret from now on, however a URL would write it.

        `unless` names what is no secret (user, database, host): a password equal to one of them is not hidden, for
        every message names these.
        """
        value = secret.get_secret_value()
        if len(value) < TOO_SHORT or value in unless:
            return
        forms = {value, quote(value), quote(value, safe=""), quote_plus(value), value.replace("'", "''")}
        self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))

    def hiding(self, settings: ConnectionSettings) -> ConnectionSettings:
        """The same settings, their password hidden from every line from now on."""
        self.hide(settings.password, unless=(settings.user, settings.dbname, settings.host))
        return settings

    def clean(self, text: str) -> str:
        """The text without any secret."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return redact(text)
