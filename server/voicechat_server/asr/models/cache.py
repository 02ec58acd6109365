"""Where downloaded models lie: `CACHE/HUB/NAME/REVISION`, which appears only once it is complete.

Beside them, in `CACHE/kernels`, lie kernels compiled for the processor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voicechat_server.asr.models.catalog import Hub, check_revision


@dataclass(frozen=True)
class CachedModel:
    """Where one revision of a model from one hub lies, whether it is there or not."""

    hub: Hub
    name: str
    revision: str
    path: Path

    @property
    def partial(self) -> Path:
        """Where its files gather while they are downloaded."""
        return self.path.with_name(f".{self.revision}.partial")

    @property
    def lock(self) -> Path:
        """What a process holds while it downloads."""
        return self.path.with_name(f".{self.revision}.lock")


def locate(cache_dir: Path, hub: Hub, name: str, revision: str) -> CachedModel:
    """Return where a model is, or would be.

    Raises:
        VoicechatError: `bad_setting`: the revision can't be a directory's name.
    """
    return CachedModel(
        hub, name, revision, cache_dir.expanduser() / hub.value / name / check_revision(revision)
    )


def present(cache_dir: Path) -> Iterator[CachedModel]:
    """Yield every model of the cache, whole or broken, in the order of hubs, names and revisions."""
    for hub in Hub:
        for path in sorted((cache_dir.expanduser() / hub.value).glob("*/*")):
            if path.is_dir() and not path.name.startswith("."):
                yield CachedModel(hub, path.parent.name, path.name, path)


def kernels(cache_dir: Path) -> Path:
    """Return the directory of compiled kernels, which need not exist."""
    return cache_dir.expanduser() / "kernels"
