"""Where the client keeps its files: the platform's own places, or what an environment variable names."""

import os
from pathlib import Path

from platformdirs import user_config_path, user_data_path, user_log_path

_APPLICATION = "voicechat"

CONFIG_VARIABLE = "VOICECHAT_TUI_CONFIG"
LOG_VARIABLE = "VOICECHAT_TUI_LOG"
DATA_VARIABLE = "VOICECHAT_TUI_DATA"
VARIABLES = (CONFIG_VARIABLE, LOG_VARIABLE, DATA_VARIABLE)


def config_file() -> Path:
    """Return the settings file, which need not exist."""
    return _named(CONFIG_VARIABLE) or user_config_path(_APPLICATION) / "tui.toml"


def log_file() -> Path:
    """Return the log file, which need not exist."""
    return _named(LOG_VARIABLE) or user_log_path(_APPLICATION) / "tui.log"


def data_dir() -> Path:
    """Return the directory of everything else that is kept, which need not exist."""
    return _named(DATA_VARIABLE) or user_data_path(_APPLICATION) / "tui"


def journal_dir() -> Path:
    """Return the directory of speech that is kept until it is recognised, which need not exist."""
    return data_dir() / "journal"


def _named(variable: str) -> Path | None:
    name = os.environ.get(variable)
    return Path(name).expanduser() if name else None
