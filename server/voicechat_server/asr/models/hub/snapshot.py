"""Downloads a model from a hub into the cache: under a lock, checked, and moved there in one step."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.cache import CachedModel
from voicechat_server.asr.models.catalog import KnownModel
from voicechat_server.asr.models.directory import manifest
from voicechat_server.asr.models.directory.checks import verify
from voicechat_server.asr.models.directory.files import DOWNLOADED, REQUIRED, Progress
from voicechat_server.asr.models.hub import disk_space
from voicechat_server.asr.models.hub.connection import hub_errors, open_client
from voicechat_server.asr.models.hub.listing import Listing, list_files
from voicechat_server.asr.models.hub.transfer import fetch

log = logging.getLogger(__name__)


def download(model: KnownModel, target: CachedModel, progress: Progress | None = None) -> None:
    """Make `target` a verified copy of a model; a sound one that is already there is kept.

    An interrupted download leaves its files in `target.partial` and goes on from there. Two processes may do
    this at once: one downloads, the other waits and finds the result.

    Args:
        model: What to download.
        target: Where to, and from which hub and revision.
        progress: Hears how far the download is.

    Raises:
        VoicechatError: `hub_unreachable`, `model_not_found`, `model_incomplete`, `model_corrupt`,
            `model_unsupported` or `disk`.
    """
    with disk_space.disk_errors(target.path), _sole_downloader(target):
        if target.path.is_dir():
            try:
                verify(target.path)
            except VoicechatError as damage:
                log.warning("The model in the cache is downloaded again: %s", damage.message)
                shutil.rmtree(target.path)
            else:
                return
        _gather(model, target, progress)
        verify(target.partial)
        target.partial.rename(target.path)


@contextmanager
def _sole_downloader(target: CachedModel) -> Iterator[None]:
    target.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.lock)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.warning("Another process downloads %s; waiting for it.", target.name)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _gather(model: KnownModel, target: CachedModel, progress: Progress | None) -> None:
    """Fill `target.partial` with the files of the model and their record."""
    repository = model.repositories[target.hub]
    hub_revision = model.hub_revision(target.hub, target.revision)
    target.partial.mkdir(exist_ok=True)
    with open_client() as client, hub_errors(model, target.hub, hub_revision):
        listing = list_files(client, target.hub, repository, hub_revision)
        _require_all(model, listing)
        _fetch_all(client, listing, target.partial, progress)
    manifest.write(
        target.partial,
        manifest.Manifest(
            name=model.name,
            hub=target.hub.value,
            repository=repository,
            revision=target.revision,
            commit=listing.commit,
            files={
                name: manifest.FileRecord(
                    size=listing.files[name].size, sha256=manifest.sha256(target.partial / name)
                )
                for name in _wanted(listing)
            },
        ),
    )


def _wanted(listing: Listing) -> list[str]:
    return [name for name in DOWNLOADED if name in listing.files]


def _require_all(model: KnownModel, listing: Listing) -> None:
    missing = [name for name in REQUIRED if name not in listing.files]
    if missing:
        raise VoicechatError(
            ErrorCode.MODEL_INCOMPLETE,
            f"The hub's {model.name} lacks {', '.join(missing)}.",
            f"Ask for another revision; {model.default_revision} is the default.",
        )


def _fetch_all(client: httpx.Client, listing: Listing, directory: Path, progress: Progress | None) -> None:
    wanted = [listing.files[name] for name in _wanted(listing)]
    total = sum(file.size for file in wanted)
    here = {file.name: _bytes_in(directory / file.name) for file in wanted}
    if shutil.disk_usage(directory).free < total - sum(here.values()):
        raise disk_space.no_space(directory.parent, total)

    def report(name: str, done: int) -> None:
        here[name] = done
        if progress is not None:
            progress(sum(here.values()), total)

    for file in wanted:
        fetch(client, file, directory / file.name, partial(report, file.name))


def _bytes_in(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
