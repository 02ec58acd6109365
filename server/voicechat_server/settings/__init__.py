"""The settings of the server: one typed class, and what can't be told of one setting alone."""

from voicechat_server.settings.model import Settings, option, variable

__all__ = ["Settings", "option", "variable"]
