"""A server on this machine for people who have none: `voicechat-tui --local`."""

from voicechat_tui.local_server.installation import DEMO_MODEL, is_installed
from voicechat_tui.local_server.server import LocalServer

__all__ = ["DEMO_MODEL", "LocalServer", "is_installed"]
