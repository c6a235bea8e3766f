"""The shop's customers: what they do with the database while it is migrated, under row level security."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.shell import Shell

NAMESPACE = "shop"
_SCRIPTS = Path(__file__).parent / "sql"
_ACME = "00000000-0000-0000-0000-00000000000a"
_BOLT = "00000000-0000-0000-0000-00000000000b"


@dataclass(frozen=True)
class Shop:
    """The database, as the application (`shop_app`) and its owner (`shop_migrator`) see it."""

    shell: Shell

    def open(self) -> None:
        """Two accounts sign up, and each places two orders."""
        self._run("shop_app", "sign_up", account=_ACME, name="Acme")
        self._run("shop_app", "sign_up", account=_BOLT, name="Bolt")

    def order_in_project(self) -> None:
        """An order is placed in a project, which can be done at 1.1.0."""
        self._run("shop_app", "order_in_project", account=_ACME)

    def count(self, *tables: str) -> dict[str, int | None]:
        """Rows of each table; None where there is no such table."""
        answers = {table: self._run("shop_migrator", "count", table=table) for table in tables}
        return {table: int(answer) if answer else None for table, answer in answers.items()}

    def ask(self, query: str) -> list[dict[str, str]]:
        """The rows of a query, which is shown as a person would type it."""
        self.shell.announce(f'kubectl -n {NAMESPACE} exec postgresql-0 -- psql -U shop_migrator shop -c "{query}"')
        answer = self.shell.read(*_psql("shop_migrator"), "--csv", f"--command={query}")
        return list(csv.DictReader(answer.splitlines()))

    def _run(self, user: str, script: str, **variables: str) -> str:
        given = [f"--set={name}={value}" for name, value in variables.items()]
        options = ("--no-align", "--tuples-only", *given)
        return self.shell.read(*_psql(user), *options, stdin=(_SCRIPTS / f"{script}.sql").read_text()).strip()


def _psql(user: str) -> tuple[str, ...]:
    server = ("kubectl", "--namespace", NAMESPACE, "exec", "--stdin", "postgresql-0", "--")
    return (*server, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--username={user}", "--dbname=shop")
