"""Any image may carry the release directory, also one that holds nothing but files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.releases import ONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.releases import Directory
    from tests.cluster.scenario import Scenario


def test_an_image_of_files_alone_is_a_source(scenario: Scenario, source_image: Callable[[str, Directory], str]) -> None:
    image = source_image("files-only", ONE)

    scenario.create("1.0.0", None, source={"image": {"reference": image, "path": "/database"}})
    scenario.ready("1.0.0")

    # Images that were loaded rather than pulled have no digest to be pulled by again, so their names are kept.
    assert scenario.status()["run"]["images"]["source"] == image
    pod = scenario.pods_of(scenario.status()["run"]["steps"][0]["job"])[0]
    assert [container["image"] for container in pod["spec"]["initContainers"]][-1] == image
