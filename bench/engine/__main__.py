"""`make bench-engine`: how quick the engine and its command line are, on a PostgreSQL of this machine's own.

    python -m bench.engine [part ...]

Each part is a module of this package with `measure(server, folder, console)`, and writes `engine-<part>.json`.
CHECK=1 makes a missed goal the exit code 1.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from bench.figures import table, write
from tests.harness.console import Console
from tests.harness.postgres import Server, start_server
from tests.harness.postgres_binaries import ensure_binaries

ROOT = Path(__file__).parents[2]
PARTS = ("apply", "pending", "peers", "startup", "linting", "checking", "fingerprint", "backup", "backfill", "stall")


def measure(part: str, server: Server, console: Console) -> bool:
    """Measures, prints and writes one part; whether no goal was missed."""
    with tempfile.TemporaryDirectory() as folder, console.step(f"Figures: {part}"):
        figures, method = import_module(f"bench.engine.{part}").measure(server, Path(folder), console)
    print(f"\n{table(figures)}\n")
    method = {"postgresql": server.major, **method}
    console.say(f"written to {write(f'engine-{part}', figures, method, ROOT / 'bench' / 'results').relative_to(ROOT)}")
    return all(figure.holds is not False for figure in figures)


def main() -> int:
    """The parts that are asked for, else all; the exit code."""
    asked = sys.argv[1:] or list(PARTS)
    unknown = sorted(set(asked) - set(PARTS))
    if unknown:
        print(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console()
    server = start_server(ensure_binaries(os.environ.get("POSTGRES", "18"), console))
    try:
        held = [measure(part, server, console) for part in asked]
    finally:
        server.stop()
    return 1 if not all(held) and os.environ.get("CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
