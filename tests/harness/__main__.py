"""`python -m tests.harness`: clusters, images and tools on the command line."""

from __future__ import annotations

import sys

from tests.harness.cli import main

sys.exit(main(sys.argv[1:]))
