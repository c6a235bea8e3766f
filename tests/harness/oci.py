"""Writes small container images without any container tool: an OCI archive is a tar file of JSON and tar files.

An image on top of another one names the other's layers without holding them: it is loaded where the other one is.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Base:
    """What a further layer is laid on: the image's configuration and the descriptors of its layers."""

    configuration: dict[str, Any]
    layers: list[dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One file of a layer."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True)
class Process:
    """What a container of the image runs; empty means: what the base says."""

    entrypoint: list[str] = field(default_factory=list)
    user: str = ""


def write_image(archive: Path, name: str, entries: list[Entry], process: Process, base: Base | None = None) -> None:
    """Writes an OCI archive with one image.

    Args:
        archive: the file to write.
        name: the image's full name, `docker.io/local/x:tag`.
        entries: the files of the one new layer, in any order; the same files give the same image.
        process: what it runs.
        base: what it stands on; nothing where None.
    """
    layer = layer_of(entries)
    configuration = _configuration(layer, process, base)
    config_bytes = _json(configuration)
    layers = [*(base.layers if base is not None else []), _descriptor(_LAYER, layer)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _descriptor(_CONFIG, config_bytes),
        "layers": layers,
    }
    manifest_bytes = _json(manifest)
    with tarfile.open(archive, "w") as tar:
        _add(tar, Entry("oci-layout", _json({"imageLayoutVersion": "1.0.0"})))
        _add(tar, Entry("index.json", _index(_descriptor(_MANIFEST, manifest_bytes), [name])))
        for blob in (layer, config_bytes, manifest_bytes):
            _add(tar, Entry(f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob))


def read_base(archive: Path) -> Base:
    """What stands in another image's archive (with one image)."""
    with tarfile.open(archive) as tar:
        manifest = _read_blob(tar, json.loads(_read(tar, "index.json"))["manifests"][0]["digest"])
        return Base(_read_blob(tar, manifest["config"]["digest"]), manifest["layers"])


def archive_of_folder(folder: Path, names: Sequence[str], archive: Path) -> None:
    """Writes the OCI archive of an image that lies in a folder as a manifest and its blobs, under these names."""
    content = (folder / "manifest.json").read_bytes()
    manifest = json.loads(content)
    blobs = dict.fromkeys(part["digest"].partition(":")[2] for part in [manifest["config"], *manifest["layers"]])
    with tarfile.open(archive, "w") as tar:
        _add(tar, Entry("oci-layout", _json({"imageLayoutVersion": "1.0.0"})))
        _add(tar, Entry("index.json", _index(_descriptor(_MANIFEST, content), names)))
        _add(tar, Entry(f"blobs/sha256/{hashlib.sha256(content).hexdigest()}", content))
        for blob in blobs:  # each once: two layers may be the same
            tar.add(folder / blob, f"blobs/sha256/{blob}")


def layer_of(entries: list[Entry]) -> bytes:
    """A layer with these files and the folders that they need, owned by root, without times."""
    buffer = io.BytesIO()
    folders: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in sorted(entries, key=lambda each: each.path):
            parts = entry.path.strip("/").split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                if folder not in folders:
                    folders.add(folder)
                    info = tarfile.TarInfo(folder)
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(info)
            _add(tar, Entry("/".join(parts), entry.content, entry.mode))
    return buffer.getvalue()


def files_below(directory: Path, prefix: str) -> list[Entry]:
    """Every regular file below a folder, to lie below `prefix` in the image."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return [
        Entry(
            f"{prefix}/{file.relative_to(directory).as_posix()}", file.read_bytes(), 0o644 | file.stat().st_mode & 0o111
        )
        for file in files
    ]


def _configuration(layer: bytes, process: Process, base: Base | None) -> dict[str, Any]:
    old: dict[str, Any] = base.configuration if base is not None else {}
    config = dict(old.get("config", {}))
    if process.entrypoint:
        config |= {"Entrypoint": process.entrypoint, "Cmd": []}
    if process.user:
        config["User"] = process.user
    diffs = [*old.get("rootfs", {}).get("diff_ids", []), _digest(layer)]
    history = [*old.get("history", []), {"created": _EPOCH, "created_by": "tests.harness"}]
    return {
        "created": _EPOCH,
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diffs},
        "history": history,
    }


def _index(manifest: dict[str, Any], names: Sequence[str]) -> bytes:
    def named(name: str) -> dict[str, Any]:
        annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
        return {**manifest, "annotations": annotations}

    return _json({"schemaVersion": 2, "manifests": [named(name) for name in names]})


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.size, info.mode = len(entry.content), entry.mode
    tar.addfile(info, io.BytesIO(entry.content))


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    return b"" if member is None else member.read()


def _read_blob(tar: tarfile.TarFile, digest: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_read(tar, f"blobs/{digest.replace(':', '/')}"))
    return content
