"""Where the client keeps its files: the platform's own places, or what an environment variable names."""

import os
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_config_path, user_data_path, user_log_path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

_APPLICATION = "voicechat"

CONFIG_VARIABLE = "VOICECHAT_TUI_CONFIG"
LOG_VARIABLE = "VOICECHAT_TUI_LOG"
DATA_VARIABLE = "VOICECHAT_TUI_DATA"
VARIABLES = (CONFIG_VARIABLE, LOG_VARIABLE, DATA_VARIABLE)


def config_file() -> Path:
    """Return the settings file, which need not exist."""
    return _named(CONFIG_VARIABLE) or _own(user_config_path, CONFIG_VARIABLE) / "tui.toml"


def log_file() -> Path:
    """Return the log file, which need not exist."""
    return _named(LOG_VARIABLE) or _own(user_log_path, LOG_VARIABLE) / "tui.log"


def data_dir() -> Path:
    """Return the directory of everything else that is kept, which need not exist."""
    return _named(DATA_VARIABLE) or _own(user_data_path, DATA_VARIABLE) / "tui"


def journal_dir() -> Path:
    """Return the directory of speech that is kept until it is recognised, which need not exist."""
    return data_dir() / "journal"


def _named(variable: str) -> Path | None:
    name = os.environ.get(variable)
    return _own(lambda _: Path(name).expanduser(), variable) if name else None


def _own(place: Callable[[str], Path], variable: str) -> Path:
    """Return a place of the person's own, which a login may lack that nobody knows."""
    try:
        return place(_APPLICATION)
    except RuntimeError as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("You have no home directory to keep files in."),
            _("Set HOME, or name a location with {variable}.", variable=variable),
        ) from error
