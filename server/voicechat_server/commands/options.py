"""Options of the subcommands that correspond to server settings."""

from pathlib import Path
from typing import Annotated

import typer

from voicechat_server.settings.model import Settings, variable

_ELSEWHERE = {
    "cache_dir": "the user's cache directory",
    "database": "chats.db in the user's data directory",
    "key_file": "keys.json in the user's data directory",
}


def fallback(field: str) -> str:
    """Return the value that applies without an option: the setting's variable, or the default."""
    default = _ELSEWHERE.get(field, Settings.model_fields[field].default)
    return f"[{variable(field)}, or {default}]"


DatabaseOption = Annotated[
    str | None, typer.Option("--database", help=f"Where the server keeps its chats. {fallback('database')}")
]
KeyFileOption = Annotated[
    Path | None, typer.Option("--key-file", help=f"The file of the server's keys. {fallback('key_file')}")
]


def settings_with(**options: object) -> Settings:
    """Return the settings of this process, with the given options.

    Raises:
        VoicechatError: `bad_setting`.
    """
    return Settings.load({field: value for field, value in options.items() if value is not None})
