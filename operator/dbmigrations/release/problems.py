"""What is wrong with a release directory: every finding names the file, the line, the field and the remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops everything or only deserves to be read."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `line` and `column` count from 1; 0 means that the finding is about the whole file."""

    file: str
    message: str
    remedy: str = ""
    line: int = 0
    column: int = 0
    field: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    """Up to five lines of the file and a caret under the place, for terminals and logs; empty: there is none."""

    @property
    def where(self) -> str:
        """`file`, `file:line` or `file:line:column`, as editors and CI logs link it."""
        file = (
            self.file if self.file.isprintable() else ascii(self.file)
        )  # a hostile name writes no log line of its own
        return ":".join([file, *(str(number) for number in (self.line, self.column) if number)])

    def __str__(self) -> str:
        """One line: where, field, what, remedy."""
        field = f"{self.field}: " if self.field else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.where}: {field}{self.message}{remedy}"

    @property
    def shown(self) -> str:
        """The line, and the excerpt below it."""
        return f"{self}\n{self.excerpt}" if self.excerpt else str(self)


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Only those that stop everything."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


class ReleaseInvalidError(Exception):
    """The release directory has errors; `problems` holds them, in the order of file and line. At least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first, *rest = self.problems
        more = f"\n… and {len(rest)} more: dbmigrate validate shows them all" if rest else ""
        super().__init__(f"{first}{more}")
