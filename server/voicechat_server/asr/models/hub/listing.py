"""What a hub keeps of a model: the files of a revision, their sizes and checksums."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from voicechat_server.asr.models.catalog import Hub
from voicechat_server.asr.models.hub.retry import HubUnreachableError


@dataclass(frozen=True)
class Digest:
    """A checksum in hex; `git-blob` is the SHA-1 git gives to a file."""

    algorithm: Literal["sha256", "git-blob"]
    value: str


@dataclass(frozen=True)
class RemoteFile:
    """One file at a hub; `size` in bytes, `digest` None where the hub gives none."""

    name: str
    url: str
    size: int
    digest: Digest | None


@dataclass(frozen=True)
class Listing:
    """The files of one revision by name, and its commit where the hub gives it."""

    commit: str | None
    files: Mapping[str, RemoteFile]


class _ModelScopeFile(BaseModel):
    path: str = Field(alias="Path")
    kind: str = Field(alias="Type")
    size: int = Field(alias="Size")
    sha256: str | None = Field(None, alias="Sha256")


class _ModelScopeFiles(BaseModel):
    files: list[_ModelScopeFile] = Field(alias="Files")


class _ModelScopeAnswer(BaseModel):
    data: _ModelScopeFiles = Field(alias="Data")


class _LargeFile(BaseModel):
    sha256: str
    size: int


class _HuggingFaceFile(BaseModel):
    name: str = Field(alias="rfilename")
    size: int
    blob: str | None = Field(None, alias="blobId")
    large: _LargeFile | None = Field(None, alias="lfs")


class _HuggingFaceAnswer(BaseModel):
    commit: str = Field(alias="sha")
    files: list[_HuggingFaceFile] = Field(alias="siblings")


def endpoint(hub: Hub) -> str:
    """Return the address of a hub, which the hub's own environment variables may point at a mirror."""
    if hub is Hub.HF:
        address = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    else:
        address = (
            os.environ.get("MODELSCOPE_ENDPOINT")
            or os.environ.get("MODELSCOPE_DOMAIN")
            or "https://modelscope.cn"
        )
    return (address if "://" in address else f"https://{address}").rstrip("/")


def list_files(client: httpx.Client, hub: Hub, repository: str, revision: str) -> Listing:
    """Ask a hub for the files of a revision.

    Raises:
        httpx.HTTPError: The hub was not reachable or refused.
        HubUnreachableError: The answer is not the hub's; perhaps this network wants a login first.
    """
    try:
        if hub is Hub.HF:
            return _list_hugging_face(client, repository, revision)
        return _list_model_scope(client, repository, revision)
    except ValidationError as error:
        raise HubUnreachableError(
            f"{endpoint(hub)} gave no list of files: it is not {hub.label}, or a proxy answered.",
            f"Check the proxy and the hub's address, or try the other hub (--hub {hub.other}).",
        ) from error


def _list_model_scope(client: httpx.Client, repository: str, revision: str) -> Listing:
    base = f"{endpoint(Hub.MS)}/api/v1/models/{repository}/repo"
    response = client.get(f"{base}/files", params={"Revision": revision, "Recursive": "False"})
    response.raise_for_status()
    answer = _ModelScopeAnswer.model_validate_json(response.content)
    return Listing(
        commit=None,
        files={
            file.path: RemoteFile(
                name=file.path,
                url=f"{base}?Revision={quote(revision, safe='')}&FilePath={quote(file.path, safe='')}",
                size=file.size,
                digest=Digest("sha256", file.sha256.lower()) if file.sha256 else None,
            )
            for file in answer.data.files
            if file.kind != "tree"
        },
    )


def _list_hugging_face(client: httpx.Client, repository: str, revision: str) -> Listing:
    base = endpoint(Hub.HF)
    response = client.get(
        f"{base}/api/models/{repository}/revision/{quote(revision, safe='')}", params={"blobs": "true"}
    )
    response.raise_for_status()
    answer = _HuggingFaceAnswer.model_validate_json(response.content)
    return Listing(
        commit=answer.commit,
        files={
            file.name: RemoteFile(
                name=file.name,
                url=f"{base}/{repository}/resolve/{answer.commit}/{quote(file.name)}",
                size=file.size,
                digest=_hugging_face_digest(file),
            )
            for file in answer.files
        },
    )


def _hugging_face_digest(file: _HuggingFaceFile) -> Digest | None:
    if file.large is not None:
        return Digest("sha256", file.large.sha256)
    return Digest("git-blob", file.blob) if file.blob else None
