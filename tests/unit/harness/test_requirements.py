"""What a machine lacks is said with what to do, before anything is begun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.cache import Cache
from tests.harness.cluster import choose_cluster
from tests.harness.console import Console
from tests.harness.docker import docker_answers
from tests.harness.errors import MissingRequirement
from tests.harness.localkube import require_go
from tests.harness.requirements import Program, ensure, require_linux
from tests.harness.tools import ensure_helm, ensure_kubectl

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
NOBODY = 65534

AS_NOBODY = """
import os, sys
from tests.harness.errors import MissingRequirement
from tests.harness.console import Console
from tests.harness.requirements import Program, ensure, require_root
if os.geteuid() == 0:
    os.setuid(int(sys.argv[1]))
lacking = [Program("no-such", "no-such-package")]
for check in (lambda: require_root("The local cluster"), lambda: ensure(lacking, Console())):
    try:
        check()
    except MissingRequirement as error:
        print(error)
"""


def test_whoever_is_not_root_is_told_the_ways_that_need_no_root() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(NOBODY)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    refused, lacking = done.stdout.splitlines()

    assert "needs root" in refused
    assert "--driver kind" in refused
    assert "--control-plane-only" in refused
    assert "apt-get install no-such-package" in lacking


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_another_system_is_told_of_kind(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    with pytest.raises(MissingRequirement, match=rf"this is {platform} .*--driver kind"):
        require_linux("The local cluster")


@pytest.mark.parametrize(("program", "ensure"), [("helm", ensure_helm), ("kubectl", ensure_kubectl)])
def test_another_system_uses_the_tools_that_it_has_and_is_told_of_what_it_lacks(
    program: str, ensure: Callable[[Cache, Console], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingRequirement, match=f"install {program}"):
        ensure(Cache(tmp_path), Console())
    (tmp_path / program).touch(0o755)

    assert ensure(Cache(tmp_path), Console()) == tmp_path / program


def test_without_go_the_build_of_kubernetes_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingRequirement, match="install Go"):
        require_go()


def test_kind_without_docker_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    docker_answers.cache_clear()

    with pytest.raises(MissingRequirement, match="--driver local"):
        choose_cluster("kind", "some", tmp_path, Console())
    docker_answers.cache_clear()


@pytest.mark.skipif(shutil.which("docker") is None, reason="only where Docker's client is")
def test_a_client_without_an_engine_is_no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    docker_answers.cache_clear()

    assert not docker_answers()
    docker_answers.cache_clear()


def test_a_program_is_found_by_its_name_or_by_its_file() -> None:
    assert Program("sh", "dash").present
    assert Program("/bin/*sh", "dash").present
    assert not Program(f"no-such-{os.getpid()}", "x").present


def test_programs_of_root_are_found_behind_a_su_that_left_them_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    ensure([Program("sh", "dash")], Console())
    assert os.environ["PATH"] == "/usr/bin:/bin:/usr/sbin:/sbin"
    ensure([Program("sh", "dash")], Console())
    assert os.environ["PATH"] == "/usr/bin:/bin:/usr/sbin:/sbin"
