"""The record beside a downloaded model: where it came from and what its files were when they arrived."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError

MANIFEST = "manifest.json"


class FileRecord(BaseModel):
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """Where a model came from, and its files.

    Attributes:
        commit: The exact state at the hub, where the hub gives it.
    """

    name: str
    hub: str
    repository: str
    revision: str
    commit: str | None
    files: dict[str, FileRecord]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(directory: Path, manifest: Manifest) -> None:
    """Write the record into the model's directory."""
    (directory / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read(directory: Path) -> Manifest | None:
    """Return the record of a model, or None if it has none.

    Raises:
        VoicechatError: `model_corrupt`: the record can't be read.
    """
    path = directory / MANIFEST
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise VoicechatError(
            ErrorCode.MODEL_CORRUPT,
            f"The download record {path} can't be read.",
            "Fetch the model again with `voicechat-server models download`.",
        ) from error


def find_damage(directory: Path, manifest: Manifest, *, sizes_only: bool = False) -> str | None:
    """Return what is wrong with the files of a record, or None if nothing is.

    Args:
        directory: Where the files lie.
        manifest: Their record.
        sizes_only: Compare sizes only, without reading every byte.
    """
    for name, record in manifest.files.items():
        path = directory / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != record.size:
            return f"{name} has {path.stat().st_size} bytes instead of {record.size}"
        if not sizes_only and sha256(path) != record.sha256:
            return f"{name} has changed since it was downloaded"
    return None
