"""`python -m dbmigrations.runner.operations_reference [ROOT]`: write docs/reference/operations.md from the judgement.

Each statement of `operations_forms` is judged as `dbmigrate validate` would judge it, without a database at hand.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.review import StatementReview, review_script
from dbmigrations.postgres.sql.script import read
from dbmigrations.runner.operations_forms import FORMS
from dbmigrations.runner.preflight.judgement import ALLOWED

PATH = "docs/reference/operations.md"
"""From the root of the repository."""

_HEAD = """\
<!-- Generated from the judgement by `make generate`; edit that, or the statements in runner/operations_forms.py. -->
# What each statement does: classes, locks, rows

`policy.operations` lets an up contain these classes without an approval of exactly its plan:

| class | what it does | AdditiveOnly | NonDestructive | Any |
|---|---|---|---|---|
{classes}
What is done to something that the same plan made is `additive` and locks nothing that existed. The tables below are
the careful answers, from the text alone; with a database at hand some are milder: `ALTER COLUMN … TYPE` where the type
is stored alike, `SET NOT NULL` where a constraint sees to it, `CREATE OR REPLACE` where there was nothing to replace.
DO blocks and routines of the same plan are what their statements are; one that is not understood makes them `unknown`.

*Lock*: the strongest on a relation that existed. ACCESS EXCLUSIVE keeps readers out, SHARE and stronger keep writers
out, weaker ones nobody who only reads and writes. *Rows*: what becomes of them while it is held.

Real servers of four majors answer the same questions in `tests/engine/operations/test_agreement.py`.
"""

_CLASSES = {
    "additive": "something new beside what exists",
    "widening": "what exists accepts more than before",
    "data": "rows are written",
    "restricting": "what exists accepts less, answers to another name, or makes others wait",
    "rewriting": "a table is written anew under an exclusive lock",
    "unknown": "it cannot be read from the statement",
    "destructive": "data, or what holds data, is gone",
}
_WORK = {
    Work.NONE: "kept",
    Work.READ: "read",
    Work.EMPTIED: "gone at once",
    Work.INDEXED: "indexed",
    Work.REWRITTEN: "written anew",
}


def reference() -> str:
    """The whole page."""
    head = _HEAD.replace("{classes}", "".join(map(_class_row, _CLASSES)))
    return head + "".join(_section(title, statements) for title, statements in FORMS.items())


def _class_row(name: str) -> str:
    marks = " | ".join("yes" if name in allowed else "no" for allowed in ALLOWED.values())
    return f"| `{name}` | {_CLASSES[name]} | {marks} |\n"


def _section(title: str, statements: tuple[str, ...]) -> str:
    return f"\n## {title}\n\n| statement | class | lock | rows | why |\n|---|---|---|---|---|\n" + "".join(
        _rows(statements)
    )


def _rows(statements: tuple[str, ...]) -> Iterator[str]:
    for text in statements:
        (review,) = judged(text)
        classes = ", ".join(f"`{each}`" for each in _classes(review)) or "none"
        lock = LockMode(review.lock).name.replace("_", " ") if review.lock else "none"
        cells = (f"`{text}`", classes, lock, _WORK[review.work], _why(review))
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |\n"


def judged(text: str) -> tuple[StatementReview, ...]:
    """The judgement of one form, on what exists, without a database."""
    return review_script(read(text), Batch.of("public")).statements


def _classes(review: StatementReview) -> Iterator[str]:
    yield from dict.fromkeys(each.operation_class.value for each in review.operations)


def _why(review: StatementReview) -> str:
    worst = [each for each in review.operations if each.operation_class is review.operation_class]
    if not worst:
        return "it changes nothing in the database"
    first = worst[0]
    return f"{first.why}. **Safer**: {first.safer}" if first.safer else first.why


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page, where it changed."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else ".") / PATH
    text = reference()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {PATH}\n")


if __name__ == "__main__":
    main()
