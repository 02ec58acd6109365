"""Where the server keeps its files unless it is told."""

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

_APPLICATION = "voicechat"


def models_dir() -> Path:
    """Return the directory of downloaded models, which need not exist."""
    return _own(user_cache_path) / "models"


def database_file() -> Path:
    """Return the file of the chats, which need not exist."""
    return _own(user_data_path) / "chats.db"


def _own(place: Callable[[str], Path]) -> Path:
    """A directory of the login's own; one where the server starts for a login without a home."""
    try:
        return place(_APPLICATION)
    except RuntimeError:
        return Path(_APPLICATION).absolute()
