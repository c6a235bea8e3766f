"""What the server of forks loads once: the command line with everything that a run needs."""

from __future__ import annotations

from importlib import import_module

for _name in ("backup", "baseline", "data", "preflight", "schema", "sql", "verify"):
    import_module(f"dbmigrations.runner.steps.{_name}")
for _name in ("migrate", "step"):
    import_module(f"dbmigrations.runner.commands.{_name}")
import_module("dbmigrations.runner.main")
