"""The images that Pods of the tests and the demo run, built when what they are made of has changed.

Each image is loaded under two names: the one that Pods use, and one that ends in the hash of its inputs, which tells
whether a cluster has just this build.
"""

from __future__ import annotations

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.harness import requirements
from tests.harness.builders import BuildahBuilder, Builder, DockerBuilder
from tests.harness.cache import Cache, content_key
from tests.harness.command import run
from tests.harness.docker import docker_answers
from tests.harness.errors import CommandFailed, HarnessError
from tests.harness.oci import Process, files_below, read_base, write_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.harness.console import Console
    from tests.harness.interface import Cluster

_TAG = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Image:
    """One image of ours.

    Attributes:
        name: what Pods call it.
        dockerfile: relative to the repository.
        target: the Dockerfile's stage; the last where empty.
        inputs: files and folders that the build reads, relative to the repository.
        seconds: how long a first build takes.
    """

    name: str
    dockerfile: str
    target: str
    inputs: tuple[str, ...]
    seconds: float

    def key(self, repository: Path = REPOSITORY) -> str:
        """A hash of everything that goes into the image."""
        files = list(_files(repository, (self.dockerfile, *self.inputs)))
        return content_key(self.target, *(str(file.relative_to(repository)) for file in files), files=files)


_PROJECT = ("pyproject.toml", "README.md", "LICENSE", "operator")
OPERATOR = Image(
    "docker.io/local/dbmigrations-operator:dev",
    "Dockerfile",
    "operator",
    ("requirements/operator.txt", *_PROJECT),
    90,
)
RUNNER = Image(
    "docker.io/local/dbmigrations-runner:dev",
    "Dockerfile",
    "runner",
    ("requirements/runner.txt", "images/copier", *_PROJECT),
    90,
)
POSTGRES = Image("docker.io/local/postgres:17", "images/postgres/Dockerfile", "", ("images/postgres",), 30)
ALL = (POSTGRES, RUNNER, OPERATOR)

TESTED = Image(
    "docker.io/local/dbmigrations-tested:dev",
    "Dockerfile",
    "tested",
    (
        "requirements", "images", "tests", "charts", "crds", "docs", "manifests", "demo", "make", "Makefile",
        "CHANGELOG.md", "CONTRIBUTING.md", ".dockerignore", *_PROJECT,
    ),
    180,
)  # fmt: skip
"""The unit tests, run while it is built on the Python of the images."""


@dataclass(frozen=True)
class ImageStore:
    """Builds images and brings them into clusters."""

    cache_root: Path
    console: Console

    def archives(self, images: Sequence[Image] = ALL) -> dict[Image, Path]:
        """The archive of each image, built now where its inputs are new to this machine.

        Raises:
            HarnessError: a build failed, or the machine lacks what a build needs.
        """
        return {image: self._archive(image) for image in images}

    def ensure_loaded(self, cluster: Cluster, images: Sequence[Image] = ALL) -> None:
        """Builds what changed and loads what the cluster does not have in just this build."""
        present = set(cluster.images())
        for image in images:
            if _exact_name(image) not in present:
                archive = self._archive(image)
                with self.console.step(f"Image {image.name} into cluster {cluster.name}", expected=4):
                    cluster.load(archive)

    def load_source(
        self, cluster: Cluster, tag: str, directory: Path, base: Literal["scratch", "runner"] = "scratch"
    ) -> str:
        """Makes a user's source image, with the directory's files below /database, and loads it.

        Args:
            cluster: where it is loaded.
            tag: `name:version`.
            directory: a release directory.
            base: `scratch` for an image that holds nothing else, not even a shell; `runner` for one built on our
                runner's image, which the cluster has then.

        Returns:
            the name that Pods call it.

        Raises:
            HarnessError: the tag is none, or the directory holds no files.
        """
        if not _TAG.fullmatch(tag):
            raise HarnessError(f"A source image's tag is NAME:VERSION in lower case, not {tag!r}.")
        name = f"docker.io/local/{tag}"
        files = files_below(directory, "database")
        if not files:
            raise HarnessError(f"{directory} holds no files: it should be a release directory.")
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "image.tar"
            if base == "runner":
                self.ensure_loaded(cluster, [RUNNER])
            if base == "scratch":
                write_image(archive, name, files, Process(user="65532:65532"))
            elif docker_answers():
                dockerfile = Path(folder) / "Dockerfile"
                dockerfile.write_text(f"FROM {self._runner_in_the_engine(Path(folder))}\nCOPY . /database\n")
                DockerBuilder().build(dockerfile, directory, "", [name], archive)
            else:
                write_image(archive, name, files, Process(), read_base(self._archive(RUNNER)))
            cluster.load(archive)
        return name

    def _runner_in_the_engine(self, folder: Path) -> str:
        """The name of just this build; the engine may have forgotten it (`docker system prune`) since it was built."""
        name = _exact_name(RUNNER)
        try:
            run(["docker", "image", "inspect", name])
        except CommandFailed:
            self._build(RUNNER, DockerBuilder(), folder / "runner.tar")
        return name

    def _archive(self, image: Image) -> Path:
        cache = Cache(self.cache_root)
        kind = image.name.rpartition("/")[2].replace(":", "-")
        builder = self._builder()

        def build(folder: Path) -> None:
            self._build(image, builder, folder / "image.tar")

        if (cache.root / "images" / kind / image.key()).is_dir():
            return cache.found_or_made(f"images/{kind}", image.key(), build) / "image.tar"
        with self.console.step(f"Image {image.name}", expected=image.seconds, note="less when little has changed"):
            return cache.found_or_made(f"images/{kind}", image.key(), build) / "image.tar"

    @staticmethod
    def _build(image: Image, builder: Builder, archive: Path) -> None:
        names = [image.name, _exact_name(image)]
        builder.build(REPOSITORY / image.dockerfile, REPOSITORY, image.target, names, archive)

    def _builder(self) -> Builder:
        if docker_answers():
            return DockerBuilder()
        requirements.require_linux("Building images without Docker")
        requirements.require_root("Building images without Docker")
        requirements.ensure(requirements.IMAGES, self.console)
        return BuildahBuilder(Cache(self.cache_root), self.console)


def bring_up(cluster: Cluster, store: ImageStore, images: Sequence[Image] = ALL) -> None:
    """Brings the cluster up and builds the images beside it, then loads them.

    Raises:
        HarnessError: one of the two failed; the other is waited for.
    """
    with ThreadPoolExecutor(max_workers=1) as beside:
        archives = beside.submit(store.archives, images)
        cluster.up()
        archives.result()
    store.ensure_loaded(cluster, images)


def _exact_name(image: Image) -> str:
    return f"{image.name}-{image.key()}"


def _files(repository: Path, inputs: Iterable[str]) -> Iterable[Path]:
    for each in inputs:
        path = repository / each
        if path.is_file():
            yield path
        else:
            below = (file for file in path.rglob("*") if file.is_file())
            yield from sorted(
                file for file in below if "__pycache__" not in file.parts and ".egg-info" not in str(file)
            )
