"""Which models there are, and which of them are on this machine."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voicechat_common import __version__
from voicechat_common.errors import VoicechatError
from voicechat_server.asr.models import cache, catalog
from voicechat_server.asr.models.directory import manifest
from voicechat_server.asr.models.directory.files import REQUIRED


class State(StrEnum):
    """Whether a model can be used."""

    READY = "ready"
    ABSENT = "not downloaded"
    BROKEN = "broken"


@dataclass(frozen=True)
class Entry:
    """One model, as `models list` shows it.

    Attributes:
        name: The model's name.
        revision: Its revision; the package's version for the model that ships with it.
        hub: Where it comes from, None for the model that ships with the package.
        size_bytes: What it takes on the disk, or about will once it is downloaded.
        path: Where it is, or would be.
        state: Whether it can be used, judging by the presence and sizes of its files.
    """

    name: str
    revision: str
    hub: str | None
    size_bytes: int
    path: Path
    state: State


def take_inventory(cache_dir: Path, hub: catalog.Hub, revision: str) -> list[Entry]:
    """Return the model that ships with the package, every known model, and all the cache holds.

    Args:
        cache_dir: Where downloaded models are kept.
        hub: Where an absent model would be downloaded from.
        revision: Which revision of it would be.

    Raises:
        VoicechatError: `bad_setting`: the revision can't be one.
    """
    demo = catalog.demo_directory()
    demo_state = State.READY if all((demo / name).is_file() for name in REQUIRED) else State.BROKEN
    entries = [Entry(catalog.DEMO, __version__, None, _size(demo, REQUIRED), demo, demo_state)]
    entries += [_entry(model) for model in cache.present(cache_dir)]
    there = {entry.path for entry in entries}
    for known in catalog.KNOWN.values():
        absent = cache.locate(cache_dir, hub, known.name, revision)
        if absent.path not in there:
            entries.append(
                Entry(known.name, revision, hub.value, known.size_bytes, absent.path, State.ABSENT)
            )
    return entries


def _entry(model: cache.CachedModel) -> Entry:
    names = [path.name for path in model.path.iterdir() if path.is_file()]
    try:
        record = manifest.read(model.path)
    except VoicechatError:
        record = None
    sound = record is not None and manifest.find_damage(model.path, record, sizes_only=True) is None
    state = State.READY if sound else State.BROKEN
    return Entry(model.name, model.revision, model.hub.value, _size(model.path, names), model.path, state)


def _size(directory: Path, names: list[str] | tuple[str, ...]) -> int:
    return sum((directory / name).stat().st_size for name in names if (directory / name).is_file())
