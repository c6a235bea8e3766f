"""What a person looks at when something did not come up, in the order in which he would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.shop import NAMESPACE
from demo.story import OPERATOR_NAMESPACE, RELEASE
from tests.harness.errors import HarnessError

if TYPE_CHECKING:
    from demo.shell import Shell

_LOOKS = (
    ("--namespace", NAMESPACE, "get", "dbmigrations,jobs,pods", "--output=wide"),
    ("--namespace", NAMESPACE, "get", "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp"),
    ("--namespace", NAMESPACE, "logs", "--selector=dbmigrations.dev/uid", "--all-containers", "--prefix", "--tail=40"),
    ("--namespace", OPERATOR_NAMESPACE, "get", "pods", "--output=wide"),
    ("--namespace", OPERATOR_NAMESPACE, "get", "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp"),
    ("--namespace", OPERATOR_NAMESPACE, "logs", f"deployment/{RELEASE}", "--tail=40"),
)


def explain(shell: Shell) -> None:
    """Shows everything that may tell the reason."""
    for look in _LOOKS:
        try:
            shell.show("kubectl", *look)
        except HarnessError as error:
            shell.console.print(f"    {error}", style="red", markup=False, soft_wrap=True)
