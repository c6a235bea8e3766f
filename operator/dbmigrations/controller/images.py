"""The images that a run keeps: a tag is replaced by the digest that its first Pod was given."""

import re
from collections.abc import Iterable

from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import RunImages
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER
from dbmigrations.controller.snapshot import PodFacts

_PINNED = re.compile(r"^(?:[a-z-]+://)?(?P<repository>.+)@(?P<digest>sha256:[0-9a-f]{64})$")


def chosen_images(spec: DatabaseMigrationSpec, runner: str) -> RunImages:
    """The images that a run of this spec begins with; the source's is empty where it is not an image."""
    image = spec.source.image
    return RunImages(runner=runner, source=image.reference.replace("{version}", spec.version) if image else "")


def pinned_images(images: RunImages, pods: Iterable[PodFacts]) -> RunImages:
    """The same images by digest, as far as these Pods tell."""
    for pod in pods:
        for container in pod.containers:
            if container.name == MAIN_CONTAINER and not container.init:
                images = images.model_copy(update={"runner": _pin(images.runner, container.image_id)})
            elif container.name == SOURCE_CONTAINER and container.init:
                images = images.model_copy(update={"source": _pin(images.source, container.image_id)})
    return images


def _pin(reference: str, image_id: str) -> str:
    """The reference by digest; unchanged where the id has no digest that this repository could be asked for.

    An image that was imported rather than pulled has an id without a repository, and one that is known under several
    names may be reported under another: neither can be pulled again by it.
    """
    match = _PINNED.match(image_id)
    if not reference or "@" in reference or match is None:
        return reference
    repository = _repository(reference)
    if _normal(repository) != _normal(match["repository"]):
        return reference
    return f"{repository}@{match['digest']}"


def _repository(reference: str) -> str:
    """`registry:5000/a/b:tag` → `registry:5000/a/b`."""
    head, slash, last = reference.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _normal(repository: str) -> str:
    """With Docker Hub written out, as nodes report it."""
    first, slash, _ = repository.partition("/")
    if not slash:
        return f"docker.io/library/{repository}"
    if first == "localhost" or "." in first or ":" in first:
        return repository
    return f"docker.io/{repository}"
