"""One file from a hub to the disk: resumed where it stopped, checked when it is whole."""

import hashlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.directory.manifest import sha256
from voicechat_server.asr.models.hub.connection import asked_s, is_passing
from voicechat_server.asr.models.hub.listing import RemoteFile

RETRY_DELAYS_S = (1.0, 2.0, 4.0, 8.0)
"""Pauses between attempts that get no further than any before; one that does resets the count."""

LONGEST_ASKED_S = 10.0
"""A hub that asks to be left alone for longer is left alone by this download."""

READ_BYTES = 2**18


def fetch(client: httpx.Client, file: RemoteFile, target: Path, report: Callable[[int], None]) -> None:
    """Bring `target` to the bytes of `file`, beginning with those it has.

    Args:
        client: The connection to the hub.
        file: What to fetch.
        target: Where to; what lies there is taken for an earlier, interrupted attempt.
        report: Called with how many bytes of this file are here.

    Raises:
        httpx.HTTPError: The hub was not reachable, or refused.
        VoicechatError: `model_corrupt`: the hub's bytes don't match the hub's own listing.
        OSError: The disk is full or can't be written.
    """
    resumed = target.exists()
    _complete(client, file, target, report)
    if resumed and not _matches(target, file):
        # It may have come from another state of the repository.
        target.unlink()
        _complete(client, file, target, report)
    if not _matches(target, file):
        target.unlink()
        raise _unlike_its_listing(file)


def _complete(client: httpx.Client, file: RemoteFile, target: Path, report: Callable[[int], None]) -> None:
    if not target.exists() or target.stat().st_size > file.size:
        target.write_bytes(b"")
    fruitless = 0
    most = 0
    while (have := target.stat().st_size) < file.size:
        report(have)
        most = max(most, have)
        problem = _receive(client, file, target, have, report)
        if target.stat().st_size > most:
            fruitless = 0
            continue
        asked = asked_s(problem) or 0.0
        if fruitless == len(RETRY_DELAYS_S) or asked > LONGEST_ASKED_S:
            raise problem or httpx.RemoteProtocolError(f"{file.name} ended early")
        time.sleep(max(RETRY_DELAYS_S[fruitless], asked))
        fruitless += 1
    report(file.size)


def _receive(
    client: httpx.Client, file: RemoteFile, target: Path, start: int, report: Callable[[int], None]
) -> httpx.HTTPError | None:
    """Append what comes in one response; return a failure that a new attempt may get past."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        with client.stream("GET", file.url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise _unlike_its_listing(file)
            response.raise_for_status()
            _write(response, target, start if _continues(response, start) else 0, file.size, report)
    except httpx.HTTPError as error:
        if not is_passing(error):
            raise
        return error
    return None


def _continues(response: httpx.Response, start: int) -> bool:
    """Return whether a response goes on at `start`: ModelScope may do so with status 200 instead of 206."""
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == start


def _write(
    response: httpx.Response, target: Path, start: int, size: int, report: Callable[[int], None]
) -> None:
    with target.open("r+b") as output:
        output.seek(start)
        output.truncate()
        for block in response.iter_raw(READ_BYTES):
            output.write(block)
            report(min(output.tell(), size))
            if output.tell() > size:
                break
        output.flush()
        os.fsync(output.fileno())


def _unlike_its_listing(file: RemoteFile) -> VoicechatError:
    return VoicechatError(
        ErrorCode.MODEL_CORRUPT,
        f"{file.name} does not have the bytes that the hub had listed.",
        "Try again later or from the other hub; a proxy that changes files can cause this too.",
    )


def _matches(path: Path, file: RemoteFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    if file.digest is None:
        return True
    if file.digest.algorithm == "sha256":
        return sha256(path) == file.digest.value
    blob = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    blob.update(path.read_bytes())
    return blob.hexdigest() == file.digest.value
