"""The settings of the client: one typed class, a TOML file, and environment variables that win over it."""

from voicechat_tui.settings.loading import Loaded, load
from voicechat_tui.settings.model import Settings, variable
from voicechat_tui.settings.writing import change

__all__ = ["Loaded", "Settings", "change", "load", "variable"]
