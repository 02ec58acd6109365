"""From the name of a model to its files on this machine."""

from difflib import get_close_matches
from pathlib import Path

from voicechat_common import __version__
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models import cache, catalog
from voicechat_server.asr.models.directory.checks import quick_check, verify
from voicechat_server.asr.models.directory.files import ModelFiles, Progress
from voicechat_server.asr.models.hub.disk_space import require_space


def resolve(config: ModelConfig, progress: Progress | None = None) -> ModelFiles:
    """Return the files of a model, downloaded if they are not here yet. Blocks for as long as that takes.

    A model that is in the cache, the one that ships with the package and a directory are found without any
    use of the network.

    Args:
        config: Which model, and where it may come from.
        progress: Hears how far a download is.

    Raises:
        VoicechatError: `model_not_found`, `model_incomplete`, `model_corrupt`, `model_unsupported`,
            `hub_unreachable`, `disk`, `missing_dependency` or `bad_setting`.
    """
    if config.name == catalog.DEMO:
        return _local(catalog.demo_directory(), catalog.DEMO, __version__)
    if config.name not in catalog.KNOWN:
        path = _find_directory(config.name)
        return _local(path, path.name, "local")
    target = cached(config)
    if target.path.is_dir():
        verify(target.path)
    else:
        download(config, progress)
    return ModelFiles(target.path, config.name, config.revision)


def refuse_absent(config: ModelConfig) -> None:
    """Check at once, and without the network, whether `resolve` must fail for want of files.

    A known model that still has to be downloaded passes if the disk has enough space.

    Raises:
        VoicechatError: `model_not_found`, `model_incomplete`, `model_corrupt`, `disk` or `bad_setting`.
    """
    if config.name == catalog.DEMO:
        quick_check(catalog.demo_directory())
    elif config.name not in catalog.KNOWN:
        quick_check(_find_directory(config.name))
    elif (target := cached(config)).path.is_dir():
        quick_check(target.path)
    else:
        require_space(target, catalog.KNOWN[config.name].size_bytes)


def download(config: ModelConfig, progress: Progress | None = None) -> None:
    """Bring a known model into the cache; a broken copy that is there is replaced.

    Raises:
        VoicechatError: As for `resolve`.
    """
    # The HTTP client takes a quarter of a second to import, which a model that is here need not pay.
    from voicechat_server.asr.models.hub import snapshot

    snapshot.download(catalog.KNOWN[config.name], cached(config), progress)


def cached(config: ModelConfig) -> cache.CachedModel:
    """Return where a known model lies in the cache.

    Raises:
        VoicechatError: `bad_setting`: there is no such hub, or the revision can't be one.
    """
    return cache.locate(config.cache_dir, catalog.hub_named(config.hub), config.name, config.revision)


def _find_directory(name: str) -> Path:
    """Return the directory a name stands for.

    Raises:
        VoicechatError: `model_not_found`.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path.resolve()
    names = [catalog.DEMO, *catalog.KNOWN]
    near = get_close_matches(name, names, n=1)
    raise VoicechatError(
        ErrorCode.MODEL_NOT_FOUND,
        f"{name!r} is {'a file' if path.exists() else 'no known model'}, not a model directory.",
        f"Did you mean {near[0]}?"
        if near
        else f"Use {' or '.join(names)}, or the path of a model directory.",
    )


def _local(path: Path, name: str, revision: str) -> ModelFiles:
    verify(path)
    return ModelFiles(path, name, revision)
