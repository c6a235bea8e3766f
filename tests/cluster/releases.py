"""Small release directories for the scenarios, as a mapping of path to text, and as the ConfigMap that carries them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Directory:
    """A release directory: paths and texts. Each method returns a changed copy."""

    releases: tuple[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    extra: tuple[tuple[str, str], ...] = field(default=())

    def release(self, version: str) -> Directory:
        """Begin a further release."""
        return replace(self, releases=(*self.releases, (version, (), ())))

    def schema(self, name: str, up: str, down: str | None = None) -> Directory:
        """A schema migration as Prisma lays it out."""
        folder = f"prisma/migrations/{name}"
        return self._migration("schema", name, {f"{folder}/migration.sql": up, f"{folder}/down.sql": down})

    def sql(self, name: str, up: str, down: str | None = None) -> Directory:
        """A hand-written SQL migration."""
        base = f"migrations/sql/{name}"
        return self._migration("sql", name, {f"{base}.sql": up, f"{base}.down.sql": down})

    def data(self, name: str, up: str, down: str | None = None) -> Directory:
        """A data migration in SQL."""
        base = f"migrations/data/{name}"
        return self._migration("data", name, {f"{base}.sql": up, f"{base}.down.sql": down})

    def verify(self, name: str, statement: str) -> Directory:
        """An assertion of the last release."""
        version, migrations, assertions = self.releases[-1]
        return replace(
            self,
            releases=(*self.releases[:-1], (version, migrations, (*assertions, name))),
            files=(*self.files, (f"migrations/verify/{name}.sql", statement)),
        )

    def says(self, version: str, line: str) -> Directory:
        """A further line of a release in the ledger, such as `breaking: "why"`."""
        return replace(self, extra=(*self.extra, (version, line)))

    def as_files(self) -> dict[str, str]:
        """Path → text, the ledger included."""
        return {"releases.yaml": self._ledger(), **dict(self.files)}

    def as_config_map(self, ns: str) -> tuple[Json, Json]:
        """The ConfigMap, and the `source` that reads it. The name follows from the contents."""
        files = self.as_files()
        digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:10]
        keys = {path: path.replace("/", "__") for path in files}
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"release-{digest}", "namespace": ns},
            "data": {keys[path]: text for path, text in files.items()},
        }
        items = [{"key": keys[path], "path": path} for path in sorted(files)]
        return manifest, {"configMap": {"name": f"release-{digest}", "items": items}}

    def _migration(self, kind: str, name: str, scripts: dict[str, str | None]) -> Directory:
        version, migrations, assertions = self.releases[-1]
        written = tuple((path, text) for path, text in scripts.items() if text is not None)
        last = (version, (*migrations, (kind, name)), assertions)
        return replace(self, releases=(*self.releases[:-1], last), files=(*self.files, *written))

    def _ledger(self) -> str:
        lines = ["releases:"]
        for version, migrations, assertions in self.releases:
            lines.append(f"  - version: {version}")
            lines += [f"    {line}" for of, line in self.extra if of == version]
            for kind in ("schema", "sql", "data"):
                names = [name for k, name in migrations if k == kind]
                if names:
                    lines.append(f"    {kind}: [{', '.join(names)}]")
            if assertions:
                lines.append(f"    verify: [{', '.join(assertions)}]")
        return "\n".join(lines) + "\n"


ONE = (
    Directory()
    .release("1.0.0")
    .schema(
        "20260101000000_init",
        "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);\n",
        "DROP TABLE account;\n",
    )
    .sql(
        "20260101_0900_first_account",
        "CREATE INDEX account_name ON account (name);\n",
        "DROP INDEX account_name;\n",
    )
    .verify("accounts_exist", "SELECT to_regclass('account') IS NOT NULL;\n")
)
"""One release."""

TWO = (
    ONE.release("1.1.0")
    .schema(
        "20260123110000_add_project",
        "CREATE TABLE project (id bigint PRIMARY KEY, account bigint REFERENCES account, owner text);\n",
        "DROP TABLE project;\n",
    )
    .sql(
        "20260123_1200_project_index",
        "CREATE INDEX project_account ON project (account);\n",
        "DROP INDEX project_account;\n",
    )
    .data(
        "20260123_1210_first_project",
        "INSERT INTO project SELECT id, id, name FROM account;\n",
        "DELETE FROM project;\n",
    )
    .verify(
        "each_account_has_a_project",
        "SELECT NOT EXISTS (SELECT FROM account a WHERE NOT EXISTS (SELECT FROM project p WHERE p.account = a.id));\n",
    )
)
"""Two releases."""
