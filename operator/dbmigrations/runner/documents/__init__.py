"""The JSON document of each command, as models: what `--json` answers with.

docs/reference/json holds their schemas, generated from here; tests hold what the commands really say against them. The
commands themselves build plain dictionaries, so that none of them waits for models to be made.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from dbmigrations.runner.documents import databases, directories, plans
from dbmigrations.runner.documents.parts import Document, ErrorDocument

DOCUMENTS: dict[str, type[Document]] = {
    "init": directories.Init,
    "new": directories.New,
    "validate": directories.Validate,
    "plan": plans.PlanDocument,
    "check": databases.Check,
    "migrate": plans.Run,
    "verify": databases.Verify,
    "rollback": plans.Run,
    "version": databases.Version,
    "version diff": plans.VersionDiff,
    "version set": databases.VersionSet,
    "history": databases.History,
    "history replace-down": databases.ReplaceDown,
    "backup": databases.Backup,
    "baseline": plans.Run,
    "rehearse": directories.Rehearse,
    "owner show": databases.Owner,
    "owner take": databases.Owner,
    "release cut": directories.ReleaseCut,
    "docs": directories.Docs,
    "completion": directories.Completion,
}
"""The document of each command, by the command's words."""


def schema_of(command: str) -> dict[str, object]:
    """The JSON Schema of what a command answers with `--json`: its document, or the error that every command has.

    It lets fields be that it does not know: a newer program may add some.
    """
    answer: Any = DOCUMENTS[command] | ErrorDocument
    made: dict[str, Any] = _open(TypeAdapter(answer).json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"dbmigrate {command} --json", **made}


def _open(schema: Any) -> Any:  # noqa: ANN401 - JSON
    match schema:
        case dict():
            closed = schema.get("additionalProperties") is False
            return {key: _open(each) for key, each in schema.items() if not (closed and key == "additionalProperties")}
        case list():
            return [_open(each) for each in schema]
        case _:
            return schema


def schema_file(command: str) -> str:
    """The name of its file in docs/reference/json."""
    return f"{command.replace(' ', '-')}.schema.json"
