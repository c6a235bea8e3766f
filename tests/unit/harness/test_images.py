from __future__ import annotations

import hashlib
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any

from tests.harness.images import OPERATOR, REPOSITORY, RUNNER, Image
from tests.harness.oci import Entry, Process, archive_of_folder, files_below, layer_of, read_base, write_image

if TYPE_CHECKING:
    from pathlib import Path

NAME = "docker.io/local/shop-database:1.0.0"
IMAGE = Image("docker.io/local/x:dev", "Dockerfile", "runner", ("source",), 1)


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return member.read()


def blob(archive: Path, digest: str) -> bytes:
    content = read(archive, "blobs/" + digest.replace(":", "/"))
    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    return content


def manifest(archive: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        blob(archive, json.loads(read(archive, "index.json"))["manifests"][0]["digest"])
    )
    return content


def test_an_image_names_what_it_holds_by_its_true_hashes(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    write_image(archive, NAME, [Entry("database/releases.yaml", b"releases: []\n")], Process(user="65532:65532"))
    found = manifest(archive)
    configuration = json.loads(blob(archive, found["config"]["digest"]))
    layer = blob(archive, found["layers"][0]["digest"])
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert configuration["config"] == {"User": "65532:65532"}
    annotations = json.loads(read(archive, "index.json"))["manifests"][0]["annotations"]
    assert annotations["org.opencontainers.image.ref.name"] == NAME


def test_the_same_files_give_the_same_layer_in_any_order() -> None:
    files = [Entry("b/two", b"2"), Entry("a/one", b"1")]
    assert layer_of(files) == layer_of(files[::-1])


def test_a_layer_holds_the_folders_that_its_files_need(tmp_path: Path) -> None:
    layer = tmp_path / "layer.tar"
    layer.write_bytes(layer_of([Entry("database/sql/a.sql", b"SELECT 1;"), Entry("database/b", b"", 0o755)]))
    with tarfile.open(layer) as tar:
        assert [(member.name, member.mode) for member in tar] == [
            ("database", 0o755),
            ("database/b", 0o755),
            ("database/sql", 0o755),
            ("database/sql/a.sql", 0o644),
        ]


def test_an_image_on_a_base_adds_one_layer_and_keeps_what_the_base_runs(tmp_path: Path) -> None:
    below, above = tmp_path / "below.tar", tmp_path / "above.tar"
    write_image(below, "docker.io/local/base:1", [Entry("program", b"x")], Process(["/program"], "1000"))
    write_image(above, NAME, [Entry("database/a", b"1")], Process(), read_base(below))
    layers = manifest(above)["layers"]
    assert layers[0] == manifest(below)["layers"][0]
    assert len(layers) == 2
    configuration = json.loads(blob(above, manifest(above)["config"]["digest"]))
    assert configuration["config"]["Entrypoint"] == ["/program"]
    assert len(configuration["rootfs"]["diff_ids"]) == 2


def test_an_image_in_a_folder_becomes_an_archive_with_each_blob_once(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    layer, configuration = b"a layer", b"{}"
    digests = {content: hashlib.sha256(content).hexdigest() for content in (layer, configuration)}
    for content, digest in digests.items():
        (tmp_path / digest).write_bytes(content)
    described = {"digest": f"sha256:{digests[layer]}"}
    whole = {"config": {"digest": f"sha256:{digests[configuration]}"}, "layers": [described, described]}
    (tmp_path / "manifest.json").write_text(json.dumps(whole))
    archive_of_folder(tmp_path, ["docker.io/local/a:1", "docker.io/local/b:1"], archive)
    index = json.loads(read(archive, "index.json"))["manifests"]
    assert [each["annotations"]["io.containerd.image.name"] for each in index] == [
        "docker.io/local/a:1",
        "docker.io/local/b:1",
    ]
    assert manifest(archive) == whole
    assert blob(archive, described["digest"]) == layer
    with tarfile.open(archive) as tar:
        assert len(tar.getnames()) == len(set(tar.getnames())) == 5


def test_the_files_of_a_folder_keep_their_names_below_the_prefix(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "a.sql").write_text("SELECT 1;")
    (tmp_path / "run.sh").write_text("true")
    (tmp_path / "run.sh").chmod(0o755)
    found = {entry.path: entry.mode for entry in files_below(tmp_path, "database")}
    assert found == {"database/migrations/a.sql": 0o644, "database/run.sh": 0o755}


def test_an_image_is_built_anew_when_an_input_changes_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "source" / "__pycache__").mkdir(parents=True)
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    module = tmp_path / "source" / "module.py"
    module.write_text("x = 1\n")
    first = IMAGE.key(tmp_path)
    (tmp_path / "source" / "__pycache__" / "module.pyc").write_bytes(b"made by Python")
    (tmp_path / "elsewhere.md").write_text("not an input")
    assert IMAGE.key(tmp_path) == first
    module.write_text("x = 2\n")
    second = IMAGE.key(tmp_path)
    module.rename(module.with_name("renamed.py"))
    assert len({first, second, IMAGE.key(tmp_path)}) == 3


def test_no_image_stands_below_the_unit_tests_as_some_builders_make_every_stage_above() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    assert {OPERATOR.target, RUNNER.target} <= set(stages[: stages.index("unit-tests")])
