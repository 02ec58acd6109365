"""Where the server keeps its files by default."""

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

_APPLICATION = "voicechat"


def models_dir() -> Path:
    """Return the directory of downloaded models, which need not exist yet."""
    return _own(user_cache_path) / "models"


def database_file() -> Path:
    """Return the chats' database file, which need not exist yet."""
    return _own(user_data_path) / "chats.db"


def key_file() -> Path:
    """Return the file of the keys that sign tokens, which need not exist."""
    return _own(user_data_path) / "keys.json"


def _own(locate: Callable[[str], Path]) -> Path:
    """The user's own directory; for a user without a home, one in the working directory."""
    try:
        return locate(_APPLICATION)
    except RuntimeError:
        return Path(_APPLICATION).absolute()
