"""`python -m dbmigrations.api.crd [ROOT]`: write the generated files below ROOT, the current folder by default."""

import sys
from pathlib import Path

from dbmigrations.api.crd.files import generated_files


def main() -> None:
    """Write what changed, and say what."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name, text in generated_files().items():
        path = root / name
        if path.exists() and path.read_text() == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"wrote {name}\n")


if __name__ == "__main__":
    main()
