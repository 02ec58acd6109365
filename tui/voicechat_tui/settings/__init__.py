"""The settings of the client: one typed class, a TOML file, and environment variables that win over it."""

from voicechat_tui.settings.loading import Loaded, Source, load
from voicechat_tui.settings.model import Settings, variable
from voicechat_tui.settings.writing import Value, change, typed

__all__ = ["Loaded", "Settings", "Source", "Value", "change", "load", "typed", "variable"]
