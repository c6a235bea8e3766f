"""Nothing that squawk's locking and destructive rules find is classed harmless here.

Each statement that it names is judged alone, as if nothing had been made by the same script: squawk does not follow
that far (it warns of every index of a dumped schema).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from tests import corpora
from tests.engine.operations.cases import cases

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = frozenset(
    {
        "adding-field-with-default",
        "adding-foreign-key-constraint",
        "adding-not-nullable-field",
        "adding-required-field",
        "adding-serial-primary-key-field",
        "ban-alter-domain-with-add-constraint",
        "ban-drop-column",
        "ban-drop-database",
        "ban-drop-domain",
        "ban-drop-extension",
        "ban-drop-function",
        "ban-drop-schema",
        "ban-drop-sequence",
        "ban-drop-table",
        "ban-drop-type",
        "ban-drop-view",
        "ban-set-schema",
        "ban-truncate-cascade",
        "changing-column-type",
        "constraint-missing-not-valid",
        "disallowed-unique-constraint",
        "renaming-column",
        "renaming-table",
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
        "require-concurrent-partition-detach",
        "require-concurrent-reindex",
    }
)
"""Those about locks, rewriting, and what is gone. Not the others, because they are about

- style and the choice of types: prefer-*, ban-char-field, identifier-too-long, require-enum-value-ordering,
  require-table-schema;
- settings and transactions, which the runner sees to: require-*-timeout, transaction-nesting,
  ban-uncommitted-transaction, ban-concurrent-index-creation-in-transaction;
- what accepts more than before: ban-drop-not-null, ban-drop-constraint, ban-drop-default, and names that no application
  uses: renaming-object;
- what is new: ban-create-domain-with-constraint.
"""

MILDER_AND_RIGHT = {
    "ALTER TABLE free ADD COLUMN n int GENERATED ALWAYS AS (a + 1) VIRTUAL",
    "ALTER TABLE free ADD COLUMN n int GENERATED ALWAYS AS (a + 1)",
}
"""adding-field-with-default holds for stored columns; the server writes no row for a virtual one."""

HARMLESS = {OperationClass.ADDITIVE, OperationClass.WIDENING, OperationClass.DATA}
SQUAWK = Path(sys.executable).with_name("squawk")


def found_by_squawk(files: list[Path]) -> list[dict[str, Any]]:
    command = [str(SQUAWK), "--reporter", "Json", "--pg-version", "18.0", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [finding for finding in json.loads(done.stdout) if finding["rule_name"] in RULES]


def called_harmless(files: list[Path]) -> Iterator[str]:
    for finding in found_by_squawk(files):
        script = read(Path(finding["file"]).read_text())
        line = finding["line"] + 1
        for statement in script.statements:
            first = statement.position.line
            if first <= line <= first + statement.text.count("\n") and statement.text not in MILDER_AND_RIGHT:
                (review,) = review_script(read(statement.text), Batch.of("public")).statements
                if {operation.operation_class for operation in review.operations} <= HARMLESS:
                    yield f"{finding['rule_name']}: {statement.text}"


def test_none_of_our_cases(tmp_path: Path) -> None:
    files = []
    for number, case in enumerate(cases(18)):
        statements = read(case.replace("{role}", "somebody").replace("{subscription}", "sub")).statements
        for place, statement in enumerate(statements):
            files.append(tmp_path / f"{number:04}_{place}.sql")
            files[-1].write_text(f"{statement.text};\n")
    found = found_by_squawk(files)
    assert len({finding["rule_name"] for finding in found}) > len(RULES) // 2
    assert list(called_harmless(files)) == []


def test_none_of_real_migrations() -> None:
    files = corpora.scripts()
    assert list(called_harmless(files)) == []
