"""Builds an image from a Dockerfile into an archive: by Docker where its engine answers, else by buildah."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.harness.cache import file_lock
from tests.harness.command import run
from tests.harness.oci import archive_of_folder
from tests.harness.rootfs import BASE_IMAGE, ensure_rootfs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.cache import Cache
    from tests.harness.console import Console

# How this machine reaches its package registries. Mounted while building, so that no image remembers it.
_MACHINE_SETTINGS = (Path("/etc/ssl/certs"), Path("/etc/pip.conf"), Path("/etc/apt/apt.conf.d"))

_MANY_LAYERS = 300  # about thirty changes of the project, three gigabytes


class Builder(Protocol):
    """What builds images."""

    def build(self, dockerfile: Path, context: Path, target: str, names: Sequence[str], archive: Path) -> None:
        """Builds one image and writes its archive.

        Args:
            dockerfile: the file to follow.
            context: the folder that its COPY lines read.
            target: the stage to build; the last where empty.
            names: the image's names in the archive, the first being the one that people use.
            archive: the file to write; containerd and Docker can load it.

        Raises:
            CommandFailed: the build failed.
        """
        ...


@dataclass(frozen=True)
class DockerBuilder:
    """Builds with the Docker engine, from the public base image."""

    def build(self, dockerfile: Path, context: Path, target: str, names: Sequence[str], archive: Path) -> None:
        """As the interface says."""
        stage = ["--target", target] if target else []
        tags = [word for name in names for word in ("--tag", name)]
        run(["docker", "build", *stage, *tags, "--file", dockerfile, context])
        run(["docker", "save", "--output", archive, *names])


@dataclass(frozen=True)
class BuildahBuilder:
    """Builds without an engine, on a base image of our own making that bears the public one's name."""

    cache: Cache
    console: Console

    def build(self, dockerfile: Path, context: Path, target: str, names: Sequence[str], archive: Path) -> None:
        """As the interface says."""
        with file_lock(self.cache.root / "buildah" / "build.lock"):
            self._bound_store()
            self._ensure_base()
            self._bud(dockerfile, context, target, names[0])
        with tempfile.TemporaryDirectory(dir=archive.parent) as folder:  # compressing would take most of the time
            push = [*self._buildah, "push", "--quiet", "--disable-compression", "--format", "oci"]
            run([*push, names[0], f"dir:{folder}"], nice=True)
            archive_of_folder(Path(folder), names, archive)

    @property
    def _buildah(self) -> list[str]:
        store = self.cache.root / "buildah"
        return ["buildah", "--root", f"{store}/storage", "--runroot", f"{store}/run"]

    def _bound_store(self) -> None:
        """Forgets the layers of old builds when there are many; the next build is then as long as a first one.

        We are alone, so whatever containers there are were left by builds that were killed.
        """
        if len(run([*self._buildah, "images", "--all", "--quiet"]).split()) > _MANY_LAYERS:
            run([*self._buildah, "rm", "--all"])
            run([*self._buildah, "rmi", "--prune"])

    def _bud(self, dockerfile: Path, context: Path, target: str, name: str) -> None:
        stage = ["--target", target] if target else []
        mounts = [word for path in _MACHINE_SETTINGS if path.exists() for word in ("--volume", f"{path}:{path}:ro")]
        options = ["--isolation", "chroot", "--pull-never", "--layers", "--format", "oci", "--quiet"]
        run(
            [*self._buildah, "bud", *options, *mounts, *stage, "--tag", name, "--file", dockerfile, context],
            nice=True,
        )

    def _ensure_base(self) -> None:
        rootfs = ensure_rootfs(self.cache, self.console)
        marker = f"localhost/dbmigrations-rootfs:{rootfs.parent.name}"
        if marker in run([*self._buildah, "images", "--format", "{{.Name}}:{{.Tag}}"]).split():
            return
        dockerfile = self.cache.root / "rootfs" / ".Dockerfile"
        dockerfile.write_text(f'FROM scratch\nADD {rootfs.name} /\nCMD ["bash"]\n')
        options = ["--isolation", "chroot", "--format", "oci", "--quiet"]
        run([*self._buildah, "bud", *options, "--tag", BASE_IMAGE, "--file", dockerfile, rootfs.parent], nice=True)
        run([*self._buildah, "tag", BASE_IMAGE, marker])
