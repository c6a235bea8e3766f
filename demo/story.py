"""The demo, act by act. It may be played again and again: what is there is used, and only the example starts anew."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.padding import Padding
from rich.table import Table

from demo.following import DemoError, follow
from demo.releases import directory_as_of
from demo.shop import NAMESPACE, Shop
from tests.harness.images import OPERATOR, RUNNER

if TYPE_CHECKING:
    from rich.console import Console

    from demo.shell import Shell
    from tests.harness.images import Image, ImageStore
    from tests.harness.interface import Cluster

Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
RELEASE = "dbmigrations"
OPERATOR_NAMESPACE = "dbmigrations-system"
TABLES = ("accounts", "users", "orders", "projects")
HISTORY = ("applied_at", "version", "kind", "name", "direction", "outcome")
RUN_SECONDS = 300.0
"""How long one run may take on a slow machine."""

APPROVAL = (
    f"kubectl -n {NAMESPACE} patch dbmigrations shop --type=merge -p "
    """'{"spec":{"version":"1.1.0","policy":{"approval":"Always"}}}'"""
)


@dataclass(frozen=True)
class Story:
    """Everything that happens once the cluster is up."""

    console: Console
    shell: Shell
    cluster: Cluster
    store: ImageStore

    def play(self) -> None:
        """All acts in their order.

        Raises:
            DemoError: something did not come up, or a run did not end well.
            CommandFailed: a command said no.
        """
        began = time.monotonic()
        shop = Shop(self.shell)
        self.install()
        self.set_up()
        self.first_version()
        shop.open()
        self.say("Two customers sign up and order; each sees only its own rows.")
        before = shop.count(*TABLES)
        self.table("Rows at 1.0.0", {"1.0.0": before})
        self.migrate(shop)
        shop.order_in_project()
        self.say("A customer orders once more, in a project.")
        during = shop.count(*TABLES)
        self.roll_back(shop)
        after = shop.count(*TABLES)
        self.table("What the rollback kept", {"1.0.0": before, "1.1.0": during, "1.0.0 again": after})
        if after["orders"] != during["orders"] or after["projects"] is not None:
            raise DemoError(f"The rollback lost orders or kept projects: {during} became {after}")
        self.say(
            "Every order is there, also the one that was placed at 1.1.0; projects are gone, as 1.0.0 knows none. "
            "The image of 1.0.0 has never heard of 1.1.0: the down scripts were stored in the database on the way up."
        )
        self.farewell(time.monotonic() - began)

    def install(self) -> None:
        """The operator, by Helm."""
        self.act("The operator, by Helm")
        self.shell.show(
            *("helm", "upgrade", "--install", RELEASE, "charts/dbmigrations"),
            *("--namespace", OPERATOR_NAMESPACE, "--create-namespace", "--wait", "--timeout=3m"),
            *("--set", f"image.tag={_tag(OPERATOR)},runnerImage.tag={_tag(RUNNER)}"),
            *("--set-string", f"podAnnotations.build={OPERATOR.key()}"),  # a changed image replaces the Pod that runs
        )

    def set_up(self) -> None:
        """A namespace with an empty PostgreSQL, and the release directory as images."""
        self.act("An empty PostgreSQL, and the shop's release directory as images")
        self.shell.read("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=2m")
        self.shell.show("kubectl", "apply", "-k", "manifests/shop/environment/local")
        for version in ("1.0.0", "1.1.0"):
            with tempfile.TemporaryDirectory() as folder:
                directory_as_of(ROOT / "manifests/shop/database", version, Path(folder))
                name = self.store.load_source(self.cluster, f"shop-database:{version}", Path(folder))
            self.say(f"{name} carries the releases up to {version}, and nothing else: it is built FROM scratch.")
        self.shell.show(
            *("kubectl", "--namespace", NAMESPACE, "rollout", "status", "statefulset/postgresql", "--timeout=2m")
        )

    def first_version(self) -> None:
        """From nothing to 1.0.0."""
        self.act("An empty database becomes 1.0.0")
        self.shell.show("kubectl", "apply", "-k", "manifests/shop/1.0.0")
        self.follow()
        self.shell.show("kubectl", "--namespace", NAMESPACE, "get", "dbmigrations")

    def migrate(self, shop: Shop) -> None:
        """1.0.0 → 1.1.0 by one field."""
        self.act("One field changes: spec.version 1.0.0 → 1.1.0")
        self.shell.show("kubectl", "apply", "-k", "manifests/shop/1.1.0")
        self.follow()
        self.shell.show("kubectl", "--namespace", NAMESPACE, "get", "dbmigrations", "--output=wide")
        self.say("Each step was a Job, the next only when the one before had succeeded:")
        self.shell.show("kubectl", "--namespace", NAMESPACE, "get", "jobs", "--sort-by=.metadata.creationTimestamp")
        self.history(shop)

    def roll_back(self, shop: Shop) -> None:
        """1.1.0 → 1.0.0 by the same field."""
        self.act("And back: spec.version 1.1.0 → 1.0.0")
        self.shell.show("kubectl", "apply", "-k", "manifests/shop/1.0.0")
        self.follow()
        self.say("Before anything was undone, preflight said what will be done, and counted what will be lost:")
        self.plan()
        self.shell.show("kubectl", "--namespace", NAMESPACE, "get", "dbmigrations", "--output=wide")
        self.history(shop)

    def follow(self) -> Json:
        """Waits for the end of the run that the last command started."""
        return follow(self.console, self.look, within=RUN_SECONDS)

    def look(self) -> Json:
        """The DatabaseMigration."""
        return self.shell.object("--namespace", NAMESPACE, "get", "databasemigration", "shop")

    def act(self, title: str) -> None:
        """A headline."""
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left", style="cyan")

    def say(self, text: str) -> None:
        """A sentence of the narrator."""
        self.console.print(f"  {text}", highlight=False)

    def table(self, title: str, columns: dict[str, dict[str, int | None]]) -> None:
        """Rows of each table, a column for each moment."""
        table = Table("table", title=title, title_justify="left", box=SIMPLE)
        for moment in columns:
            table.add_column(moment, justify="right")
        for name in TABLES:
            counts = [rows[name] for rows in columns.values()]
            table.add_row(name, *("none" if count is None else str(count) for count in counts))
        self.console.print(Padding(table, (0, 0, 0, 2)))

    def plan(self) -> None:
        """The readable plan: preflight's log, which is one JSON object a line."""
        words = ("logs", "--selector=dbmigrations.dev/step=Preflight", "--container=step", "--tail=-1")
        self.shell.announce(f"kubectl -n {NAMESPACE} {shlex.join(words)} | jq -r .event")
        log = self.shell.read("kubectl", "--namespace", NAMESPACE, *words).splitlines()
        for event in [str(json.loads(line)["event"]) for line in log][1:-1]:  # between its beginning and its end
            self.console.print(f"    {event}", style="dim", markup=False, highlight=False, soft_wrap=True)

    def history(self, shop: Shop) -> None:
        """What the database says of its own past; the widest columns are left out."""
        rows = shop.ask("SELECT * FROM migration_history ORDER BY applied_at DESC")
        table = Table(*HISTORY, box=SIMPLE)
        for row in rows:
            table.add_row(*(row[column][:23] if column == "applied_at" else row[column] for column in HISTORY))
        left_out = [column for column in rows[0] if column not in HISTORY]
        self.console.print(Padding(table, (0, 0, 0, 2)))
        self.say(f"[dim]and the columns {', '.join(left_out)}[/]")

    def farewell(self, seconds: float) -> None:
        """What to try next."""
        self.act(f"Done in {seconds:.0f} s. The cluster goes on running; what to try next")
        kubectl = self.shell.programs["kubectl"]
        helm = self.shell.programs["helm"]
        for comment, command in (
            (
                "speak to the cluster",
                f"export KUBECONFIG={self.shell.kubeconfig} PATH={kubectl.parent}:{helm.parent}:$PATH",
            ),
            ("look on while it migrates", f"kubectl -n {NAMESPACE} get dbmigrations --watch"),
            ("go up again", "kubectl apply -k manifests/shop/1.1.0"),
            ("go up, but wait for an approval of exactly this plan", APPROVAL),
            ("what every field means", "kubectl explain databasemigration.spec"),
            ("play it again, in seconds", "make demo"),
            ("end the cluster", "make cluster-down"),
        ):
            self.console.print(f"  [dim]# {comment}[/]")
            self.console.print(f"  {command}", soft_wrap=True, highlight=False, markup=False)


def _tag(image: Image) -> str:
    return image.name.rpartition(":")[2]
