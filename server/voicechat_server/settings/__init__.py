"""The settings of the server: one typed class, and the rules between them."""

from voicechat_server.settings.model import Settings, option, variable

__all__ = ["Settings", "option", "variable"]
